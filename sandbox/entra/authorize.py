"""The rules of the authorize endpoint (facts §9.2): what is asked, who may answer, what the answer is.

Nothing here knows HTML: ``page.py`` shows it to a person, POST /_sandbox/sign-in walks that same page.
"""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import msgspec

from sandbox.directory import PERSONAL_TENANT, App, Person
from sandbox.entra.authority import Authority, application
from sandbox.entra.permissions import ADMINISTRATOR_ONLY, OIDC, PERSONAL, USUAL_DELEGATED
from sandbox.entra.refusals import BLOCKING, Refusal, Shown, missing
from sandbox.entra.scopes import Scopes, read_scopes
from sandbox.grants import Code
from sandbox.world import World

CODE_LIFETIME = timedelta(minutes=10)
RESPONSE_MODES = ("query", "fragment", "form_post")
PROMPTS = ("", "login", "none", "consent", "select_account")
CHALLENGE_SIZES = range(43, 129)
SHA256_SIZE = 32
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class Reply:
    """Where the answer goes; settled before anything else, since errors go there too."""

    redirect_uri: str
    mode: str
    state: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    app: App
    authority: Authority
    reply: Reply
    scopes: Scopes
    nonce: str | None
    prompt: str
    login_hint: str
    challenge: str | None
    challenge_method: str

    @property
    def wanted(self) -> frozenset[str]:
        """The Graph permissions asked for, ``.default`` spelled out."""
        if self.scopes.default:
            return frozenset(USUAL_DELEGATED if self.app.scopes is None else self.app.scopes)
        return self.scopes.graph

    @property
    def ticks(self) -> list[str]:
        """What the consent page offers: everything but signing in itself."""
        offline = sorted(self.scopes.oidc & {"offline_access"})
        return [*sorted(self.wanted), *offline]


def reply_of(world: World, authority: Authority, params: Mapping[str, str]) -> tuple[App, Reply]:
    """Return the application and where to answer it, or raise what only the person may see."""
    try:
        if not params.get("client_id"):
            raise missing("client_id")
        app = application(world, authority, params["client_id"])
        redirect_uri = check_redirect(world, app, params.get("redirect_uri"))
    except Refusal as refusal:
        raise Shown.of(refusal) from None
    mode = params.get("response_mode") or "query"
    return app, Reply(redirect_uri, mode if mode in RESPONSE_MODES else "query", params.get("state"))


def check_redirect(world: World, app: App, uri: str | None) -> str:
    """Return the redirect URI if it is registered to the letter; plain http only on a lenient loopback."""
    if not uri:
        raise missing("redirect_uri")
    parts = urlsplit(uri)
    lenient = not world.settings.require_https_notifications and parts.hostname in LOOPBACK
    if uri not in app.redirect_uris or not (parts.scheme == "https" or (parts.scheme == "http" and lenient)):
        raise Refusal(50011, uri=uri, app=app.client_id)
    return uri


def asked_for(app: App, authority: Authority, reply: Reply, params: Mapping[str, str]) -> Asked:
    """Read the rest of an authorize request, or raise what the application is told."""
    if not params.get("response_type"):
        raise missing("response_type")
    if params["response_type"] != "code":
        raise Refusal(700054, value=params["response_type"], app=app.client_id)
    if params.get("response_mode") not in {None, "", *RESPONSE_MODES}:
        raise Refusal(90023, parameter="response_mode", value=params["response_mode"])
    if params.get("prompt", "") not in PROMPTS:
        raise Refusal(90023, parameter="prompt", value=params["prompt"])
    challenge, method = _challenge(params)
    return Asked(
        app=app,
        authority=authority,
        reply=reply,
        scopes=read_scopes(params.get("scope"), app_name=app.name),
        nonce=params.get("nonce"),
        prompt=params.get("prompt", ""),
        login_hint=params.get("login_hint", ""),
        challenge=challenge,
        challenge_method=method,
    )


def _challenge(params: Mapping[str, str]) -> tuple[str | None, str]:
    challenge, method = params.get("code_challenge"), params.get("code_challenge_method") or "plain"
    if challenge is None:
        if "code_challenge_method" in params:
            raise missing("code_challenge")
        return None, method
    if method not in {"plain", "S256"}:
        raise Refusal(90023, parameter="code_challenge_method", value=method)
    if len(challenge) not in CHALLENGE_SIZES or (method == "S256" and not _is_sha256(challenge)):
        raise Refusal(501491)
    return challenge, method


def _is_sha256(challenge: str) -> bool:
    try:
        return len(base64.urlsafe_b64decode(challenge + "=")) == SHA256_SIZE
    except ValueError:
        return False


def allowed(world: World, person: Person, app: App) -> frozenset[str]:
    return world.grants.allowed(oid=person.oid, tenant_id=person.tenant_id, client_id=app.client_id)


def declined(app: App) -> Refusal:
    return Refusal(65004, subcode="cancel", app=app.name)


def accept(world: World, asked: Asked, person: Person, *, ticked: frozenset[str]) -> str:
    """Note what a person consents to and return the code for it, or raise why they may not.

    What was allowed earlier stays allowed, ticked or not. Declining one permission grants the others.
    """
    check_sign_in(world, asked, person)
    before = allowed(world, person, asked.app)
    _check_administrator(world, asked, person, asked.wanted - before)
    granted = grantable(person, (asked.wanted - before) & ticked)
    if granted or (person.oid, asked.app.client_id) not in world.grants.consents:
        body = {"oid": person.oid, "client_id": asked.app.client_id, "scopes": sorted(granted)}
        world.commit("consent.given", body)
    oidc = asked.scopes.oidc if "offline_access" in ticked else asked.scopes.oidc - {"offline_access"}
    return _new_code(world, asked, person, oidc)


def silently(world: World, asked: Asked, person: Person | None) -> str:
    """Answer ``prompt=none``: a code where nobody has to be asked, a refusal otherwise."""
    if person is None or asked.login_hint.lower() not in {"", person.mail.lower()}:
        raise Refusal(50058)
    trouble = world.grants.troubles.get(person.oid)
    if trouble and trouble.aadsts:
        raise Refusal(trouble.aadsts, error="interaction_required")
    check_sign_in(world, asked, person)
    lacking = grantable(person, asked.wanted - allowed(world, person, asked.app))
    if lacking or not _known(world, asked, person):
        raise not_consented(asked.app, "consent_required")
    return _new_code(world, asked, person, asked.scopes.oidc)


def check_sign_in(world: World, asked: Asked, person: Person) -> None:
    """Raise unless this person may sign in here at all."""
    try:
        asked.authority.check_person(person, asked.app)
    except Refusal as refusal:
        raise Shown.of(refusal) from None
    trouble = world.grants.troubles.get(person.oid)
    if trouble and trouble.aadsts in BLOCKING:
        raise Refusal(trouble.aadsts, error="access_denied")


def not_consented(app: App, error: str = "") -> Refusal:
    return Refusal(65001, error=error, app=app.client_id)


def grantable(person: Person, scopes: frozenset[str]) -> frozenset[str]:
    """Leave out what a personal account has no use for."""
    return scopes & PERSONAL.keys() if person.tenant_id == PERSONAL_TENANT else scopes


def _check_administrator(world: World, asked: Asked, person: Person, lacking: frozenset[str]) -> None:
    tenant = world.directory.tenants[person.tenant_id]
    new_here = tenant.require_admin_consent and not _known(world, asked, person)
    if new_here or (lacking and tenant.require_admin_consent) or lacking & ADMINISTRATOR_ONLY.keys():
        raise Refusal(90094, app=asked.app.name)


def _known(world: World, asked: Asked, person: Person) -> bool:
    key = asked.app.client_id
    return (person.oid, key) in world.grants.consents or (person.tenant_id, key) in world.grants.approvals


def _new_code(world: World, asked: Asked, person: Person, oidc: frozenset[str]) -> str:
    code = Code(
        value=f"1.{secrets.token_urlsafe(64)}",
        client_id=asked.app.client_id,
        oid=person.oid,
        redirect_uri=asked.reply.redirect_uri,
        asked=tuple(sorted(asked.wanted)),
        oidc=tuple(sorted(oidc & OIDC.keys())),
        expires_at=world.now() + CODE_LIFETIME,
        nonce=asked.nonce,
        challenge=asked.challenge,
        challenge_method=asked.challenge_method,
    )
    world.commit("code.made", msgspec.to_builtins(code))
    return code.value
