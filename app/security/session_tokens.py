"""Session tokens: what a CRM's front end shows instead of a key, for 15 minutes, for one person.

They are JSON Web Tokens (RFC 7519), signed with the key ring by a subkey of their own, so every process can
verify one that another issued. Whether a token is still good is told by Concord's clock, not the machine's.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import jwt

from app.security.seal import KeyRing

GOOD_FOR: Final = timedelta(minutes=15)
ALGORITHM: Final = "HS256"
AUDIENCE: Final = "concord"
ON_OUR_CLOCK: Final[Any] = {"verify_exp": False, "require": ["exp", "iss", "sub", "workspace", "role"]}


class Role(StrEnum):
    """Whom a request speaks for within a workspace."""

    BACK_END = "back_end"
    ADMINISTRATOR = "administrator"
    USER = "user"
    WATCHER = "watcher"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Who may come in by a session token: a person of a workspace, admitted by one of its keys."""

    workspace: str
    issuer: str
    user: str
    role: Role
    expires_at: datetime


def issued(visit: Visit, *, key_ring: KeyRing) -> str:
    """Return a token that admits this visit."""
    key = key_ring.keys[0]
    claims = {
        "aud": AUDIENCE, "iss": visit.issuer, "sub": visit.user, "exp": int(visit.expires_at.timestamp()),
        "workspace": visit.workspace, "role": visit.role,
    }  # fmt: skip
    return jwt.encode(claims, key.admitting, algorithm=ALGORITHM, headers={"kid": key.id})


def read(token: str, *, key_ring: KeyRing) -> Visit | None:
    """Return whom a token admits, or None where this ring never issued it. Look at ``expires_at`` next."""
    for key in key_ring.keys:
        try:
            claims = jwt.decode(
                token, key.admitting, algorithms=[ALGORITHM], audience=AUDIENCE, options=ON_OUR_CLOCK
            )
        except jwt.InvalidTokenError:
            continue
        return Visit(
            workspace=claims["workspace"], issuer=claims["iss"], user=claims["sub"],
            role=Role(claims["role"]), expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )  # fmt: skip
    return None
