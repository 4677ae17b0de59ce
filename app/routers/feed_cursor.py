"""The opaque word for a place in a workspace's feed."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from app.errors import InvalidRequest

MOST: Final = 2**62


def feed_cursor(workspace: str, position: int) -> str:
    """Return the cursor that stands after this change."""
    return urlsafe_b64encode(f"{workspace}:{position}".encode()).rstrip(b"=").decode()


def position_of(
    cursor: str, *, workspace: str, parameter: str | None = None, pointer: str | None = None
) -> int:
    """Return the place a cursor stands for. Raises InvalidRequest for one that this feed never gave."""
    try:
        name, _, number = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().rpartition(":")
    except (ValueError, UnicodeDecodeError):
        name, number = "", ""
    if name != workspace or not number.isascii() or not number.isdecimal() or int(number[:20]) > MOST:
        wrong = "This is not a cursor of this feed: use a `next_cursor` or `feed_cursor` as it was given."
        place = {"pointer": pointer} if pointer else {"in": "query", "parameter": parameter}
        raise InvalidRequest(errors=[{**place, "detail": wrong}])
    return int(number)
