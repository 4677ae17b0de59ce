"""Make the tokens of an answer: opaque access tokens, rotating refresh tokens, signed id tokens."""

import base64
import hashlib
import random
import secrets
import time
from datetime import timedelta
from typing import Any

import msgspec
import orjson

from sandbox.directory import App, Person
from sandbox.entra.keys import SigningKey
from sandbox.entra.scopes import written_out
from sandbox.grants import Issued, RefreshToken
from sandbox.world import World

REFRESH_LIFETIME = timedelta(days=90)
SHORTEST, LONGEST = 60 * 60, 90 * 60
ID_TOKEN_SECONDS = 3600


def access_token(
    world: World,
    *,
    app_id: str,
    tenant_id: str,
    oid: str | None = None,
    scopes: frozenset[str] = frozenset(),
    roles: frozenset[str] = frozenset(),
) -> tuple[str, int]:
    """Issue an access token for Graph and return it with its lifetime, by the sandbox's clock."""
    seconds = random.randint(SHORTEST, LONGEST)  # noqa: S311 — a spread, not a secret
    issued = Issued(
        value=f"EwB{secrets.token_urlsafe(96)}",
        app_id=app_id,
        tenant_id=tenant_id,
        expires_at=world.now() + timedelta(seconds=seconds),
        oid=oid,
        scopes=scopes,
        roles=roles,
    )
    world.commit("access_token.issued", msgspec.to_builtins(issued))
    return issued.value, seconds - 1


def delegated_answer(
    world: World, app: App, person: Person, *, scopes: frozenset[str], oidc: frozenset[str], refreshable: bool
) -> dict[str, Any]:
    """Return the answer to a token request on behalf of a person, all but its id token.

    Quirk: ``scope`` comes back with Graph's address in front of each name, in any order, with what was
    granted earlier, and without offline_access (facts §9.2).
    """
    value, seconds = access_token(
        world, app_id=app.client_id, tenant_id=person.tenant_id, oid=person.oid, scopes=scopes
    )
    words = written_out(scopes | (oidc - {"offline_access"}))
    random.shuffle(words)
    answer = {
        "token_type": "Bearer",
        "scope": " ".join(words),
        "expires_in": seconds,
        "ext_expires_in": seconds,
        "access_token": value,
    }
    if refreshable:
        answer["refresh_token"] = _refresh_token(world, app, person, scopes=scopes, oidc=oidc)
    return answer


def id_token(
    signing: SigningKey, app: App, person: Person, *, base: str, oidc: frozenset[str], nonce: str | None
) -> str:
    """Return a signed id token (facts §9.9), dated by the machine's clock: its readers know no other."""
    now = int(time.time())
    claims: dict[str, Any] = {
        "aud": app.client_id,
        "iss": f"{base}/{person.tenant_id}/v2.0",
        "iat": now,
        "nbf": now,
        "exp": now + ID_TOKEN_SECONDS,
        "sub": _base64(hashlib.sha256(f"{app.client_id}/{person.oid}".encode()).digest()),
        "tid": person.tenant_id,
        "uti": secrets.token_urlsafe(16),
        "ver": "2.0",
    }
    if nonce:
        claims["nonce"] = nonce
    if "profile" in oidc:
        claims |= {"oid": person.oid, "name": person.display_name, "preferred_username": person.mail}
    if "email" in oidc:
        claims["email"] = person.mail
    return signing.sign(claims)


def client_info(person: Person) -> str:
    """Return what MSAL keys its cache by."""
    return _base64(orjson.dumps({"uid": person.oid, "utid": person.tenant_id}))


def _refresh_token(
    world: World, app: App, person: Person, *, scopes: frozenset[str], oidc: frozenset[str]
) -> str:
    token = RefreshToken(
        value=f"1.{secrets.token_urlsafe(96)}",
        client_id=app.client_id,
        oid=person.oid,
        oidc=tuple(sorted(oidc)),
        scopes=tuple(sorted(scopes)),
        expires_at=world.now() + REFRESH_LIFETIME,
    )
    world.commit("refresh_token.made", msgspec.to_builtins(token))
    return token.value


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
