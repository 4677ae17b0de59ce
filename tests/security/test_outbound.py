"""Our requests to customers' URLs reach the public internet and nothing else."""

import asyncio
import socket
import ssl
from ipaddress import ip_address

import httpx
import pytest
import trustme

from app.errors import InvalidRequest
from app.security.outbound import GuardedBackend, GuardedTransport, allowed, checked_url, outbound_client

TRUSTED = ssl.create_default_context()


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "fc00::1",
        "fe80::1",
        "ff0e::1",
        "fec0::1",
        "2001:db8::1",
    ],
)
def test_an_address_inside_is_never_connected_to(address):
    assert not allowed(ip_address(address), development=False)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:4700::1111", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"]
)
def test_a_public_address_is(address):
    assert allowed(ip_address(address), development=False)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_for_development_only(address):
    assert allowed(ip_address(address), development=True)
    assert not allowed(ip_address(address), development=False)


@pytest.mark.parametrize(
    ("url", "development", "good"),
    [
        pytest.param("https://crm.example/hook", False, True, id="https"),
        pytest.param("http://crm.example/hook", False, False, id="plain http"),
        pytest.param("http://crm.example/hook", True, False, id="plain http in development"),
        pytest.param("http://127.0.0.1:9/hook", True, True, id="loopback in development"),
        pytest.param("http://[::1]:9/hook", True, True, id="loopback v6 in development"),
        pytest.param("http://localhost:9/hook", True, True, id="localhost in development"),
        pytest.param("https://127.0.0.1/hook", False, False, id="loopback"),
        pytest.param("https://localhost./hook", False, False, id="localhost with a dot"),
        pytest.param("https://a.localhost/hook", False, False, id="under localhost"),
        pytest.param("https://169.254.169.254/latest", False, False, id="the cloud's metadata"),
        pytest.param("https://10.0.0.1/hook", True, False, id="private in development"),
        pytest.param("https://[::ffff:10.0.0.1]/", False, False, id="private behind v6"),
        pytest.param("https://user:pass@crm.example/", False, False, id="credentials"),
        pytest.param("https://crm.example/#x", False, False, id="fragment"),
        pytest.param("https:///hook", False, False, id="no host"),
        pytest.param("https://crm.example:99999/", False, False, id="bad port"),
        pytest.param("ftp://crm.example/", False, False, id="another scheme"),
        pytest.param("https://[", False, False, id="nonsense"),
        pytest.param("https://crm.example/" + "x" * 3000, False, False, id="too long"),
    ],
)
def test_a_url_is_checked_when_it_is_stored(url, development, good):
    if good:
        assert checked_url(url, pointer="/url", development=development) == url
        return
    with pytest.raises(InvalidRequest) as refused:
        checked_url(url, pointer="/url", development=development)
    assert [error["pointer"] for error in refused.value.extra["errors"]] == ["/url"]


async def served(handler, *, ssl=None):
    server = await asyncio.start_server(handler, "127.0.0.1", 0, ssl=ssl)
    return server, server.sockets[0].getsockname()[1]


async def answer(reader, writer):
    head = await reader.readuntil(b"\r\n\r\n")
    writer.write(
        b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: %d\r\n\r\n" % len(head) + head
    )
    await writer.drain()
    writer.close()


async def test_a_name_that_leads_inside_is_refused_at_connect_time():
    asked = []

    async def note(reader, writer):
        asked.append(1)
        writer.close()

    server, port = await served(note)
    async with server, outbound_client(development=False, trusted=TRUSTED) as client:
        for host in ("localhost", "127.0.0.1", "2130706433", "0x7f.1", "127.1"):
            with pytest.raises(httpx.ConnectError, match=r"no public address|no address"):
                await client.get(f"http://{host}:{port}/")
    assert asked == []


async def test_in_development_loopback_is_reached_and_no_redirect_followed():
    server, port = await served(answer)
    async with server, outbound_client(development=True, trusted=TRUSTED) as client:
        got = await client.get(f"http://localhost:{port}/hook")

    assert got.status_code == 302
    assert f"host: localhost:{port}" in got.text.lower()


async def test_the_checked_address_is_connected_to_and_tls_asks_for_the_name(monkeypatch):
    authority = trustme.CA()
    names = []
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("crm.example").configure_cert(server_side)
    server_side.sni_callback = lambda _socket, name, _context: names.append(name)
    client_side = ssl.create_default_context()
    authority.configure_trust(client_side)
    server, port = await served(answer, ssl=server_side)
    looked_up = []

    async def resolve(host, port, **_):
        looked_up.append(host)
        entry = "127.0.0.1" if len(looked_up) == 1 else "10.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (entry, port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    transport = GuardedTransport(development=True, trusted=client_side)
    async with server, httpx.AsyncClient(transport=transport, trust_env=False) as client:
        got = await client.get(f"https://crm.example:{port}/hook")
        # A literal address may still be parsed by the loop; the name is looked up once for each connection.
        with pytest.raises(httpx.ConnectError):
            await GuardedTransport(development=True, trusted=client_side).handle_async_request(
                httpx.Request("GET", f"https://crm.example:{port}/hook")
            )

    assert (got.status_code, names, looked_up[0]) == (302, ["crm.example"], "crm.example")


async def test_the_guard_stands_in_the_transport():
    transport = GuardedTransport(development=False, trusted=TRUSTED)

    assert isinstance(transport._pool._network_backend, GuardedBackend)
    await transport.aclose()
