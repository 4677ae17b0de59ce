"""Proving that somebody listens at a notification URL before anything is promised to it.

https://learn.microsoft.com/graph/change-notifications-delivery-webhooks (notificationUrl validation)
"""

import uuid
from urllib.parse import urlencode, urlsplit

import httpx

from sandbox.errors import GraphError
from sandbox.graph.errors import bad_request

SECONDS = 10.0
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
FAILED = "Subscription validation request failed. "


def check_address(name: str, url: str, *, loopback_http: bool) -> None:
    """Refuse an address that is not https; http to this machine is the sandbox's own leniency."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        parts = httpx.URL()
    lenient = loopback_http and parts.scheme == "http" and parts.host in LOOPBACK
    if not parts.host or (parts.scheme != "https" and not lenient):
        raise bad_request(f"The {name} must be an absolute https URL.", code="InvalidRequest")


async def shake(url: str, client: httpx.AsyncClient, *, seconds: float = SECONDS) -> None:
    """Ask an endpoint to repeat a token, or raise Graph's 400."""
    token = f"Validation: Testing client application reachability for subscription Request-Id: {uuid.uuid4()}"
    joint = "&" if urlsplit(url).query else "?"
    try:
        answer = await client.post(
            f"{url}{joint}{urlencode({'validationToken': token})}",
            headers={"Content-Type": "text/plain; charset=utf-8"},
            timeout=seconds,
        )
    except httpx.TimeoutException:
        raise refused("Subscription validation request timed out.") from None
    except httpx.HTTPError:
        raise refused(
            f"{FAILED}Notification endpoint must respond with 200 OK to validation request."
        ) from None
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if answer.status_code != httpx.codes.OK:
        raise refused(f"{FAILED}Notification endpoint must respond with 200 OK to validation request.")
    if kind != "text/plain" or answer.text != token:
        raise refused(f"{FAILED}Response must exactly match validationToken query parameter.")


def refused(message: str) -> GraphError:
    return bad_request(message, code="ValidationError")
