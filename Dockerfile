# One image for the API, the worker and the migrations: `docker run IMAGE api --host 0.0.0.0`, `worker`, `migrate`.
FROM python:3.11-slim AS build
RUN pip install --no-cache-dir uv
WORKDIR /concord
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
COPY requirements.txt ./
RUN uv venv .venv && uv pip sync --require-hashes requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY migrations migrations
# The service itself is on the path as it lies here; its command is one line.
RUN printf '#!/concord/.venv/bin/python\nfrom app.cli import main\nmain()\n' > .venv/bin/concord \
    && chmod 0755 .venv/bin/concord && echo /concord > .venv/lib/python3.11/site-packages/concord.pth

FROM python:3.11-slim
RUN useradd --system --no-create-home --uid 10001 concord
COPY --from=build /concord /concord
WORKDIR /concord
ENV PATH=/concord/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER concord
EXPOSE 8000
# SIGTERM ends the API and the worker in order; what was under way is taken up again by the next process.
ENTRYPOINT ["concord"]
CMD ["api", "--host", "0.0.0.0"]
