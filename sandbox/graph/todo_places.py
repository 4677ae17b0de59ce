"""Where a call on Microsoft To Do points: the task list its path names, and the task in it."""

from dataclasses import dataclass, replace
from typing import Any

from sandbox.directory import Person
from sandbox.graph import event_body, ids, task, zones
from sandbox.graph.errors import item_not_found
from sandbox.graph.exchange import Exchange, folder_of, item_of
from sandbox.graph.odata import Rules
from sandbox.graph.store import FLAGGED, TASKS, Folder, Item, Kind, Mailbox
from sandbox.graph.wire import Call, Preferences

Document = dict[str, Any]

HEAD = (
    "importance", "isReminderOn", "status", "title", "createdDateTime", "lastModifiedDateTime",
    "hasAttachments", "categories", "id", "body", "bodyLastModifiedDateTime", "completedDateTime",
    "dueDateTime", "startDateTime", "reminderDateTime", "recurrence",
)  # fmt: skip
TASK = Rules(
    kind="todoTask",
    properties=frozenset(HEAD),
    sortable=frozenset({
        "importance", "status", "title", "createdDateTime", "lastModifiedDateTime", "dueDateTime/dateTime",
        "completedDateTime/dateTime",
    }),
    navigation=frozenset({"extensions", "attachments", "attachmentSessions", *task.PARTS}),
    nested=frozenset(task.PARTS),
    comparable={
        "title": "text", "status": "text", "importance": "text", "createdDateTime": "time",
        "lastModifiedDateTime": "time", "dueDateTime/dateTime": "time", "startDateTime/dateTime": "time",
        "completedDateTime/dateTime": "time", "isReminderOn": "flag", "hasAttachments": "flag",
    },
    tracked=frozenset({"select", "top", "expand"}),
)  # fmt: skip
LIST_PROPERTIES = ("displayName", "isOwner", "isShared", "wellknownListName", "id")
LIST = Rules(
    kind="todoTaskList",
    properties=frozenset(LIST_PROPERTIES),
    sortable=frozenset({"displayName"}),
    navigation=frozenset({"extensions", "tasks"}),
    comparable={"displayName": "text"},
    tracked=frozenset({"select", "top", "expand"}),
)
BUILT_IN = {TASKS: "defaultList", FLAGGED: "flaggedEmails"}


@dataclass(frozen=True, slots=True)
class Place:
    person: Person
    exchange: Exchange
    mailbox: Mailbox
    folder: Folder
    preferences: Preferences  # never of immutable ids: To Do has none

    @property
    def page_size(self) -> int:
        return self.exchange.world.settings.contacts_page_size

    @property
    def zone(self) -> str:
        return self.preferences.time_zone or "UTC"

    def list(self, held: Folder, *, select: tuple[str, ...] = ()) -> Document:
        """Return a task list as Graph shows it."""
        whole = {
            "@odata.etag": ids.etag(self.mailbox.owner, self.mailbox.list_changes.latest[held.slot]),
            "displayName": held.name,
            "isOwner": True,
            "isShared": False,
            "wellknownListName": BUILT_IN.get(held.number, "none"),
            "id": self.mailbox.folder_id(held.number),
        }
        shown = {*select, "@odata.etag", "id"} if select else whole.keys()
        return {name: value for name, value in whole.items() if name in shown}

    def task(self, item: Item, *, nested: tuple[str, ...] = ()) -> Document:
        """Return a task as Graph shows it: without the properties that hold nothing.

        Quirk: its id is a default one whatever ``IdType`` says, and new after a move.
        https://learn.microsoft.com/graph/api/todotasklist-post-tasks
        """
        fields = item.fields
        whole = fields | {
            "createdDateTime": item.created,
            "lastModifiedDateTime": item.modified,
            "hasAttachments": False,
            "id": self.mailbox.item_id(item, immutable=False),
            "body": self._body(fields["body"]),
        }
        whole |= {name: self._time(fields[name]) for name in task.DATES if name in fields}
        if "completedDateTime" in fields:
            whole["completedDateTime"] = zones.shown(zones.moment(fields["completedDateTime"]), "UTC")
        shown = {name: whole[name] for name in HEAD if name in whole}
        return (
            {"@odata.etag": ids.etag(self.mailbox.owner, item.version)}
            | shown
            | {name: [without_nulls(one) for one in fields[name]] for name in nested}
        )

    def context(self, call: Call, *within: str, one: bool = False) -> str:
        """Return the ``@odata.context`` of an answer; ``within`` is what follows ``todo``."""
        path = "/".join(("todo", *within))
        return f"{call.root}/$metadata#users('{self.person.oid}')/{path}{'/$entity' if one else ''}"

    @property
    def here(self) -> str:
        return f"lists('{self.mailbox.folder_id(self.folder.number)}')"

    def _time(self, at: Document) -> Document:
        return zones.shown(zones.moment(at), self.zone)

    def _body(self, body: Document) -> Document:
        if body["contentType"] == "html" and self.preferences.text_body:
            return {"content": event_body.plain(body["content"]), "contentType": "text"}
        return body


def place_of(call: Call) -> Place:
    """Return the place a call points at, the default list where its path names none."""
    assert call.person is not None  # noqa: S101
    assert call.exchange is not None  # noqa: S101
    if call.preferences.time_zone:
        zones.zone(call.preferences.time_zone)
    mailbox = call.exchange.mailbox(call.person)
    folder = mailbox.folders[TASKS]
    for name in call.folders:
        folder = folder_of(mailbox, name, kind=Kind.TASK)
    return Place(call.person, call.exchange, mailbox, folder, replace(call.preferences, immutable=False))


def task_of(call: Call, place: Place) -> Item:
    """Return the task that the path names, which must be in the list it names."""
    item = item_of(place.mailbox, call.item, kind=Kind.TASK)
    if item.folder != place.folder.number:
        raise item_not_found()
    return item


def without_nulls(document: Document) -> Document:
    return {name: value for name, value in document.items() if value is not None}
