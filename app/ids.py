"""Opaque, prefixed, time-ordered ids: ``con_`` and 26 lower-case base32 characters."""

import secrets
from base64 import b32hexencode
from datetime import datetime
from typing import Final

TAIL_BITS: Final = 80
_last = {"moment": 0, "tail": 0}


def new_id(prefix: str, at: datetime) -> str:
    """Return a fresh id; ids made later sort later, so indexes grow at one end.

    Of one millisecond this holds for the ids of one process: each goes on from the one before.
    """
    moment = int(at.timestamp() * 1000)
    if moment == _last["moment"]:
        _last["tail"] += 1 + secrets.randbits(TAIL_BITS // 2)
    else:
        _last.update(moment=moment, tail=secrets.randbits(TAIL_BITS - 1))
    whole = (moment << TAIL_BITS | _last["tail"]).to_bytes(16, "big")
    return f"{prefix}_{b32hexencode(whole).decode().rstrip('=').lower()}"
