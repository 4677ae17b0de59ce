"""Who exists: organisations, the people in them, and the applications registered with Entra."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import msgspec

from sandbox.log import Body, Command

PERSONAL_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"


class Kind(StrEnum):
    WORK = "work"
    PERSONAL = "personal"


@dataclass(frozen=True, slots=True)
class Tenant:
    id: str
    domain: str
    require_admin_consent: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account. ``aliases`` are other addresses of the same mailbox.

    A ``room`` answers invitations by itself.
    """

    oid: str
    tenant_id: str
    mail: str
    display_name: str
    kind: Kind = Kind.WORK
    mailbox: bool = True
    aliases: tuple[str, ...] = ()
    room: bool = False

    @property
    def addresses(self) -> frozenset[str]:
        """All addresses that reach this person, in small letters."""
        return frozenset(address.lower() for address in (self.mail, *self.aliases))


@dataclass(frozen=True, slots=True)
class Secret:
    value: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class App:
    """An application registration; with a ``tenant_id`` it may sign in people of that tenant only.

    ``scopes`` and ``roles`` are what its registration lists (what ``.default`` stands for), None the usual.
    """

    client_id: str
    name: str
    secrets: tuple[Secret, ...] = ()
    certificates: tuple[str, ...] = ()
    redirect_uris: tuple[str, ...] = ()
    tenant_id: str | None = None
    scopes: tuple[str, ...] | None = None
    roles: tuple[str, ...] | None = None


@dataclass
class Directory:
    tenants: dict[str, Tenant] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    apps: dict[str, App] = field(default_factory=dict)
    _tenant_of_domain: dict[str, str] = field(default_factory=dict)
    _oid_of_mail: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.appliers = {
            "tenant.made": self._tenant_made,
            "person.made": self._person_made,
            "app.registered": self._app_registered,
        }

    def tenant(self, name: str) -> Tenant | None:
        """Return the tenant with that id or domain."""
        lower = name.lower()
        return self.tenants.get(self._tenant_of_domain.get(lower, lower))

    def person(self, name: str) -> Person | None:
        """Return the person with that object id or mail address, an alias of theirs or not."""
        lower = name.lower()
        return self.people.get(self._oid_of_mail.get(lower, lower))

    def app(self, client_id: str) -> App | None:
        return self.apps.get(client_id.lower())

    def clear(self) -> None:
        for index in (self.tenants, self.people, self.apps, self._tenant_of_domain, self._oid_of_mail):
            index.clear()

    def snapshot(self) -> Iterator[Command]:
        yield from (("tenant.made", msgspec.to_builtins(tenant)) for tenant in self.tenants.values())
        yield from (("person.made", msgspec.to_builtins(person)) for person in self.people.values())
        yield from (("app.registered", msgspec.to_builtins(app)) for app in self.apps.values())

    def _tenant_made(self, body: Body) -> Tenant:
        tenant = msgspec.convert(body, Tenant)
        self.tenants[tenant.id] = tenant
        self._tenant_of_domain[tenant.domain.lower()] = tenant.id
        return tenant

    def _person_made(self, body: Body) -> Person:
        person = msgspec.convert(body, Person)
        before = self.people.get(person.oid)
        for address in before.addresses if before else ():
            del self._oid_of_mail[address]
        self.people[person.oid] = person
        self._oid_of_mail |= dict.fromkeys(person.addresses, person.oid)
        return person

    def _app_registered(self, body: Body) -> App:
        app = msgspec.convert(body, App)
        self.apps[app.client_id.lower()] = app
        return app
