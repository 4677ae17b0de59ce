"""Where browsers come by on their way to Microsoft's sign-in and back. No credential: routes lead."""

from collections.abc import Mapping
from html import escape
from string import Template
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from app.errors import LinkExpired, MicrosoftAppMissing, NotEntitled, Problem
from app.routers.deps import Now, Res
from app.states import KINDS
from app.sync.connect import visit
from app.sync.return_urls import with_query
from app.sync.sign_in import OUR_PAGE, callback

router = APIRouter(include_in_schema=False)
SEE_OTHER: Final = 302
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "active": ("You are connected.", "You can close this page and go back to your CRM."),
    "approved": ("Thank you.", "The application is approved. The user can sign in now."),
    "authorization-expired": ("This sign-in link is used up or too old.", "Ask for a fresh link."),
    "link-expired": ("This link is not valid any more.", "Ask whoever sent it for a new one."),
    "microsoft-app-missing": ("Nobody can sign in yet.", "No Microsoft application is configured."),
}
PAGE: Final = Template("""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>$title</title>
<style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1.5rem;color:#222}
h1{font-size:1.5rem}</style>
<h1>$title</h1><p>$detail</p></html>
""")


@router.get("/connect/{route}", operation_id="oauth.connect")
async def open_connect_link(
    resources: Res, now: Now, route: Annotated[str, Path(max_length=100)]
) -> RedirectResponse:
    """Begin a fresh sign-in at each click of a mailed link."""
    try:
        onward = await visit(resources, route, now=now)
    except (LinkExpired, NotEntitled, MicrosoftAppMissing) as problem:
        onward = with_query(OUR_PAGE, {"problem": _slug(problem)})
    return RedirectResponse(onward, SEE_OTHER, HEADERS)


@router.get("/oauth/callback", operation_id="oauth.callback")
async def come_back(request: Request, resources: Res, now: Now) -> RedirectResponse:
    """Take what Microsoft sent the browser back with."""
    onward = await callback(resources, dict(request.query_params), now=now)
    return RedirectResponse(onward, SEE_OTHER, HEADERS)


@router.get(OUR_PAGE, operation_id="oauth.connected")
async def connected(
    status: Annotated[str, Query(max_length=100)] = "", problem: Annotated[str, Query(max_length=100)] = ""
) -> HTMLResponse:
    """Say to a person how the sign-in went. Nothing of the address is shown, only sentences of ours."""
    title, detail = _text(problem or status)
    return HTMLResponse(PAGE.substitute(title=escape(title), detail=escape(detail)), headers=HEADERS)


def _slug(problem: Problem) -> str:
    return problem.slug


def _text(word: str) -> tuple[str, str]:
    if word in TEXTS:
        return TEXTS[word]
    kind = KINDS.get(word)
    return (kind.title, kind.detail) if kind is not None else ("Thank you.", "You can close this page.")
