"""Pages from templates, with nothing fetched from anywhere."""

from typing import Any

from jinja2 import Environment, PackageLoader
from starlette.responses import HTMLResponse

TEMPLATES = Environment(loader=PackageLoader("sandbox", "templates"), autoescape=True, trim_blocks=True)


def page(template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    headers = {"Cache-Control": "no-store"}
    return HTMLResponse(TEMPLATES.get_template(template).render(**values), status, headers=headers)
