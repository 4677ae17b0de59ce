"""What the world holds before anybody touches it."""

import uuid
from dataclasses import dataclass, replace

import msgspec

from sandbox.directory import PERSONAL_TENANT, App, Kind, Person, Secret, Tenant
from sandbox.world import World

# The registration behind POST /_sandbox/tokens and the mailbox pages: a person's own Outlook.
OUTLOOK = "5d661950-3475-41cd-a2c3-d671a3162bc1"

PEOPLE = (
    ("adele@contoso.example", "Adele Vance", True),
    ("alex@contoso.example", "Alex Wilber", True),
    ("megan@contoso.example", "Megan Bowen", True),
    ("nestor@contoso.example", "Nestor Wilke (no mailbox)", False),
    ("lee@fabrikam.example", "Lee Gu", True),
    ("patti@outlook.example", "Patti Fernandez", True),
)


@dataclass(frozen=True, slots=True)
class Registration:
    """The application that the process was started for; nothing is registered without a client id."""

    client_id: str | None = None
    client_secret: str | None = None
    redirect_uris: tuple[str, ...] = ()


def found(world: World, registration: Registration) -> None:
    """Make what is missing: two organisations, some people, and the applications."""
    if not world.directory.tenants:
        personal = Tenant(id=PERSONAL_TENANT, domain="outlook.example")
        make_tenant(world, personal)
        make_tenant(world, Tenant(id=str(uuid.uuid4()), domain="contoso.example"))
        make_tenant(
            world, Tenant(id=str(uuid.uuid4()), domain="fabrikam.example", require_admin_consent=True)
        )
        for mail, name, mailbox in PEOPLE:
            make_person(world, mail=mail, display_name=name, mailbox=mailbox)
    register(world, App(client_id=OUTLOOK, name="Outlook"))
    if registration.client_id:
        secrets = (Secret(registration.client_secret),) if registration.client_secret else ()
        ours = App(
            client_id=registration.client_id,
            name="Concord",
            secrets=secrets,
            redirect_uris=registration.redirect_uris,
        )
        register(world, ours)


def make_tenant(world: World, tenant: Tenant) -> None:
    world.commit("tenant.made", msgspec.to_builtins(tenant))


def make_person(
    world: World,
    *,
    mail: str,
    display_name: str,
    mailbox: bool = True,
    kind: Kind | None = None,
    aliases: tuple[str, ...] | None = None,
    room: bool | None = None,
) -> Person:
    """Make a person in the tenant of their mail domain, or change the one who has that address.

    ``aliases`` and ``room``: None leaves them as they are.

    Raises LookupError where no tenant owns the domain.
    """
    known = world.person(mail)
    if known is None:
        tenant = world.directory.tenant(mail.partition("@")[2])
        if kind is Kind.PERSONAL or (tenant is not None and tenant.id == PERSONAL_TENANT):
            tenant, kind = world.directory.tenants[PERSONAL_TENANT], Kind.PERSONAL
        if tenant is None:
            raise LookupError(mail)
        known = Person(str(uuid.uuid4()), tenant.id, mail, display_name, kind or Kind.WORK, mailbox)
    person = replace(
        known, display_name=display_name, mailbox=mailbox,
        aliases=known.aliases if aliases is None else aliases,
        room=known.room if room is None else room,
    )  # fmt: skip
    made: Person = world.commit("person.made", msgspec.to_builtins(person))
    return made


def register(world: World, app: App) -> None:
    """Register an application, or replace its registration; what is registered already is left alone."""
    if world.directory.app(app.client_id) != app:
        world.commit("app.registered", msgspec.to_builtins(app))
