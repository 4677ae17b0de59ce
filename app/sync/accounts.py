"""The account of a connection as its row keeps it: what is shown of it, and its addresses. Pure."""

from typing import Any

from app.graph.account import Account
from app.models import Connection

Json = dict[str, Any]


def kept(account: Account) -> Json:
    """Return an account as a connection keeps it."""
    return {
        "email": account.email,
        "display_name": account.display_name,
        "tenant_id": account.tenant_id,
        "kind": account.kind,
        "aliases": list(account.aliases),
    }


def shown(account: Json | None) -> Json | None:
    """Return a kept account as the API shows it: its aliases are of use to the engine alone."""
    return account and {name: value for name, value in account.items() if name != "aliases"}


def addresses_of(connection: Connection) -> frozenset[str]:
    """Return all addresses of a connection's mailbox, in small letters; never one that was only hinted at.

    Aliases are those of the last sign-in.
    """
    account: Json = connection.account or {}
    given = (account.get("email"), *(account.get("aliases") or ()))
    return frozenset(address.casefold() for address in given if address)
