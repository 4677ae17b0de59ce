"""Where in a mailbox a call points: the folder its path names, and how that is written in contexts."""

from dataclasses import dataclass

from sandbox.directory import Person
from sandbox.graph.errors import item_not_found
from sandbox.graph.exchange import Exchange, folder_of
from sandbox.graph.store import CONTACTS, Folder, Mailbox
from sandbox.graph.wire import Call


@dataclass(frozen=True, slots=True)
class Place:
    person: Person
    exchange: Exchange
    mailbox: Mailbox
    folder: Folder
    named: bool  # the path names the folder; otherwise it is the default one

    @property
    def page_size(self) -> int:
        return self.exchange.world.settings.contacts_page_size


def place_of(call: Call) -> Place:
    """Return the place a call points at; each folder of its path must lie in the one before."""
    assert call.person is not None  # noqa: S101
    assert call.exchange is not None  # noqa: S101
    mailbox = call.exchange.mailbox(call.person)
    folder, named = mailbox.folders[CONTACTS], False
    for name in call.folders:
        inner = folder_of(mailbox, name)
        if named and inner.parent != folder.number:
            raise item_not_found()
        folder, named = inner, True
    return Place(call.person, call.exchange, mailbox, folder, named)


def context(
    call: Call,
    place: Place,
    kind: str,
    *,
    select: tuple[str, ...] = (),
    one: bool = False,
    under: bool = True,
) -> str:
    """Return the ``@odata.context`` of an answer."""
    folder = ""
    if place.named and under:
        inside = "contacts" if kind == "contacts" else "childFolders"
        folder = f"/contactFolders('{place.mailbox.folder_id(place.folder.number)}')/{inside}"
    shown = folder or f"/{kind}"
    names = f"({','.join(select)})" if select else ""
    entity = "/$entity" if one else ""
    return f"{call.root}/$metadata#users('{place.person.oid}'){shown}{names}{entity}"
