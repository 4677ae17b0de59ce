"""What Exchange must have mailed when a calendar became another one: each guest, of each change, once.

Known from what Outlook shows before and after, and from Microsoft's rules of who is told what; of nothing that
Concord says of itself. https://learn.microsoft.com/graph/api/event-update
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.calendar.diary import Diary, at
from tests.preview.preview_stage import Json

SELECT = ("id", "type", "subject", "location", "bodyPreview", "start", "end", "originalStart")
ABOUT = ("title", "location", "description", "when")
Mails = Counter[tuple[str, str, str]]
"""How often whom is mailed what: (event, kind, address)."""


@dataclass(frozen=True)
class Shown:
    """A meeting or an event of its organizer's, as Outlook shows it: ``changed`` by the days of its series."""

    id: str
    says: dict[str, Any]
    guests: frozenset[str]
    changed: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    cancelled: frozenset[str] = frozenset()


def name_of(title: str) -> str:
    """Return what an event is called whatever else its title says."""
    return title.partition(" ")[0]


async def shown(person: Diary) -> dict[str, Shown]:
    """Return what somebody organizes, by name."""
    found = {}
    for event in await person.events():
        if event["isOrganizer"]:
            name = name_of(event["subject"])
            assert name not in found, f"{name} is doubled"
            found[name] = await _read(person, event)
    return found


async def _read(person: Diary, event: Json) -> Shown:
    guests = frozenset(each["emailAddress"]["address"].lower() for each in event["attendees"])
    whole = Shown(event["id"], _says(event), guests)
    if event["type"] != "seriesMaster":
        return whole
    rows = (await person.outlook("GET", f"events/{event['id']}/instances?{_asked()}"))["value"]
    changed = {row["originalStart"][:10]: _differs(row, event) for row in rows if row["type"] == "exception"}
    master = await person.outlook("GET", f"events/{event['id']}?$select=cancelledOccurrences")
    cancelled = frozenset(name.rpartition(".")[2] for name in master["cancelledOccurrences"])
    return Shown(event["id"], whole.says, guests, changed, cancelled)


def _asked() -> str:
    begin, end = (at(day, "00:00")["date_time"] for day in (-60, 120))
    return f"startDateTime={begin}Z&endDateTime={end}Z&$top=500&$select={','.join(SELECT)}"


def _says(event: Json) -> dict[str, Any]:
    return {
        "title": event["subject"],
        "location": event["location"]["displayName"],
        "description": event["bodyPreview"],
        "when": (
            event["start"]["dateTime"][:19],
            event["end"]["dateTime"][:19],
            str(event.get("recurrence")),
        ),
    }


def _differs(row: Json, master: Json) -> tuple[Any, ...]:
    """Return what an occurrence has of its own: where it says what its series says, nothing."""
    own, its = _says(row), _says(master)
    texts = tuple(own[name] if own[name] != its[name] else None for name in ("title", "location"))
    start = row["start"]["dateTime"][:19]
    return (*texts, None if start == row["originalStart"][:19] else start)


def mails_between(before: dict[str, Shown], after: dict[str, Shown], *, organizer: str) -> Mails:
    """Return what was mailed if each event became what it is by the fewest writes there are.

    Who organizes it isn't mailed, though a guest.
    """
    found: Mails = Counter()
    for name in before.keys() | after.keys():
        was, now = before.get(name), after.get(name)
        if was is not None and (now is None or now.id != was.id):
            found += _told(name, "cancellation", was.guests)
        if now is not None:
            known = was if was is not None and was.id == now.id else None
            found += _made(name, now) if known is None else _changed(name, known, now)
    return Counter({mail: times for mail, times in found.items() if mail[2] != organizer.lower()})


def _made(name: str, now: Shown) -> Mails:
    return _told(name, "invitation", now.guests) + _of_occurrences(name, None, now)


def _changed(name: str, was: Shown, now: Shown) -> Mails:
    """Quirk: who stays is told of a series once, and once more for each occurrence that differs from it."""
    found = _told(name, "invitation", now.guests - was.guests)
    found += _told(name, "cancellation", was.guests - now.guests)
    anew = was.says["when"] != now.says["when"]
    if was.says != now.says:
        times = 1 if anew else 1 + len(was.changed)
        found += _told(name, "update", now.guests & was.guests, times=times)
    return found + _of_occurrences(name, None if anew else was, now)


def _of_occurrences(name: str, was: Shown | None, now: Shown) -> Mails:
    """Quirk: of a series with another time nothing differs any more; each that still does is written again."""
    changed = was.changed if was is not None else {}
    others = sum(now.changed[day] != changed.get(day) for day in now.changed)
    ended = now.cancelled - (was.cancelled if was is not None else frozenset())
    told = _told(name, "update", now.guests, times=others)
    return told + _told(name, "cancellation", now.guests, times=len(ended))


def _told(name: str, kind: str, guests: frozenset[str], *, times: int = 1) -> Mails:
    return Counter({(name, kind, address): times for address in guests if times})


async def mailed(person: Diary, *, after: int) -> Mails:
    """Return what somebody's mailbox sent since its outbox held so many messages."""
    messages = (await person.outbox())[after:]
    return Counter(
        (name_of(each["subject"]), each["kind"], address.lower())
        for each in messages
        for address in each["to"]
    )
