"""Controls over who exists and what they may do: tenants, users, applications, tokens, trouble with Entra."""

import uuid

import msgspec
from cryptography import x509
from starlette.requests import Request
from starlette.responses import Response

from sandbox.control.bodies import EntraTrouble, NewApp, NewTenant, NewUser, Tokens
from sandbox.control.door import Mistake, answer, read
from sandbox.directory import PERSONAL_TENANT, App, Kind, Person, Secret, Tenant
from sandbox.entra.issue import access_token
from sandbox.entra.scopes import read_scopes
from sandbox.founding import OUTLOOK, make_person, make_tenant, register
from sandbox.grants import Trouble
from sandbox.world import World


def person_named(world: World, mail: str) -> Person:
    person = world.person(mail)
    if person is None:
        raise Mistake(
            f"There is nobody with the address {mail}. Make them by POST /_sandbox/users.", status=404
        )
    return person


class People:
    def __init__(self, world: World) -> None:
        self.world = world

    async def make_tenant(self, request: Request) -> Response:
        wish = await read(request, NewTenant)
        known = self.world.directory.tenant(wish.domain)
        if known is not None and known.id == PERSONAL_TENANT:
            raise Mistake(f"{wish.domain} belongs to personal accounts.", status=409)
        tenant_id = known.id if known else str(uuid.uuid4())
        tenant = Tenant(tenant_id, wish.domain.lower(), wish.require_admin_consent)
        make_tenant(self.world, tenant)
        return answer(msgspec.to_builtins(tenant), 201)

    async def make_user(self, request: Request) -> Response:
        wish = await read(request, NewUser)
        known = self.world.person(wish.mail)
        if known and wish.kind not in {None, known.kind}:
            raise Mistake(f"{wish.mail} is a {known.kind} account; that can't change.", status=409)
        name = wish.display_name or (known.display_name if known else wish.mail.partition("@")[0])
        mailbox = wish.mailbox if wish.mailbox is not None else known.mailbox if known else True
        person = self._person(wish, name=name, mailbox=mailbox)
        return answer({"id": person.oid, "mail": person.mail, "tenant_id": person.tenant_id}, 201)

    def _person(self, wish: NewUser, *, name: str, mailbox: bool) -> Person:
        domain = wish.mail.partition("@")[2]
        tenant = self.world.directory.tenant(domain)
        personal = wish.kind is Kind.PERSONAL
        if tenant is not None and personal != (tenant.id == PERSONAL_TENANT) and wish.kind is not None:
            raise Mistake(f"Accounts of {domain} are not {wish.kind} accounts.", status=409)
        aliases = None if wish.aliases is None else tuple(wish.aliases)
        for address in aliases or ():
            taken = self.world.person(address)
            if taken is not None and wish.mail.lower() not in taken.addresses:
                raise Mistake(f"{address} is an address of {taken.mail}.", status=409)
        try:
            return make_person(
                self.world,
                mail=wish.mail,
                display_name=name,
                mailbox=mailbox,
                kind=wish.kind,
                aliases=aliases,
                room=wish.room,
            )
        except LookupError:
            raise Mistake(f"No tenant has the domain {domain}. Make it by POST /_sandbox/tenants.") from None

    async def register_app(self, request: Request) -> Response:
        wish = await read(request, NewApp)
        tenant = self.world.directory.tenant(wish.tenant) if wish.tenant else None
        if wish.tenant and tenant is None:
            raise Mistake(f"There is no tenant {wish.tenant}.", status=404)
        if wish.certificate_pem:
            x509.load_pem_x509_certificate(wish.certificate_pem.encode())
        if bad := [
            uri for uri in wish.redirect_uris if not uri.startswith(("https://", "http://")) or "#" in uri
        ]:
            raise Mistake(f"{bad[0]} is no redirect URI.")
        app = App(
            client_id=wish.client_id,
            name=wish.name or wish.client_id,
            secrets=(Secret(wish.client_secret, wish.client_secret_expires_at),)
            if wish.client_secret
            else (),
            certificates=(wish.certificate_pem,) if wish.certificate_pem else (),
            redirect_uris=tuple(wish.redirect_uris),
            tenant_id=tenant.id if tenant else None,
            scopes=None if wish.scopes is None else tuple(wish.scopes),
            roles=None if wish.roles is None else tuple(wish.roles),
        )
        register(self.world, app)
        return answer({"client_id": app.client_id, "name": app.name, "redirect_uris": app.redirect_uris}, 201)

    async def make_token(self, request: Request) -> Response:
        wish = await read(request, Tokens)
        person = person_named(self.world, wish.mail)
        scopes = read_scopes(" ".join(wish.scopes), app_name="Outlook")
        token, seconds = access_token(
            self.world, app_id=OUTLOOK, tenant_id=person.tenant_id, oid=person.oid, scopes=scopes.graph
        )
        return answer({"access_token": token, "expires_in": seconds})

    async def set_trouble(self, request: Request) -> Response:
        wish = await read(request, EntraTrouble)
        person = person_named(self.world, wish.mail)
        trouble = Trouble(person.oid, wish.refresh, wish.aadsts)
        self.world.commit("trouble.set", msgspec.to_builtins(trouble))
        return answer({"mail": person.mail, "refresh": trouble.refresh, "aadsts": trouble.aadsts})
