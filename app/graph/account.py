"""Who the signed-in person is, and whether there is a mailbox behind the account."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from app.errors import Interruption, Refused
from app.graph.auth import SignedIn
from app.graph.entra import PERSONAL_TENANT
from app.graph.mailbox import Mailbox
from app.graph.protocol import Document, GraphError
from app.graph.scopes import normal

NAMES: Final = "id,displayName,mail,userPrincipalName"

# The cheapest question to a mailbox that each permission allows.
QUESTIONS: Final[Mapping[str, str]] = {
    "Contacts.ReadWrite": "/me/contactFolders?$top=1",
    "Calendars.ReadWrite": "/me/calendars?$top=1",
    "Mail.ReadWrite": "/me/mailFolders?$top=1",
    "Tasks.ReadWrite": "/me/todo/lists?$top=1",
}


@dataclass(frozen=True, slots=True)
class Account:
    """A Microsoft account as it is shown to people; only (tenant, oid) identifies it.

    ``aliases`` are the other addresses of its mailbox, ``addresses`` all names it goes by, in small letters.
    """

    email: str
    display_name: str
    tenant_id: str
    kind: str
    addresses: frozenset[str]
    aliases: tuple[str, ...] = ()

    def goes_by(self, address: str) -> bool:
        """Say whether an address is one of this account's."""
        return address.casefold() in self.addresses


async def account_of(mailbox: Mailbox, signed_in: SignedIn) -> Account:
    """Return the account, as the directory describes it or else as the id token does.

    https://learn.microsoft.com/en-us/graph/api/user-get
    """
    me = await _me(mailbox)
    given = [me.get("mail"), signed_in.username, me.get("userPrincipalName")]
    known = [str(address) for address in given if address]
    email, proxies = next(iter(known), ""), _smtp(me.get("proxyAddresses") or ())
    return Account(
        email=email,
        display_name=str(me.get("displayName") or signed_in.name or ""),
        tenant_id=signed_in.tenant_id,
        kind="personal" if signed_in.tenant_id == PERSONAL_TENANT else "work",
        addresses=frozenset(address.casefold() for address in (*known, *proxies)),
        aliases=tuple(address for address in proxies if address != email.casefold()),
    )


async def _me(mailbox: Mailbox) -> Document:
    """Return what the directory says of the account: less where it won't tell all, nothing if it is away."""
    for names in (f"{NAMES},proxyAddresses", NAMES):
        with suppress(GraphError, Interruption):
            return await mailbox.get(f"/me?$select={names}")
    return {}


def _smtp(proxies: Iterable[str]) -> list[str]:
    """Return the addresses of a mailbox, in small letters, each once.

    Quirk: each has its protocol before it, ``SMTP:`` the primary one, ``smtp:`` the others; there are proxies
    that are no e-mail address (X500, SIP). ``otherMails`` is left alone: those are of other mailboxes, and
    whoever has them may have written them. https://learn.microsoft.com/en-us/graph/api/resources/user
    """
    each = (str(proxy).partition(":") for proxy in proxies)
    found = (address.strip().casefold() for kind, _, address in each if kind.strip().casefold() == "smtp")
    return list(dict.fromkeys(address for address in found if address))


async def has_mailbox(mailbox: Mailbox, *, granted: Iterable[str]) -> bool:
    """Say whether Microsoft answers for a mailbox. Raises an Interruption where it doesn't answer at all.

    An account that granted nothing of a mailbox needs none.
    """
    normals = {normal(scope) for scope in granted}
    question = next((path for scope, path in QUESTIONS.items() if normal(scope) in normals), None)
    if question is None:
        return True
    try:
        await mailbox.get(question)
    except Refused as refusal:
        if refusal.problem == "no-mailbox":
            return False
        raise
    except GraphError:
        return True  # it answered, if only to refuse the question: there is somebody at home
    return True
