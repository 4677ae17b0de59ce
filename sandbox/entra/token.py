"""The rules of the token endpoint (facts §§9.2 to 9.4 and 9.6)."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.directory import App, Person
from sandbox.entra.authority import Authority, application
from sandbox.entra.authorize import allowed, not_consented
from sandbox.entra.clients import authenticate
from sandbox.entra.codes import MEANINGS
from sandbox.entra.issue import access_token, client_info, delegated_answer, id_token
from sandbox.entra.keys import SigningKey
from sandbox.entra.refusals import Refusal, missing
from sandbox.entra.scopes import read_scopes
from sandbox.grants import Code
from sandbox.world import World


@dataclass(frozen=True, slots=True)
class Request:
    """A token request from an application that has proved who it is."""

    world: World
    signing: SigningKey
    authority: Authority
    app: App
    form: Mapping[str, str]

    def need(self, parameter: str) -> str:
        if not self.form.get(parameter):
            raise missing(parameter)
        return self.form[parameter]


def answer(
    world: World, signing: SigningKey, authority: Authority, form: Mapping[str, str]
) -> dict[str, Any]:
    """Return the body of a good token answer, or raise a Refusal."""
    for parameter in ("grant_type", "client_id"):
        if not form.get(parameter):
            raise missing(parameter)
    grants = {
        "authorization_code": _by_code,
        "refresh_token": _by_refresh_token,
        "client_credentials": _by_credentials,
    }
    grant = grants.get(form["grant_type"])
    if grant is None:
        raise Refusal(70003, grant=form["grant_type"])
    app = application(world, authority, form["client_id"])
    authenticate(app, form, authority=authority, at=world.now())
    return grant(Request(world, signing, authority, app, form))


def _by_code(request: Request) -> dict[str, Any]:
    code = _redeemable(request)
    person = request.world.directory.people[code.oid]
    has = allowed(request.world, person, request.app)
    if request.form.get("scope"):
        scopes = read_scopes(request.form["scope"], app_name=request.app.name)
        # What the person declined is left out of the answer; what nobody was asked for is refused.
        if scopes.graph - has - frozenset(code.asked):
            raise not_consented(request.app)
    request.world.commit("code.redeemed", {"value": code.value})
    oidc = frozenset(code.oidc)
    return _for_person(request, person, scopes=has, oidc=oidc, nonce=code.nonce)


def _redeemable(request: Request) -> Code:
    code = request.world.grants.codes.get(request.need("code"))
    if code is None or code.client_id != request.app.client_id:
        raise Refusal(70000, parameter="code")
    if code.redeemed:
        raise Refusal(54005)  # fmt: skip
    if code.expires_at <= request.world.now():
        raise Refusal(70008)
    if not request.authority.admits(request.world.directory.people[code.oid].tenant_id):
        raise Refusal(700005)
    if request.need("redirect_uri") != code.redirect_uri:
        raise Refusal(500112, uri=request.form["redirect_uri"], first=code.redirect_uri)
    _check_verifier(code, request.form.get("code_verifier"))
    return code


def _check_verifier(code: Code, verifier: str | None) -> None:
    if code.challenge is None and verifier is None:
        return
    proof = verifier or ""
    if code.challenge_method == "S256":
        proof = base64.urlsafe_b64encode(hashlib.sha256(proof.encode()).digest()).rstrip(b"=").decode()
    if not verifier or proof != code.challenge:
        raise Refusal(501481)


def _by_refresh_token(request: Request) -> dict[str, Any]:
    token = request.world.grants.refresh_tokens.get(request.need("refresh_token"))
    if token is None or token.client_id != request.app.client_id:
        raise Refusal(70000, parameter="refresh_token")
    person = request.world.directory.people[token.oid]
    request.authority.check_person(person, request.app)
    _check_trouble(request.world, person)
    if token.expires_at <= request.world.now():
        raise Refusal(700082)
    has, oidc = allowed(request.world, person, request.app), frozenset(token.oidc)
    if request.form.get("scope"):
        scopes = read_scopes(request.form["scope"], app_name=request.app.name)
        if scopes.graph - has:
            raise not_consented(request.app)
        oidc = scopes.oidc | {"offline_access"}
    return _for_person(request, person, scopes=has, oidc=oidc)


def _check_trouble(world: World, person: Person) -> None:
    trouble = world.grants.troubles.get(person.oid)
    if trouble is None or (trouble.refresh == "ok" and trouble.aadsts is None):
        return
    code = trouble.aadsts or 50173
    # A policy asks for more; the token answer says so with a challenge to pass on to authorize (facts §9.7).
    policy = code in {50076, 50078, 50079, 53003}
    claims = (
        '{"access_token":{"capolids":{"essential":true,"values":["c1ec2e0a-5f66-4e0b-8d4f-3ce0a9a0a0a1"]}}}'
    )
    error = MEANINGS.get(code, ("invalid_grant", ""))[0]
    error = "invalid_grant" if error in {"access_denied", "login_required"} else error
    raise Refusal(code, error=error, claims=claims if policy else None)


def _for_person(
    request: Request,
    person: Person,
    *,
    scopes: frozenset[str],
    oidc: frozenset[str],
    nonce: str | None = None,
) -> dict[str, Any]:
    refreshable = "offline_access" in oidc
    answer = delegated_answer(
        request.world, request.app, person, scopes=scopes, oidc=oidc, refreshable=refreshable
    )
    if "openid" in oidc:
        answer["id_token"] = id_token(
            request.signing, request.app, person, base=request.authority.base, oidc=oidc, nonce=nonce
        )
    if request.form.get("client_info") == "1":
        answer["client_info"] = client_info(person)
    return answer


def _by_credentials(request: Request) -> dict[str, Any]:
    if request.authority.tenant is None:
        raise Refusal(50059)
    if not (request.app.secrets or request.app.certificates):
        raise Refusal(7000218)
    scopes = read_scopes(request.need("scope"), app_name=request.app.name)
    if not scopes.default or scopes.oidc:
        raise Refusal(70011, why="Without a person it must end in /.default.", scope=request.form["scope"])
    roles = _roles_in(request)
    value, seconds = access_token(
        request.world, app_id=request.app.client_id, tenant_id=request.authority.name, roles=roles
    )
    return {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": value}


def _roles_in(request: Request) -> frozenset[str]:
    """Return what an administrator granted the application itself, where the tenant knows it at all."""
    tenant_id, client_id = request.authority.name, request.app.client_id
    grants, people = request.world.grants, request.world.directory.people
    members = (person.oid for person in people.values() if person.tenant_id == tenant_id)
    present = request.app.tenant_id == tenant_id or grants.known_in(
        tenant_id=tenant_id, client_id=client_id, people=members
    )
    if not present:
        raise Refusal(700016, app=client_id, tenant=tenant_id)
    return grants.roles.get((tenant_id, client_id), frozenset())
