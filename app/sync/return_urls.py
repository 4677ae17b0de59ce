"""Where a browser may be sent after a sign-in: only to what the workspace lists. Pure."""

from collections.abc import Iterable, Mapping
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
STANDARD_PORT = {"https": 443, "http": 80}
LONGEST = 2048


def allowed(url: str, listed: Iterable[str], *, development: bool) -> bool:
    """Say whether this URL lies under one that is listed; in development also any on loopback."""
    parts = _parts(url)
    if parts is None:
        return False
    if development and parts.hostname in LOOPBACK:
        return True
    return any(_under(parts, base) for entry in listed if (base := _parts(entry)) is not None)


def with_query(url: str, told: Mapping[str, str | None]) -> str:
    """Return the URL with these parameters after those that it has; None is left out."""
    parts = urlsplit(url)
    ours = [(name, value) for name, value in told.items() if value is not None]
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in told]
    return parts._replace(query=urlencode(kept + ours)).geturl()


def _parts(url: str) -> SplitResult | None:
    """Return the parts of a URL that means one place to every browser."""
    if len(url) > LONGEST or any(ord(sign) <= ord(" ") or sign == "\\" for sign in url):
        return None
    try:
        parts = urlsplit(url)
        _port(parts)
    except ValueError:
        return None
    plain = parts.username is None and parts.password is None and not parts.fragment
    climbs = any(step in {"..", "."} for step in parts.path.lower().replace("%2e", ".").split("/"))
    return parts if parts.scheme in STANDARD_PORT and parts.hostname and plain and not climbs else None


def _under(parts: SplitResult, base: SplitResult) -> bool:
    same_place = (parts.scheme, parts.hostname, _port(parts)) == (base.scheme, base.hostname, _port(base))
    folder = base.path.rstrip("/")
    return same_place and (parts.path == folder or parts.path.startswith(f"{folder}/") or not folder)


def _port(parts: SplitResult) -> int | None:
    return parts.port or STANDARD_PORT.get(parts.scheme)
