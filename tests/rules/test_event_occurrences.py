"""Occurrences that differ from their series: what a master tells of them, and what each is told (engine.md §14)."""

from datetime import date

import pytest

from app.graph.calendar import shape
from app.graph.contacts import SHAPE as CONTACTS
from app.graph.occurrences import differing, meaning
from app.graph.series import OUTLOOK, day_in_uid
from app.records.link import Attempt, AttemptKind, LinkView
from app.sync.occurrences import begun_anew
from app.sync.one_occurrence import Change, Series, says
from tests.rules.outlook import NOON

SHAPE = shape()

BERLIN, WINDOWS = "Europe/Berlin", "W. Europe Standard Time"


def utc(clock):
    return {"dateTime": f"{clock}:00.0000000", "timeZone": "UTC"}


def master(start, end, *, zone=WINDOWS, days=False, others=(), cancelled=()):
    return {
        "id": "m", "isAllDay": days, "start": utc(start), "end": utc(end), "originalStartTimeZone": zone,
        "subject": "Stand-up", "recurrence": {"pattern": {"type": "daily", "interval": 1}, "range": {}},
        "exceptionOccurrences": list(others), "cancelledOccurrences": [f"OID.m.{day}" for day in cancelled],
    }  # fmt: skip


def other(original, start, end, *, days=False, **said):
    times = {"originalStart": f"{original}:00Z", "start": utc(start), "end": utc(end), "isAllDay": days}
    return {"subject": "Stand-up", **times, **said}


def clock(at, zone=BERLIN):
    return {"date_time": f"{at}:00", "time_zone": zone}


NINE = {"start": "2026-03-02T08:00", "end": "2026-03-02T08:15"}
TOLD = [
    ("another title", master(**NINE, others=[other("2026-03-04T08:00", "2026-03-04T08:00", "2026-03-04T08:15", subject="Long")]),
     [{"on": "2026-03-04", "title": "Long"}]),
    ("another time", master(**NINE, others=[other("2026-03-04T08:00", "2026-03-04T10:00", "2026-03-04T10:15")]),
     [{"on": "2026-03-04", "start": clock("2026-03-04T11:00"), "end": clock("2026-03-04T11:15")}]),
    ("another length", master(**NINE, others=[other("2026-03-04T08:00", "2026-03-04T08:00", "2026-03-04T08:30")]),
     [{"on": "2026-03-04", "start": clock("2026-03-04T09:00"), "end": clock("2026-03-04T09:30")}]),
    ("nothing that we hold", master(**NINE, others=[other("2026-03-04T08:00", "2026-03-04T08:00", "2026-03-04T08:15", showAs="free")]), []),
    ("cancelled", master(**NINE, cancelled=["2026-03-04"]), [{"on": "2026-03-04", "cancelled": True}]),
    ("one that went meanwhile", master(**NINE, others=[{**other("2026-03-04T08:00", "2026-03-04T08:00", "2026-03-04T08:15"), "originalStart": None}]), []),
    ("a title in summer", master(**NINE, others=[other("2026-07-04T07:00", "2026-07-04T07:00", "2026-07-04T07:15", subject="Long")]),
     [{"on": "2026-07-04", "title": "Long"}]),
    ("a title where clocks skip its time", master("2026-03-02T01:30", "2026-03-02T01:45", others=[other("2026-03-29T01:30", "2026-03-29T01:30", "2026-03-29T01:45", subject="Long")]),
     [{"on": "2026-03-29", "title": "Long"}]),
    ("a title where its time comes twice", master("2026-03-02T01:30", "2026-03-02T01:45", others=[other("2026-10-25T00:30", "2026-10-25T00:30", "2026-10-25T00:45", subject="Long")]),
     [{"on": "2026-10-25", "title": "Long"}]),
    ("a title of a night with a change", master("2026-03-02T22:00", "2026-03-03T05:00", others=[other("2026-03-28T22:00", "2026-03-28T22:00", "2026-03-29T04:00", subject="Long")]),
     [{"on": "2026-03-28", "title": "Long"}]),
    ("a whole day", master(**NINE, others=[other("2026-03-04T08:00", "2026-03-04T00:00", "2026-03-05T00:00", days=True)]),
     [{"on": "2026-03-04", "start": {"date": "2026-03-04"}, "end": {"date": "2026-03-05"}}]),
    ("a whole day in New York", master("2026-03-02T14:00", "2026-03-02T14:15", zone="Eastern Standard Time", others=[other("2026-03-04T14:00", "2026-03-04T00:00", "2026-03-05T00:00", days=True)]),
     [{"on": "2026-03-04", "start": {"date": "2026-03-04"}, "end": {"date": "2026-03-05"}}]),
    ("a title of one of whole days", master("2026-01-02T00:00", "2026-01-03T00:00", days=True, others=[other("2026-07-04T00:00", "2026-07-04T00:00", "2026-07-05T00:00", days=True, subject="Long")]),
     [{"on": "2026-07-04", "title": "Long"}]),
    ("a title of one of New York's whole days", master("2026-01-02T05:00", "2026-01-03T05:00", days=True, zone="Eastern Standard Time", others=[other("2026-07-04T04:00", "2026-07-04T04:00", "2026-07-05T04:00", days=True, subject="Long")]),
     [{"on": "2026-07-04", "title": "Long"}]),
    ("a title of one of whole days thirteen hours ahead", master("2026-01-01T11:00", "2026-01-02T11:00", days=True, zone="New Zealand Standard Time", others=[other("2026-01-03T11:00", "2026-01-03T11:00", "2026-01-04T11:00", days=True, subject="Long")]),
     [{"on": "2026-01-04", "title": "Long"}]),
    ("whole days that become a time", master("2026-01-02T00:00", "2026-01-03T00:00", days=True, zone="UTC", others=[other("2026-01-04T00:00", "2026-01-04T09:00", "2026-01-04T10:00")]),
     [{"on": "2026-01-04", "start": clock("2026-01-04T09:00", "UTC"), "end": clock("2026-01-04T10:00", "UTC")}]),
]  # fmt: skip


@pytest.mark.feature("F6")
@pytest.mark.lesson(11)
@pytest.mark.parametrize(("series", "told"), [pytest.param(*row, id=rule) for rule, *row in TOLD])
def test_what_a_series_tells_of_its_occurrences(series, told):
    assert differing(series) == told
    assert [each["on"] for each in meaning(differing(series))] == [each["on"] for each in told]


def test_an_event_that_is_no_series_has_no_occurrences():
    assert differing({"recurrence": None, "exceptionOccurrences": []}) == []


UIDS = [
    ("Outlook's", OUTLOOK + "07EA0304" + "0" * 48, date(2026, 3, 4)),
    ("Outlook's of a whole series", OUTLOOK + "00000000" + "0" * 48, None),
    ("another program's", "abc@example.org_20260304", None),
    ("none", None, None),
]


@pytest.mark.parametrize(("uid", "day"), [pytest.param(*row, id=rule) for rule, *row in UIDS])
def test_the_day_that_a_uid_names(uid, day):
    assert day_in_uid(uid) == day


def one(**said):
    blank = dict.fromkeys(("start", "end", "title", "location", "description"))
    return {"on": "2026-03-04", "cancelled": False, **blank, **said}


def graph(at):
    return {"dateTime": f"{at}:00", "timeZone": WINDOWS}


def midnight(day):
    return {"dateTime": f"{day}T00:00:00", "timeZone": "UTC"}


def slot(start, end, *, whole_day=False):
    return {"start": start, "end": end, "isAllDay": whole_day}


REGULAR = slot(graph("2026-03-04T09:00"), graph("2026-03-04T09:15"))
MOVED = one(start=clock("2026-03-04T11:00"), end=clock("2026-03-04T11:30"))
WHOLE = one(start={"date": "2026-03-04"}, end={"date": "2026-03-05"})
SAID = [
    ("moved", None, MOVED, slot(graph("2026-03-04T11:00"), graph("2026-03-04T11:30"))),
    ("moved back", MOVED, None, REGULAR),
    ("moved without an end", None, one(start=clock("2026-03-04T11:00")), slot(graph("2026-03-04T11:00"), graph("2026-03-04T11:15"))),
    ("longer", None, one(end=clock("2026-03-04T10:00")), slot(graph("2026-03-04T09:00"), graph("2026-03-04T10:00"))),
    ("as long as ever", one(end=clock("2026-03-04T10:00")), None, REGULAR),
    ("all day", None, WHOLE, slot(midnight("2026-03-04"), midnight("2026-03-05"), whole_day=True)),
    ("all day without an end", None, one(start={"date": "2026-03-04"}), slot(midnight("2026-03-04"), midnight("2026-03-05"), whole_day=True)),
    ("at its time again", WHOLE, None, REGULAR),
    ("another title", None, one(title="Long"), {"subject": "Long"}),
    ("its series' title", one(title="Long"), None, {"subject": "Stand-up"}),
    ("its series' place, of which there is none", one(location="Room 2"), None, {"location": {"displayName": ""}}),
    ("another text", None, one(description="Cake"), {"body": {"contentType": "text", "content": "Cake"}}),
    ("a title more", MOVED, {**MOVED, "title": "Long"}, slot(graph("2026-03-04T11:00"), graph("2026-03-04T11:30")) | {"subject": "Long"}),
]  # fmt: skip


@pytest.mark.feature("F6")
@pytest.mark.parametrize(("was", "becomes", "body"), [pytest.param(*row, id=rule) for rule, *row in SAID])
@pytest.mark.parametrize("ends", [True, False], ids=["with an end", "as long as was chosen"])
def test_what_an_occurrence_is_told(was, becomes, body, ends):
    end = clock("2026-03-02T09:15")
    value = {"start": clock("2026-03-02T09:00"), "end": end if ends else None, "rrule": "FREQ=DAILY"}
    had = {"when": master(**NINE) | {"recurrence": None}}
    series = Series({"title": "Stand-up", "when": value}, had)

    assert series.body(Change("2026-03-04", was, becomes)) == body


ROW = {"isAllDay": False, "subject": "Long", "location": {"displayName": "Room 2"}, "body": {"content": " Cake\r\n"},
       "start": {"dateTime": "2026-03-04T10:00:00.0000000", "timeZone": "UTC"},
       "end": {"dateTime": "2026-03-04T10:30:00.0000000", "timeZone": "UTC"}}  # fmt: skip
ALL_DAY = ROW | {"isAllDay": True} | {
    side: {"dateTime": f"2026-03-0{day}T00:00:00.0000000", "timeZone": "UTC"} for side, day in (("start", 4), ("end", 5))
}  # fmt: skip
AT_ELEVEN = slot(graph("2026-03-04T11:00"), graph("2026-03-04T11:30"))
ASKED = [
    ("nothing", ROW, {}, True),
    ("a cancellation", ROW, None, False),
    ("its title", ROW, {"subject": "Long"}, True),
    ("another title", ROW, {"subject": "Short"}, False),
    ("its place", ROW, {"location": {"displayName": "Room 2"}}, True),
    ("no place", ROW, {"location": {"displayName": ""}}, False),
    ("its text", ROW, {"body": {"contentType": "text", "content": "Cake"}}, True),
    ("another text", ROW, {"body": {"contentType": "text", "content": "Tea"}}, False),
    ("its time in its own zone", ROW, AT_ELEVEN, True),
    ("another start", ROW, AT_ELEVEN | {"start": graph("2026-03-04T10:00")}, False),
    ("another end", ROW, AT_ELEVEN | {"end": graph("2026-03-04T12:00")}, False),
    ("its time and another title", ROW, AT_ELEVEN | {"subject": "Short"}, False),
    ("its day", ALL_DAY, slot(midnight("2026-03-04"), midnight("2026-03-05"), whole_day=True), True),
    ("another day", ALL_DAY, slot(midnight("2026-03-03"), midnight("2026-03-05"), whole_day=True), False),
    ("a day in place of a time", ROW, slot(midnight("2026-03-04"), midnight("2026-03-05"), whole_day=True), False),
]  # fmt: skip


@pytest.mark.lesson(25)
@pytest.mark.parametrize(("row", "body", "said"), [pytest.param(*row, id=rule) for rule, *row in ASKED])
def test_what_an_occurrence_says_already_it_is_not_told(row, body, said):
    assert says(row, body) is said


@pytest.mark.parametrize(
    ("zone", "original", "day"),
    [
        pytest.param("UTC", "2026-03-04T00:00:00Z", "2026-03-04", id="in UTC"),
        pytest.param(WINDOWS, "2026-03-03T23:00:00Z", "2026-03-04", id="in Berlin"),
        pytest.param("New Zealand Standard Time", "2026-03-03T11:00:00Z", "2026-03-04", id="thirteen hours ahead"),
        pytest.param("Dateline Standard Time", "2026-03-04T12:00:00Z", "2026-03-04", id="twelve hours behind"),
    ],
)  # fmt: skip
def test_the_day_of_an_occurrence_of_whole_days(zone, original, day):
    value = {"start": {"date": "2026-03-02"}, "end": {"date": "2026-03-03"}, "rrule": "FREQ=DAILY"}

    assert Series({"when": value}, {"when": {"originalStartTimeZone": zone}}).day_of(original) == day


DIFFERS = [{"on": "2026-03-04", "cancelled": True}]
BEGINS = {"start": clock("2026-03-02T09:00"), "end": clock("2026-03-02T09:15"), "rrule": "FREQ=DAILY"}
PATTERN = {"pattern": {"type": "daily", "interval": 1}, "range": {"type": "noEnd", "startDate": "2026-03-02"}}
HELD = {"subject": "Stand-up", "when": master(**NINE) | {"recurrence": PATTERN}, "exceptions": DIFFERS}
HALF = HELD | {"when": master("2026-03-02T08:00", "2026-03-02T08:30") | {"recurrence": PATTERN}}
OTHER = HELD | {"when": master("2026-03-02T09:00", "2026-03-02T09:15") | {"recurrence": PATTERN}}


@pytest.mark.feature("F6")
@pytest.mark.lesson(7)
@pytest.mark.parametrize(
    ("sent", "trying", "wording", "agreed"),
    [
        pytest.param({"when": BEGINS}, None, HELD, False, id="an answer about its time"),
        pytest.param({"subject": "Long"}, None, HELD, True, id="an answer about its title"),
        pytest.param({"exceptions": []}, None, HELD, True, id="an answer about its occurrences"),
        pytest.param(None, None, HELD, True, id="somebody else's edit"),
        pytest.param(None, {"when": BEGINS}, HELD, False, id="a lost answer, the time is as we sent it"),
        pytest.param(None, {"when": BEGINS | {"end": None}}, HALF, False, id="a lost answer, the end is what it was told"),
        pytest.param(None, {"when": BEGINS | {"end": None}}, HELD, True, id="a lost answer, the end is another"),
        pytest.param(None, {"when": BEGINS}, OTHER, True, id="a lost answer, the time is another"),
        pytest.param(None, {"subject": "Long"}, HELD, True, id="a lost answer about its title"),
    ],
)  # fmt: skip
def test_what_differs_is_owed_again_only_where_we_set_the_time_of_a_series(sent, trying, wording, agreed):
    attempt = None if trying is None else Attempt(NOON, AttemptKind.UPDATE, trying)
    view = LinkView(HELD, {"exceptions": {"shown": []}}, attempt)

    seen = begun_anew(SHAPE, view, wording, sent=sent)

    assert ("exceptions" in seen.graph_had, "exceptions" in seen.graph_means) == (agreed, agreed)
    assert (seen.attempt, seen.graph_had["subject"]) == (attempt, "Stand-up")


def test_contacts_are_never_begun_anew():
    view = LinkView({"displayName": "Ada"})

    assert begun_anew(CONTACTS, view, {}, sent={"displayName": "Eve"}) is view
