"""Events and calendars as Graph shows them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote
from uuid import UUID

from sandbox.directory import Person
from sandbox.graph import event, event_body, extended, ids, odata, series, teams, zones
from sandbox.graph.errors import item_not_found
from sandbox.graph.odata import Query, Rules
from sandbox.graph.series import Occurrence
from sandbox.graph.sharing import EVERYTHING, Rights
from sandbox.graph.store import CALENDAR, Folder, Item, Mailbox
from sandbox.graph.wire import Preferences

Document = dict[str, Any]

ON_REQUEST = frozenset({"originalStart", "cancelledOccurrences", "exceptionOccurrences"})
HEAD = (
    "id", "createdDateTime", "lastModifiedDateTime", "changeKey", "categories", "transactionId",
    "originalStartTimeZone", "originalEndTimeZone", "iCalUId", "reminderMinutesBeforeStart", "isReminderOn",
    "hasAttachments", "subject", "bodyPreview", "importance", "sensitivity", "isAllDay", "isCancelled",
    "isOrganizer", "responseRequested", "seriesMasterId", "showAs", "type", "webLink", "onlineMeetingUrl",
    "isOnlineMeeting", "onlineMeetingProvider", "allowNewTimeProposals", "isDraft", "hideAttendees",
    "recurrence", "onlineMeeting", "responseStatus", "body", "start", "end", "location", "locations",
    "attendees", "organizer",
)  # fmt: skip
PROPERTIES = frozenset(HEAD) | {"originalStart", "cancelledOccurrences"}
EVENT = Rules(
    kind="event",
    properties=PROPERTIES,
    sortable=frozenset({
        "createdDateTime", "lastModifiedDateTime", "subject", "importance", "sensitivity", "isAllDay",
        "showAs", "iCalUId", "start/dateTime", "end/dateTime",
    }),
    navigation=event.NAVIGATION,
    nested=frozenset({"exceptionOccurrences", "calendar"}),
    comparable={
        "subject": "text", "iCalUId": "text", "showAs": "text", "importance": "text", "sensitivity": "text",
        "start/dateTime": "time", "end/dateTime": "time", "createdDateTime": "time",
        "lastModifiedDateTime": "time",
        "isAllDay": "flag", "isCancelled": "flag", "isOrganizer": "flag",
    },
)  # fmt: skip
CALENDAR_PROPERTIES = (
    "id", "name", "color", "hexColor", "isDefaultCalendar", "changeKey", "canShare", "canViewPrivateItems",
    "canEdit", "allowedOnlineMeetingProviders", "defaultOnlineMeetingProvider", "isTallyingResponses",
    "isRemovable", "owner",
)  # fmt: skip
CALENDAR_RULES = Rules(
    kind="calendar",
    properties=frozenset(CALENDAR_PROPERTIES),
    sortable=frozenset({"id", "name"}),
    navigation=frozenset({
        "calendarPermissions", "calendarView", "events", "multiValueExtendedProperties", event.EXTENDED,
    }),
)  # fmt: skip
WEB_LINK = "https://outlook.office365.com/owa/?itemid={}&exvsurl=1&path=/calendar/item"
# Nothing of an occurrence but these stands in the bare row of a delta.
SKELETON = frozenset({"@odata.etag", "id", "seriesMasterId", "type", "start", "end"})


@dataclass(frozen=True, slots=True)
class View:
    """How a caller wants events: ids in which format, times in which zone, bodies as what."""

    mailbox: Mailbox
    immutable: bool = False
    zone: str = "UTC"
    text_body: bool = False
    rights: Rights = EVERYTHING
    local: UUID | None = None  # the mailbox whose local copy of the calendar is looked at

    @classmethod
    def of(
        cls, mailbox: Mailbox, preferences: Preferences, rights: Rights, local: UUID | None = None
    ) -> "View":
        if preferences.time_zone:
            zones.zone(preferences.time_zone)
        zone = preferences.time_zone or "UTC"
        return cls(mailbox, preferences.immutable, zone, preferences.text_body, rights, local)

    def id(self, item: Item, found: Occurrence | None = None) -> str:
        occurrence = None if found is None else (series.state(item.fields)["epoch"], found.day.toordinal())
        return self.named(self.mailbox.item_id(item, immutable=self.immutable, occurrence=occurrence))

    def named(self, owned: str) -> str:
        """Return the id under which the caller knows what has an id in the owner's mailbox."""
        return owned if self.local is None else ids.local_item_id(self.local, owned)

    def owned(self, named: str) -> str:
        """Return the owner's id of what the caller names. Quirk: the owner's own ids are none in a copy."""
        if self.local is None:
            return named
        owned = ids.owned_item_id(named, mailbox=self.local)
        if owned is None:
            raise item_not_found()
        return owned

    def event(self, item: Item, found: Occurrence | None = None, *, query: Query = odata.Query()) -> Document:  # noqa: B008 — frozen
        """Return an event with its etag; the id comes along whatever is selected."""
        whole = self._whole(item, found)
        chosen = query.select or HEAD
        shown = {
            name: value for name, value in whole.items() if name in chosen or name in {"@odata.etag", "id"}
        }
        properties = item.properties if found is None else found.properties
        if kept := extended.shown(properties, list(query.expand)):
            shown[event.EXTENDED] = kept
        if "exceptionOccurrences" in query.nested and found is None and series.is_master(item.fields):
            shown["exceptionOccurrences"] = [self.event(item, one) for one in self._exceptions(item)]
        return shown

    def skeleton(self, item: Item, found: Occurrence) -> Document:
        """Return an occurrence as a delta shows it. Quirk: all the rest has to come from the master.

        https://github.com/microsoftgraph/microsoft-graph-docs/issues/7632
        """
        return {name: value for name, value in self._whole(item, found).items() if name in SKELETON}

    def _whole(self, item: Item, found: Occurrence | None) -> Document:
        fields = self.rights.masked(item.fields if found is None else found.fields)
        key = ids.change_key(self.mailbox.owner, item.version)
        shown_id = self.id(item, found)
        kept = {name: value for name, value in fields.items() if name in PROPERTIES}
        whole = dict.fromkeys(HEAD) | kept | {
            "@odata.etag": f'W/"{key}"',
            "id": shown_id,
            "createdDateTime": item.created,
            "lastModifiedDateTime": item.modified,
            "changeKey": key,
            "originalStartTimeZone": fields["start"]["timeZone"],
            "originalEndTimeZone": fields["end"]["timeZone"],
            "hasAttachments": False,
            "bodyPreview": event_body.preview(fields["body"]),
            "isDraft": False,
            "webLink": WEB_LINK.format(quote(shown_id, safe="")),
            "body": event_body.shown(fields["body"], as_text=self.text_body),
            "start": zones.shown(zones.moment(fields["start"]), self.zone),
            "end": zones.shown(zones.moment(fields["end"]), self.zone),
        }  # fmt: skip
        return {"@odata.etag": whole.pop("@odata.etag")} | whole | self._in_series(item, found)

    def _in_series(self, item: Item, found: Occurrence | None) -> Document:
        """Return what an event says of the series it is or belongs to."""
        if found is not None:
            return {
                "type": "exception" if found.changed else "occurrence",
                "seriesMasterId": self.id(item),
                "recurrence": None,
                "iCalUId": of_day(item.fields["iCalUId"], found.day),
                "originalStart": found.original.isoformat().replace("+00:00", "Z"),
            }
        if not series.is_master(item.fields):
            return {"type": "singleInstance", "cancelledOccurrences": []}
        cancelled = [f"OID.{self.id(item)}.{day}" for day in series.state(item.fields)["cancelled"]]
        return {"type": "seriesMaster", "cancelledOccurrences": cancelled}

    def _exceptions(self, item: Item) -> Iterator[Occurrence]:
        for day in series.state(item.fields)["exceptions"]:
            yield series.on(item.fields, item.properties, date.fromisoformat(day))


def of_day(uid: str, day: date) -> str:
    """Return the uid of one occurrence: Outlook writes its day into the uid of the series.

    A uid of another program stays as it is, with the day behind it (doubtful).
    """
    if not uid.startswith("040000008200E00074C5B7101A82E008"):
        return f"{uid}_{day:%Y%m%d}"
    place = len("040000008200E00074C5B7101A82E008")
    return f"{uid[:place]}{day.year:04X}{day.month:02X}{day.day:02X}{uid[place + 8 :]}"


def calendar(
    mailbox: Mailbox,
    held: Folder,
    *,
    owner: Person,
    rights: Rights = EVERYTHING,
    select: tuple[str, ...] = (),
    local: str | None = None,
) -> Document:
    """Return a calendar as its owner sees it, or somebody it is shared with, by its ``local`` id there."""
    allowed = teams.providers(owner)
    whole = {
        "id": local or mailbox.folder_id(held.number),
        "name": held.name,
        "color": held.about.get("color", "auto"),
        "hexColor": held.about.get("hexColor", ""),
        "isDefaultCalendar": held.number == CALENDAR,
        "changeKey": ids.change_key(mailbox.owner, held.about.get("version", 0)),
        "canShare": rights.owner,
        "canViewPrivateItems": rights.sees_private,
        "canEdit": rights.writes,
        "allowedOnlineMeetingProviders": allowed,
        "defaultOnlineMeetingProvider": allowed[0] if allowed else "unknown",
        "isTallyingResponses": held.number == CALENDAR,
        "isRemovable": held.number != CALENDAR,
        "owner": {"name": owner.display_name, "address": owner.mail},
    }
    return {name: value for name, value in whole.items() if not select or name in select or name == "id"}
