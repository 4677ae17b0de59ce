"""Which people and applications an address such as /common or /contoso.example is for."""

from dataclasses import dataclass

from starlette.requests import Request

from sandbox.directory import PERSONAL_TENANT, App, Person, Tenant
from sandbox.entra.refusals import Refusal
from sandbox.world import World

SHARED = ("common", "organizations", "consumers")


@dataclass(frozen=True, slots=True)
class Authority:
    """``name`` is how endpoints spell it: the tenant's id, or one of the shared names."""

    name: str
    tenant: Tenant | None
    base: str

    @property
    def issuer(self) -> str:
        return f"{self.base}/{self.tenant.id if self.tenant else '{tenantid}'}/v2.0"

    def admits(self, tenant_id: str) -> bool:
        if self.tenant is not None:
            return self.tenant.id == tenant_id
        return self.name == "common" or tenant_id != PERSONAL_TENANT

    def check_person(self, person: Person, app: App) -> None:
        """Raise unless people of that person's tenant may sign in to this application here."""
        if not self.admits(person.tenant_id) or app.tenant_id not in {None, person.tenant_id}:
            raise Refusal(50020, mail=person.mail, tenant=self.name, app=app.client_id)


def authority_of(world: World, request: Request) -> Authority:
    """Return the authority a request is addressed to, or raise that there is no such tenant."""
    name, base = request.path_params["tenant"], f"{request.url.scheme}://{request.url.netloc}"
    if name.lower() == "consumers":
        return Authority("consumers", world.directory.tenants.get(PERSONAL_TENANT), base)
    if name.lower() in SHARED:
        return Authority(name.lower(), None, base)
    tenant = world.directory.tenant(name)
    if tenant is None:
        raise Refusal(90002, tenant=name)
    return Authority(tenant.id, tenant, base)


def application(world: World, authority: Authority, client_id: str) -> App:
    """Return the application with that id, or raise that it may not be used here."""
    app = world.directory.app(client_id)
    foreign = app is not None and app.tenant_id is not None and authority.tenant is not None
    if app is None or (foreign and app.tenant_id != authority.name):
        raise Refusal(700016, app=client_id, tenant=authority.name)
    if app.tenant_id is not None and authority.tenant is None:
        raise Refusal(50194, app=client_id, tenant=authority.name)
    return app
