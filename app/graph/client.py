"""The wire to Microsoft Graph: moves bytes, and tells what surely wasn't sent from what may have been."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import httpx

from app.errors import Unavailable
from app.graph.protocol import OutcomeUnknown, Rejected
from app.graph.throttle import Permits
from app.metrics import GRAPH_SECONDS

# https://learn.microsoft.com/en-us/graph/deployments
HOSTS: Mapping[str, str] = {
    "global": "https://graph.microsoft.com",
    "us_gov": "https://graph.microsoft.us",
    "us_gov_dod": "https://dod-graph.microsoft.us",
    "china": "https://microsoftgraph.chinacloudapi.cn",
}
VERSION = "/v1.0"
SOON = timedelta(seconds=5)
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def open_http(*, trusted: ssl.SSLContext | bool = True) -> httpx.AsyncClient:
    """Open the connections to Graph of one process."""
    return httpx.AsyncClient(
        verify=trusted,
        timeout=httpx.Timeout(30, connect=5, pool=5),
        limits=httpx.Limits(max_connections=200, max_keepalive_connections=100, keepalive_expiry=60),
        follow_redirects=False,
    )


@dataclass(frozen=True, slots=True)
class Reply:
    """What came over the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Graph:
    """Microsoft Graph as a process reaches it. ``base_url``: what stands in for it in development."""

    def __init__(self, http: httpx.AsyncClient, *, permits: Permits, base_url: str | None = None) -> None:
        self._http = http
        self._base_url = base_url
        self.permits = permits

    def root(self, cloud: str) -> str:
        """Return what paths are relative to in a cloud."""
        return (self._base_url or HOSTS[cloud]).rstrip("/") + VERSION

    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None
    ) -> Reply:
        """Send one request and return the reply, whatever it says. Raises Unavailable or OutcomeUnknown."""
        try:
            with GRAPH_SECONDS.labels(method).time():
                response = await self._http.request(method, url, headers=headers, content=body)
        except NOT_SENT as error:
            raise Unavailable(f"Graph can't be reached: {type(error).__name__}", after=SOON) from error
        except httpx.HTTPError as error:
            raise OutcomeUnknown(f"Graph didn't answer: {type(error).__name__}", after=SOON) from error
        return Reply(response.status_code, response.headers, response.content)


def absolute(root: str, link: str) -> str:
    """Return the URL of a path, or of a link that Graph gave, unchanged; never one that leads elsewhere.

    Quirk: next and delta links are opaque, absolute, and carry no token of ours; a foreign host would get it.
    """
    if link.startswith("/"):
        return root + link
    given, ours = urlsplit(link), urlsplit(root)
    if (given.scheme, given.netloc.lower()) != (ours.scheme, ours.netloc.lower()):
        raise Rejected(0, "foreign_link", "A link of Graph's leads to another host.")
    return link
