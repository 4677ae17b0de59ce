"""The API's document as a page, with Swagger UI from this host: it opens where there is no way to another."""

from typing import Final

from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

router = APIRouter(include_in_schema=False)
FILES: Final = "/docs/files"
SHOWN: Final = {"persistAuthorization": True, "filter": True, "docExpansion": "none"}


@router.get("/docs", operation_id="documentation.page")
async def page() -> HTMLResponse:
    """Show every operation to a person, to read and to try."""
    return get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Concord: the API",
        swagger_js_url=f"{FILES}/swagger-ui-bundle.js",
        swagger_css_url=f"{FILES}/swagger-ui.css",
        swagger_favicon_url=f"{FILES}/favicon-32x32.png",
        swagger_ui_parameters=SHOWN,
    )


def files() -> Mount:
    """Return where the browser finds what the page needs."""
    return Mount(FILES, StaticFiles(packages=[("fastapi_swagger", "resources")]))
