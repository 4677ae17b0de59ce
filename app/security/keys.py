"""Secrets of workspace keys. Shown once; afterwards only their hash is known.

They are 256 random bits, so a plain SHA-256 is enough: nobody can try them all, and a request must find its
workspace by the hash alone.
"""

import hashlib
import hmac
import secrets

PREFIX = "ck_"


def new_secret() -> str:
    """Return a fresh key for a CRM's back end."""
    return PREFIX + secrets.token_urlsafe(32)


def hash_of(secret: str) -> str:
    """Return what is stored of a key."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same(given: str, expected: str) -> bool:
    """Compare two secrets in a time that tells nothing about either."""
    return hmac.compare_digest(hash_of(given), hash_of(expected))
