"""Which permissions each entity needs, and which of them Microsoft granted. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final

ENTITIES: Final = ("contacts", "calendar", "tasks", "mail", "files")
SIGNED_IN: Final = "User.Read"

# https://learn.microsoft.com/en-us/graph/permissions-reference
NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "contacts": ("Contacts.ReadWrite",),
    "calendar": ("Calendars.ReadWrite",),
    "tasks": ("Tasks.ReadWrite",),
    "mail": ("Mail.ReadWrite", "Mail.Send", "MailboxSettings.Read"),
    "files": ("Files.ReadWrite",),
}
KNOWN: Final = (SIGNED_IN, *(scope for scopes in NEEDED.values() for scope in scopes))


def asked_for(entities: Iterable[str]) -> list[str]:
    """Return the permissions to ask for, each once: who the person is, and what these entities need."""
    wanted = [SIGNED_IN, *(scope for entity in entities for scope in NEEDED[entity])]
    return list(dict.fromkeys(wanted))


def normal(scope: str) -> str:
    """Return a scope in the form in which it is compared.

    Quirk: Microsoft answers ``https://graph.microsoft.com/Contacts.ReadWrite`` where ``Contacts.ReadWrite``
    was asked, in any order and case.
    https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow
    """
    return scope.rstrip("/").rpartition("/")[2].casefold()


def known_among(granted: Iterable[str]) -> list[str]:
    """Return the granted permissions that Concord knows, in its own spelling."""
    normals = {normal(scope) for scope in granted}
    return [scope for scope in KNOWN if normal(scope) in normals]


def missing(entity: str, *, granted: Iterable[str]) -> list[str]:
    """Return what this entity needs and was not granted."""
    normals = {normal(scope) for scope in granted}
    return [scope for scope in NEEDED[entity] if normal(scope) not in normals]


def at(host: str, scopes: Iterable[str]) -> list[str]:
    """Return scopes as a cloud wants them: under its own Graph, so that they mean no other resource."""
    return [f"{host}/{scope}" for scope in scopes]
