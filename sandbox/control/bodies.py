"""What the controls take (``api.md`` §10): every body is checked, unknown names are refused."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from sandbox.directory import Kind

Mail = Annotated[str, msgspec.Meta(pattern=r"^[^@\s]+@[^@\s]+$", max_length=320)]
Domain = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9.-]+\.[A-Za-z0-9-]+$")]
Count = Annotated[int, msgspec.Meta(ge=0, le=200_000)]


class Body(msgspec.Struct, forbid_unknown_fields=True):
    pass


class NewTenant(Body):
    domain: Domain
    require_admin_consent: bool = False


class NewUser(Body):
    mail: Mail
    display_name: str | None = None
    mailbox: bool | None = None
    kind: Kind | None = None
    aliases: list[Mail] | None = None
    room: bool | None = None


class Move(Body):
    mail: Mail
    id: str
    to: str


class Generate(Body):
    contacts: Count = 0
    events: Count = 0
    tasks: Count = 0
    seed: int = 0


class Seed(Body):
    """Exactly one of the five sources."""

    mail: Mail
    contacts: list[dict[str, Any]] | None = None
    vcf: str | None = None
    ics: str | None = None
    tasks: list[dict[str, Any]] | None = None
    generate: Generate | None = None
    folder: Annotated[str, msgspec.Meta(min_length=1)] = "Contacts"


class Tokens(Body):
    mail: Mail
    scopes: list[str]


class SignIn(Body):
    authorize_url: str
    mail: Mail
    grant: Literal["all", "decline"] | list[str] = "all"


class AdvanceClock(Body):
    advance_seconds: Annotated[float, msgspec.Meta(ge=0, le=100 * 366 * 86_400)]


class EntraTrouble(Body):
    mail: Mail
    refresh: Literal["ok", "invalid_grant"] = "ok"
    aadsts: Annotated[int, msgspec.Meta(ge=1)] | None = None


class NewApp(Body):
    client_id: Annotated[str, msgspec.Meta(min_length=1)]
    name: str | None = None
    client_secret: str | None = None
    client_secret_expires_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    certificate_pem: str | None = None
    redirect_uris: list[str] = []
    tenant: str | None = None
    scopes: list[str] | None = None
    roles: list[str] | None = None
