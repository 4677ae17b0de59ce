"""Opaque, prefixed, time-ordered ids: ``con_`` and 26 lower-case base32 characters."""

import secrets
from base64 import b32hexencode
from datetime import datetime


def new_id(prefix: str, at: datetime) -> str:
    """Return a fresh id; ids made later sort later, to the millisecond, so indexes grow at one end."""
    moment = int(at.timestamp() * 1000).to_bytes(6, "big")
    return f"{prefix}_{b32hexencode(moment + secrets.token_bytes(10)).decode().rstrip('=').lower()}"
