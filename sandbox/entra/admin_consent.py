"""The rules of administrator consent (facts §9.5), in its v2 form and the older one without scopes."""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.directory import PERSONAL_TENANT, App, Tenant
from sandbox.entra.authority import Authority, application
from sandbox.entra.authorize import check_redirect, declined
from sandbox.entra.permissions import USUAL_DELEGATED, USUAL_ROLES
from sandbox.entra.refusals import Refusal, Shown, missing
from sandbox.entra.scopes import read_scopes, written_out
from sandbox.world import World


@dataclass(frozen=True, slots=True)
class Petition:
    """What an administrator is asked to approve for a whole organisation."""

    app: App
    authority: Authority
    redirect_uri: str
    state: str | None
    scope: str | None
    scopes: frozenset[str]
    roles: frozenset[str]

    @property
    def first_version(self) -> bool:
        return self.scope is None


def petition(
    world: World, authority: Authority, params: Mapping[str, str], *, first_version: bool
) -> Petition:
    """Read an adminconsent request, or raise what is shown on the page."""
    try:
        if not params.get("client_id"):
            raise missing("client_id")
        app = application(world, authority, params["client_id"])
        redirect_uri = check_redirect(world, app, params.get("redirect_uri"))
        scope = None if first_version else params.get("scope", "")
        scopes, roles = _configured(app) if scope is None else _listed(app, scope)
    except Refusal as refusal:
        raise Shown.of(refusal) from None
    return Petition(app, authority, redirect_uri, params.get("state"), scope, scopes, roles)


def approve(world: World, asked: Petition, tenant: Tenant) -> dict[str, str]:
    """Grant it for everybody in the tenant and return the callback's parameters."""
    if asked.authority.tenant is not None and asked.authority.tenant.id != tenant.id:
        raise Shown(50020, mail="The administrator", tenant=asked.authority.name, app=asked.app.client_id)
    if tenant.id == PERSONAL_TENANT:
        raise Shown(50020, mail="A personal account", tenant=tenant.id, app=asked.app.client_id)
    body = {
        "tenant_id": tenant.id,
        "client_id": asked.app.client_id,
        "scopes": sorted(asked.scopes),
        "roles": sorted(asked.roles),
    }
    world.commit("consent.approved", body)
    told = {"admin_consent": "True", "tenant": tenant.id}
    return told if asked.first_version else told | {"scope": " ".join(sorted(written_out(asked.scopes)))}


def decline(world: World, asked: Petition) -> dict[str, str]:
    """Return the callback of a refusal. Quirk: it says admin_consent=True all the same (facts §9.5)."""
    if asked.first_version:
        return {"error": "permission_denied", "error_description": "The admin canceled the request"}
    refusal = declined(asked.app)
    return {"admin_consent": "True"} | refusal.callback(at=world.now(), correlation_id=None)


def _configured(app: App) -> tuple[frozenset[str], frozenset[str]]:
    scopes = USUAL_DELEGATED if app.scopes is None else app.scopes
    roles = USUAL_ROLES if app.roles is None else app.roles
    return frozenset(scopes), frozenset(roles)


def _listed(app: App, scope: str) -> tuple[frozenset[str], frozenset[str]]:
    scopes = read_scopes(scope, app_name=app.name)
    return _configured(app) if scopes.default else (scopes.graph, frozenset())
