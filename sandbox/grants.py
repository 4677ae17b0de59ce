"""What people and administrators allowed, and the codes and tokens that were given out for it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec

from sandbox.log import Body, Command


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code, single use; everything the token request is held against."""

    value: str
    client_id: str
    oid: str
    redirect_uri: str
    asked: tuple[str, ...]
    oidc: tuple[str, ...]
    expires_at: datetime
    nonce: str | None = None
    challenge: str | None = None
    challenge_method: str = "plain"
    redeemed: bool = False


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """Bound to a person and an application, to no resource and no tenant."""

    value: str
    client_id: str
    oid: str
    oidc: tuple[str, ...]
    scopes: tuple[str, ...]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Issued:
    """An access token for Graph: delegated where it has an ``oid``, the application's own otherwise."""

    value: str
    app_id: str
    tenant_id: str
    expires_at: datetime
    oid: str | None = None
    scopes: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Trouble:
    """What Entra says to this person's refreshes from now on."""

    oid: str
    refresh: str = "ok"
    aadsts: int | None = None


@dataclass
class Grants:
    consents: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    approvals: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    roles: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    refresh_tokens: dict[str, RefreshToken] = field(default_factory=dict)
    issued: dict[str, Issued] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    troubles: dict[str, Trouble] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.appliers = {
            "consent.given": self._consented,
            "consent.approved": self._approved,
            "code.made": self._code_made,
            "code.redeemed": self._code_redeemed,
            "refresh_token.made": self._refresh_token_made,
            "access_token.issued": self._issued,
            "session.began": self._session_began,
            "trouble.set": self._trouble_set,
        }

    def allowed(self, *, oid: str, tenant_id: str, client_id: str) -> frozenset[str]:
        """Return the delegated permissions in force: the person's own consent and the administrator's."""
        own = self.consents.get((oid, client_id), frozenset())
        return own | self.approvals.get((tenant_id, client_id), frozenset())

    def known_in(self, *, tenant_id: str, client_id: str, people: Iterator[str]) -> bool:
        """Say whether the application has been brought into the tenant by anybody's consent."""
        return (tenant_id, client_id) in self.approvals or any(
            (oid, client_id) in self.consents for oid in people
        )

    def clear(self) -> None:
        given: tuple[dict[Any, Any], ...] = (self.consents, self.approvals, self.roles, self.codes)
        for kept in (*given, self.refresh_tokens, self.issued, self.sessions, self.troubles):
            kept.clear()

    def snapshot(self) -> Iterator[Command]:
        for (oid, client_id), scopes in self.consents.items():
            yield "consent.given", {"oid": oid, "client_id": client_id, "scopes": sorted(scopes)}
        for (tenant_id, client_id), scopes in self.approvals.items():
            roles = sorted(self.roles.get((tenant_id, client_id), ()))
            body = {"tenant_id": tenant_id, "client_id": client_id, "scopes": sorted(scopes), "roles": roles}
            yield "consent.approved", body
        yield from _all("code.made", self.codes)
        yield from _all("refresh_token.made", self.refresh_tokens)
        yield from _all("access_token.issued", self.issued)
        yield from (("session.began", {"value": value, "oid": oid}) for value, oid in self.sessions.items())
        yield from _all("trouble.set", self.troubles)

    def _consented(self, body: Body) -> None:
        key = (body["oid"], body["client_id"])
        self.consents[key] = self.consents.get(key, frozenset()) | frozenset(body["scopes"])

    def _approved(self, body: Body) -> None:
        key = (body["tenant_id"], body["client_id"])
        self.approvals[key] = self.approvals.get(key, frozenset()) | frozenset(body["scopes"])
        self.roles[key] = self.roles.get(key, frozenset()) | frozenset(body["roles"])

    def _code_made(self, body: Body) -> Code:
        code = msgspec.convert(body, Code)
        self.codes[code.value] = code
        return code

    def _code_redeemed(self, body: Body) -> None:
        self.codes[body["value"]] = replace(self.codes[body["value"]], redeemed=True)

    def _refresh_token_made(self, body: Body) -> RefreshToken:
        token = msgspec.convert(body, RefreshToken)
        self.refresh_tokens[token.value] = token
        return token

    def _issued(self, body: Body) -> Issued:
        token = msgspec.convert(body, Issued)
        self.issued[token.value] = token
        return token

    def _session_began(self, body: Body) -> None:
        self.sessions[body["value"]] = body["oid"]

    def _trouble_set(self, body: Body) -> None:
        trouble = msgspec.convert(body, Trouble)
        self.troubles[trouble.oid] = trouble


def _all(kind: str, kept: dict[str, Any]) -> Iterator[Command]:
    yield from ((kind, msgspec.to_builtins(thing, order="deterministic")) for thing in kept.values())
