"""POST /_sandbox/sign-in: walk Entra's own pages as a person would, form by form."""

import re
from html import unescape
from urllib.parse import urlsplit

import httpx
from starlette.applications import Starlette

from sandbox.control.bodies import SignIn
from sandbox.control.door import Mistake
from sandbox.entra.permissions import CANONICAL

PAGES = ("/oauth2/v2.0/authorize", "/v2.0/adminconsent", "/adminconsent")
TICK = re.compile(r'name="scope" value="([^"]+)"')
ERROR = re.compile(r'<p (?:id="error"|class="problem"[^>]*)>([^<]+)</p>')
OK, REDIRECTS = 200, {302, 303, 307}


async def location_after(app: Starlette, order: SignIn) -> str:
    """Return where the browser is sent in the end, or raise what the page showed instead."""
    parts = urlsplit(order.authorize_url)
    if not parts.netloc or not parts.path.endswith(PAGES):
        raise Mistake("authorize_url must be the whole address of an authorize or adminconsent page.")
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=f"{parts.scheme}://{parts.netloc}") as browser:
        shown = await browser.get(order.authorize_url)
        if shown.status_code != OK:
            return _location(shown)
        form = {"person": order.mail, "decision": "decline" if order.grant == "decline" else "accept"}
        ticks = [tick for tick in TICK.findall(shown.text) if _ticked(tick, order)]
        return _location(await browser.post(order.authorize_url, data={**form, "scope": ticks}))


def _ticked(tick: str, order: SignIn) -> bool:
    if isinstance(order.grant, str):
        return order.grant == "all"
    wished = {CANONICAL.get(name.rpartition("/")[2].lower(), name) for name in order.grant}
    return tick in wished


def _location(shown: httpx.Response) -> str:
    if shown.status_code in REDIRECTS:
        return shown.headers["location"]
    if shown.status_code == OK:
        raise Mistake(
            "The answer is posted by a form (response_mode=form_post), there is no location to follow."
        )
    error = ERROR.search(shown.text)
    sentence = unescape(error[1]) if error else f"The page answered {shown.status_code}."
    raise Mistake(sentence, status=409)
