"""Who is mailed because of a write, and who may be (engine.md §13)."""

from datetime import UTC, datetime

import pytest

from app.graph.calendar import shape
from app.records.link import LinkView
from app.sync.mails import (
    SILENT,
    UNSEEN_GUESTS,
    Invitations,
    is_ahead,
    mailed_by,
    mailed_by_call,
    mailed_by_delete,
    may_mail,
    silent,
)
from app.sync.projection import Create, Update, owed

pytestmark = pytest.mark.feature("F5")
SHAPE = shape()
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
EVE = {"address": "eve@example.org", "name": "Eve", "role": "required"}


def guest(address):
    return {"type": "required", "emailAddress": {"address": address, "name": address}}


MEETING = {"isOrganizer": True, "attendees": [guest("Eve@example.org"), guest("bob@example.org")]}
COPY = {**MEETING, "isOrganizer": False}
UNSEEN = {"isOrganizer": True, UNSEEN_GUESTS: 2}
TWO = ("guest 1 of a private event", "guest 2 of a private event")
ALONE = {"isOrganizer": True, "attendees": []}
BOTH = ("eve@example.org", "bob@example.org")
EACH = [name for name, part in SHAPE.parts.items() if part.writes]


def update(had, *parts, **fields):
    return Update(fields, (*parts, *fields), had, SHAPE)


@pytest.mark.parametrize("part", EACH)
@pytest.mark.parametrize(
    ("had", "guests"),
    [
        pytest.param(MEETING, BOTH, id="her own meeting"),
        pytest.param(COPY, (), id="a guest's copy"),
        pytest.param(ALONE, (), id="nobody else's"),
        pytest.param(UNSEEN, TWO, id="her own, of whose guests only the number is known"),
        pytest.param(UNSEEN | {"isOrganizer": False}, (), id="a guest's copy, of which no more is known"),
        pytest.param({}, (), id="of whose guests nothing is known"),
    ],
)
def test_who_is_mailed_by_an_edit(part, had, guests):
    assert mailed_by(update(had, part), had) == (() if part in SILENT else guests)


def test_parts_that_are_silent_are_those_of_which_nobody_hears():
    assert set(EACH) - silent(SHAPE) == {"reminder", "showAs", "categories"}
    assert mailed_by(update(MEETING, "reminder", "subject"), MEETING) == BOTH


WRITES = [
    ("a new event with guests", Create({"attendees": [EVE]}, SHAPE), {}, ("eve@example.org",)),
    ("a new event without", Create({"attendees": []}, SHAPE), {}, ()),
    ("a guest more", update(MEETING, attendees=[EVE, {**EVE, "address": "kim@example.org"}]), MEETING, (*BOTH, "kim@example.org")),
    ("a first guest", update(ALONE, attendees=[EVE]), ALONE, ("eve@example.org",)),
    ("a guest less", update(MEETING, attendees=[]), MEETING, BOTH),
]  # fmt: skip


@pytest.mark.parametrize(("write", "had", "guests"), [pytest.param(*row, id=rule) for rule, *row in WRITES])
def test_who_is_mailed_by_a_write_of_guests(write, had, guests):
    assert mailed_by(write, had) == guests


CALLS = [
    ("a reminder", "PATCH", {"isReminderOn": False}, MEETING, ()),
    ("all that is silent", "PATCH", {"reminderMinutesBeforeStart": 5, "showAs": "free", "categories": []}, MEETING, ()),
    ("a title", "PATCH", {"subject": "Ball"}, MEETING, BOTH),
    ("a title beside a reminder", "PATCH", {"subject": "Ball", "isReminderOn": False}, MEETING, BOTH),
    ("a title of a copy", "PATCH", {"subject": "Ball"}, COPY, ()),
    ("a sensitivity", "PATCH", {"sensitivity": "private"}, MEETING, BOTH),
    ("a delete", "DELETE", {}, MEETING, BOTH),
    ("a delete of a copy", "DELETE", {}, COPY, ()),
    ("a guest", "PATCH", {"attendees": [guest("kim@example.org")]}, ALONE, ("kim@example.org",)),
    ("guests without an address", "PATCH", {"attendees": [{"emailAddress": None}, {}]}, ALONE, ()),
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "body", "had", "guests"), [pytest.param(*row, id=rule) for rule, *row in CALLS]
)
def test_who_is_mailed_by_a_call(method, body, had, guests):
    assert mailed_by_call(method, body, had) == guests


@pytest.mark.parametrize(
    ("had", "guests"), [(MEETING, BOTH), (COPY, ()), (ALONE, ()), ({}, ()), (UNSEEN, TWO)]
)
def test_who_is_mailed_a_cancellation(had, guests):
    assert mailed_by_delete(had) == guests


def when(start, rrule=None):
    return {"when": {"start": start, "end": None, "rrule": rrule}}


def clock(at, zone="Europe/Berlin"):
    return {"date_time": at, "time_zone": zone}


EVER = {"on": "2030-03-08", "cancelled": False} | dict.fromkeys(("start", "end", "location", "description"))
AHEAD = [
    ("in an hour", when(clock("2026-03-02T14:00:00")), True),
    ("an hour ago", when(clock("2026-03-02T12:00:00")), False),
    ("now", when(clock("2026-03-02T13:00:00")), False),
    ("tomorrow", when({"date": "2026-03-03"}), True),
    ("today, all day", when({"date": "2026-03-02"}), False),
    ("a series that goes on", when(clock("2020-03-02T09:00:00"), "FREQ=DAILY"), True),
    ("a series that is over", when(clock("2020-03-02T09:00:00"), "FREQ=DAILY;COUNT=3"), False),
    ("a series yet to come", when(clock("2030-03-02T09:00:00"), "FREQ=YEARLY;COUNT=2"), True),
    ("a series whose last event is cancelled",
     when(clock("2026-03-01T09:00:00"), "FREQ=WEEKLY;COUNT=2") | {"exceptions": [{"on": "2026-03-08", "cancelled": True}]}, False),
    ("a series that is over, of which an event differs that it has no more",
     when(clock("2020-03-02T09:00:00"), "FREQ=DAILY;COUNT=3") | {"exceptions": [{**EVER, "title": "Ball"}]}, False),
    ("without a time", {}, False),
    ("without a start", when(None), False),
]  # fmt: skip


@pytest.mark.parametrize(("doc", "ahead"), [pytest.param(*row, id=rule) for rule, *row in AHEAD])
@pytest.mark.parametrize("policy", Invitations)
@pytest.mark.parametrize("invite", [True, False], ids=["asked", "unasked"])
def test_whose_mails_a_policy_covers(doc, ahead, policy, invite):
    covered = policy is Invitations.ALWAYS or (policy is Invitations.WHEN_ASKED and invite)

    assert is_ahead(doc, now=NOW) is ahead
    assert may_mail(policy, invite=invite, doc=doc, now=NOW) is (covered and ahead)


def test_a_new_event_without_guests_mails_nobody_whatever_else_it_says():
    doc = {"title": "Ball", "categories": ["Red"], "reminder": {"minutes": 5}}

    assert mailed_by(owed(SHAPE, doc, LinkView()), {}) == ()
