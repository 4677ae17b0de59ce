"""Structured logs, one event a line, without secrets and without people's addresses.

Ids are bound to the context at the edge (a request, a job), never written into the event's text::

    with structlog.contextvars.bound_contextvars(workspace="ws_1", connection="con_2"):
        log.warning("connection.needs_sign_in", code="invalid_grant")

Whatever is logged, ours or a library's, goes through ``redacted`` last, tracebacks included.
"""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, Final, Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

# Names whose values are secrets or bodies, however they are spelt: refresh_token, clientSecret, …
SECRET_NAME: Final = re.compile(
    r"(?i)token|secret|password|authorization|cookie|assertion|private_?key|sealed|credential|code_?verifier"
    r"|operator_?key|^(keys|nonce|body|content|document|record)$"
)
HARMLESS_NAME: Final = re.compile(r"(?i)_(id|kind|count|at|age|expired)$")
SECRETS_IN_TEXT: Final = (
    (re.compile(r"eyJ[\w-]{8,}\.[\w-]+(\.[\w-]*)*"), "[token]"),  # a JSON Web Token
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), r"\1 [token]"),
    (re.compile(r"\b(ck|op|whsec)_[\w+/=-]{12,}"), r"\1_[secret]"),
    (
        re.compile(r"(?i)([?&](?:code|state|nonce)|\w*(?:token|secret|password|assertion))=[^&\s\"']+"),
        r"\1=[secret]",
    ),
    (re.compile(r"(://[^:/@\s]*):[^@/\s]+@"), r"\1:[secret]@"),
    (re.compile(r"\b0\.[\w-]{40,}|\bM\.[\w.*!$-]{40,}"), "[token]"),  # Entra's opaque tokens and codes
    (re.compile(r"[\w.!#$'*+^`{|}~-]+(@|%40)[\w-]+(\.[\w-]+)+"), "[address]"),
)
# They tell every request with its URL, or repeat what we log ourselves.
QUIET: Final = ("httpx", "httpcore", "msal", "urllib3", "uvicorn.access", "arq.worker", "asyncio", "hpack")


def redacted(value: Any, *, name: str = "") -> Any:
    """Return a value fit for a log: secrets and addresses replaced, whatever their depth."""
    match value:
        case bool() | int() | float() | None:
            return value
        case Mapping():
            return {key: redacted(inner, name=str(key)) for key, inner in value.items()}
        case _ if SECRET_NAME.search(name) and not HARMLESS_NAME.search(name):
            return "[secret]"
        case list() | tuple() | set() | frozenset():
            return [redacted(inner) for inner in value]
        case _:
            return redacted_text(value if isinstance(value, str) else str(value))


def redacted_text(text: str) -> str:
    """Return the text without tokens, secrets and e-mail addresses."""
    for pattern, replacement in SECRETS_IN_TEXT:
        text = pattern.sub(replacement, text)
    return text


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Redact a whole event; a processor of structlog."""
    return {name: redacted(value, name=name) for name, value in event.items()}


def configure(*, level: str = "info", form: Literal["json", "console"] = "json") -> None:
    """Send everything, our own events and every library's, to standard output in one form."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=rendering(form))
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def rendering(form: Literal["json", "console"]) -> list[Processor]:
    """Return the last steps of a log line. Redaction comes after a traceback has become text."""
    last: Processor = structlog.processors.JSONRenderer(sort_keys=True)
    if form == "console":
        last = structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
    return [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.ExceptionRenderer(),
        redact,
        last,
    ]
