"""The guard on URLs that customers give us: our requests reach the public internet and nothing else.

A URL is looked at twice: when it is stored, so that the caller is told at once which field is wrong, and at
each connection, after DNS, where the address that was checked is the one that is connected to. A name can
change its address between the two, or between a look-up and the connection (DNS rebinding).
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx

from app.errors import InvalidRequest

Address = IPv4Address | IPv6Address
TRANSLATED = IPv6Network("64:ff9b::/96")
GLOBAL_UNICAST = IPv6Network("2000::/3")
MAX_URL = 2048


def allowed(address: Address, *, development: bool) -> bool:
    """Say whether we may connect to this address: a public one, or loopback in development."""
    inner = _carried_by(address)
    if inner is not None:
        return allowed(inner, development=development)
    if address.is_loopback:
        return development
    if isinstance(address, IPv6Address) and address not in GLOBAL_UNICAST:
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _carried_by(address: Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(address, IPv4Address):
        return None
    if address in TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address.teredo is not None:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour


def checked_url(url: str, *, pointer: str, development: bool) -> str:
    """Return the URL, or raise a Problem that names its field and says what is wrong with it."""
    wrong = wrong_with(url, development=development)
    if wrong is not None:
        raise InvalidRequest(errors=[{"pointer": pointer, "detail": wrong}])
    return url


def wrong_with(url: str, *, development: bool) -> str | None:
    """Say what makes this URL one that we won't call, as far as can be seen without DNS."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        httpx.URL(url)
    except (ValueError, httpx.InvalidURL):
        return "This is not a URL."
    if len(url) > MAX_URL or not host or port == 0:
        return f"A URL has a host, a valid port and at most {MAX_URL} characters."
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "A URL here carries no credentials and no fragment."
    local = _is_local(host) and development
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        return "Only https URLs are called."
    return None if local or _may_be_public(host) else "This address is not public."


def _may_be_public(host: str) -> bool:
    literal = _literal(host)
    return not _is_local(host) if literal is None else allowed(literal, development=False)


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_local(host: str) -> bool:
    literal = _literal(host)
    name = host.rstrip(".").lower()
    return literal.is_loopback if literal is not None else name == "localhost" or name.endswith(".localhost")


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Resolve, check, and connect to the very address that was checked; TLS still asks for the name."""

    def __init__(self, *, development: bool) -> None:
        self.development = development
        self.network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of the host that answers, none of them private."""
        failure: Exception = httpcore.ConnectError(f"{host} has no public address.")
        for address in await self._public_addresses(host, port):
            try:
                return await self.network.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def _public_addresses(self, host: str, port: int) -> list[Address]:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(f"{host} has no address.") from error
        addresses = dict.fromkeys(ip_address(str(entry[4][0]).partition("%")[0]) for entry in found)
        return [address for address in addresses if allowed(address, development=self.development)]


class GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx over the guarded network. No proxy of the environment stands between, it would do the look-up."""

    def __init__(self, *, development: bool, trusted: ssl.SSLContext) -> None:
        super().__init__(verify=trusted, trust_env=False)
        # Quirk: httpx has no parameter for httpcore's network backend; a test fails if this stops working.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=trusted,
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=5.0,
            network_backend=GuardedBackend(development=development),
        )


def outbound_client(
    *, development: bool, trusted: ssl.SSLContext, timeout: httpx.Timeout | float = 15.0
) -> httpx.AsyncClient:
    """Return the client for customers' URLs: guarded, following no redirect, using no proxy."""
    return httpx.AsyncClient(
        transport=GuardedTransport(development=development, trusted=trusted),
        timeout=timeout,
        follow_redirects=False,
        trust_env=False,
    )
