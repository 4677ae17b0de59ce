"""Who the signed-in person is, and whether there is a mailbox behind the account."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from app.errors import Interruption, Refused
from app.graph.auth import SignedIn
from app.graph.entra import PERSONAL_TENANT
from app.graph.mailbox import Mailbox
from app.graph.protocol import GraphError
from app.graph.scopes import normal

# The cheapest question to a mailbox that each permission allows.
QUESTIONS: Final[Mapping[str, str]] = {
    "Contacts.ReadWrite": "/me/contactFolders?$top=1",
    "Calendars.ReadWrite": "/me/calendars?$top=1",
    "Mail.ReadWrite": "/me/mailFolders?$top=1",
    "Tasks.ReadWrite": "/me/todo/lists?$top=1",
}


@dataclass(frozen=True, slots=True)
class Account:
    """A Microsoft account as it is shown to people; only (tenant, oid) identifies it."""

    email: str
    display_name: str
    tenant_id: str
    kind: str
    addresses: frozenset[str]

    def goes_by(self, address: str) -> bool:
        """Say whether an address is one of this account's."""
        return address.casefold() in self.addresses


async def account_of(mailbox: Mailbox, signed_in: SignedIn) -> Account:
    """Return the account, as the directory describes it or else as the id token does.

    https://learn.microsoft.com/en-us/graph/api/user-get
    """
    try:
        me = await mailbox.get("/me?$select=id,displayName,mail,userPrincipalName")
    except (GraphError, Interruption):
        me = {}
    given = [me.get("mail"), signed_in.username, me.get("userPrincipalName")]
    known = [str(address) for address in given if address]
    return Account(
        email=next(iter(known), ""),
        display_name=str(me.get("displayName") or signed_in.name or ""),
        tenant_id=signed_in.tenant_id,
        kind="personal" if signed_in.tenant_id == PERSONAL_TENANT else "work",
        addresses=frozenset(address.casefold() for address in known),
    )


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
