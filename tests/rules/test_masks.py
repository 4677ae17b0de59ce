"""What of an item one mailbox may be read or written (engine.md §7)."""

import pytest

from app.graph.calendar import had, shape
from app.graph.contacts import SHAPE as CONTACTS
from app.records.link import LinkView
from app.sync.masks import (
    ABOUT,
    GUESTS,
    OBSERVED,
    PERSONAL,
    SHARED,
    Part,
    frozen,
    heard,
    masked,
    seen_of,
    unseen_of,
)
from app.sync.policy import Access
from app.sync.projection import Create, owed
from app.sync.scope import Private
from tests.rules.test_event_wire import guest, item, lasting, timed

SHAPE = shape()
ALL = frozenset(SHAPE.parts)
NEVER_WRITTEN = frozenset(name for name, part in SHAPE.parts.items() if not part.writes)
HERS, COPY = had(item()), had(item(isOrganizer=False))
MET = had(item(attendees=[guest("kim@example.org", "Kim", type="required")]))
PRIVATE = had(item(sensitivity="private"))
NEW: dict = {}
PRIMARY, FULL, VIEW = Access.PRIMARY, Access.FULL, Access.VIEW_ONLY
NONE: frozenset = frozenset()


def seen(*, doc=None, wording=NEW, **said):
    """Return what is left unread and unwritten of an item."""
    got = masked(SHAPE, doc or {}, LinkView(wording), Part(**{"access": PRIMARY, "invites": True, **said}))
    unread = {name for name, part in got.parts.items() if not part.reads}
    unwritten = {name for name, part in got.parts.items() if not part.writes}
    return unread, unwritten - NEVER_WRITTEN


MASKS = [
    ("the primary's own", {"wording": HERS}, NONE, NONE),
    ("a new one of the primary's", {}, NONE, NONE),
    ("nobody may be mailed", {"wording": HERS, "invites": False}, NONE, GUESTS),
    ("a new one, nobody may be mailed", {"invites": False}, NONE, GUESTS),
    ("a co-owner's", {"wording": HERS, "access": FULL}, OBSERVED | PERSONAL, PERSONAL | GUESTS),
    ("a new one of a co-owner's", {"access": FULL}, OBSERVED, GUESTS),
    ("a co-owner's, with guests", {"wording": MET, "access": FULL}, OBSERVED | PERSONAL, PERSONAL),
    ("a co-owner's beside another with guests", {"wording": MET, "access": FULL, "elsewhere": True, "invited": True},
     OBSERVED | PERSONAL, PERSONAL | GUESTS),
    ("a new one whose guests another mailbox invites", {"elsewhere": True, "invited": True}, NONE, GUESTS),
    ("one of two with guests", {"wording": MET, "elsewhere": True, "invited": True}, NONE, NONE),
    ("one that is only looked at", {"wording": HERS, "access": VIEW}, OBSERVED | PERSONAL, PERSONAL | GUESTS),
    ("one whose owner is gone", {"wording": HERS, "access": None}, OBSERVED | PERSONAL, PERSONAL | GUESTS),
    ("a guest's copy", {"wording": COPY}, NONE, SHARED),
    ("a guest's copy of a meeting that is here, too", {"wording": COPY, "elsewhere": True}, SHARED, SHARED),
    ("the organizer's beside a guest's copy", {"wording": HERS, "elsewhere": True}, NONE, NONE),
    ("a co-owner's copy as a guest", {"wording": COPY, "access": FULL, "elsewhere": True},
     OBSERVED | PERSONAL | SHARED, PERSONAL | SHARED),
    ("private here, shown as busy", {"wording": PRIVATE, "private": Private.BUSY_ONLY}, ABOUT, ABOUT),
    ("private in the CRM, shown as busy", {"doc": {"sensitivity": "personal"}, "private": Private.BUSY_ONLY}, ABOUT, ABOUT),
    ("not private, were it shown as busy", {"wording": HERS, "private": Private.BUSY_ONLY}, NONE, NONE),
    ("private, shown", {"wording": PRIVATE}, NONE, NONE),
    ("private, were it new", {"wording": PRIVATE, "private": Private.SKIP}, NONE, NONE),
]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "unread", "unwritten"), [pytest.param(*row, id=rule) for rule, *row in MASKS]
)
def test_what_is_neither_read_nor_written(said, unread, unwritten):
    assert seen(**said) == (set(unread), set(unwritten - NEVER_WRITTEN))


CANCELLED = {"isCancelled": True}


@pytest.mark.parametrize(
    ("wording", "unread"),
    [
        pytest.param(COPY, NONE, id="a guest's copy"),
        pytest.param(COPY | CANCELLED, SHARED, id="a guest's copy of what was cancelled"),
        pytest.param(HERS | CANCELLED, NONE, id="the organizer's own"),
        pytest.param(CANCELLED, NONE, id="nobody's"),
    ],
)
def test_a_guests_copy_of_what_was_cancelled_says_just_that(wording, unread):
    parts = heard(SHAPE, wording).parts

    assert {name for name, part in parts.items() if not part.reads} == unread
    assert heard(CONTACTS, {"displayName": "Ada"}) is CONTACTS


def test_contacts_are_read_and_written_whole():
    part = Part(access=FULL, private=Private.BUSY_ONLY)

    assert masked(CONTACTS, {"sensitivity": "private"}, LinkView({"isOrganizer": False}), part) is CONTACTS


@pytest.mark.parametrize("said", ["normal", "personal", "private", "confidential", None])
@pytest.mark.parametrize("private", Private)
def test_what_we_are_not_to_know_of_an_item(said, private):
    hidden = private is Private.BUSY_ONLY and said not in {"normal", None}

    assert unseen_of(had(item(sensitivity=said)), private) == (ABOUT if hidden else NONE)


EXCEPTIONS = [
    {"on": "2026-03-04", "title": "Hush"},
    {"on": "2026-03-05", "start": timed("2026-03-05T11:00:00"), "end": timed("2026-03-05T12:00:00"), "location": "Hush"},
    {"on": "2026-03-06", "cancelled": True},
]  # fmt: skip


def test_of_occurrences_whose_content_is_hidden_only_the_times_are_known():
    wording = PRIVATE | {"exceptions": EXCEPTIONS}

    seen = seen_of(wording, Private.BUSY_ONLY)

    assert not ABOUT & seen.keys()
    assert seen["exceptions"] == [
        {name: value for name, value in EXCEPTIONS[1].items() if name != "location"}, EXCEPTIONS[2],
    ]  # fmt: skip
    assert seen_of(wording, Private.AS_PRIVATE) is wording
    assert seen_of(HERS, Private.BUSY_ONLY) is HERS


def test_a_new_item_whose_content_is_hidden_is_called_busy():
    doc = {
        "title": "Doctor", "description": "Hush", "location": "Clinic", "sensitivity": "private",
        "when": lasting(timed("2026-03-02T09:00:00"), timed("2026-03-02T10:00:00")),
    }  # fmt: skip
    got = masked(SHAPE, doc, LinkView(), Part(access=PRIMARY, private=Private.BUSY_ONLY))

    write = owed(got, doc, LinkView())

    assert isinstance(write, Create)
    assert write.payload["subject"] == "Busy"
    assert not {"body", "location", "attendees"} & write.payload.keys()


def test_an_item_whose_content_is_hidden_keeps_its_title():
    view = LinkView(PRIVATE)
    got = masked(SHAPE, {}, view, Part(access=PRIMARY, private=Private.BUSY_ONLY))

    assert "subject" not in got.payload({"reminder": None}, PRIVATE)


PEOPLE = [{"address": "eve@example.org", "name": "Eve", "role": "required"}]
SHOWN = had(item(attendees=[guest("eve@example.org", "Eve", type="required")]))
OLD = {"attendees": {"shown": "old"}}
UNASKED = {"attendees": {"shown": PEOPLE, "asked": False}}
ASKED = {"attendees": {"shown": PEOPLE, "asked": True}}
EVE = {"attendees": PEOPLE}
COVERED = {"covered": True, "asked": False}

KEPT_OUT = [
    ("guests that Outlook doesn't show", EVE, HERS, OLD, {}, UNASKED),
    ("guests that it shows", EVE, SHOWN, OLD, {}, {}),
    ("guests that the CRM doesn't know", {}, SHOWN, OLD, {}, {"attendees": {"shown": [], "asked": False}}),
    ("none", {}, HERS, OLD, {}, {}),
    ("guests that may be mailed stay owed", EVE, HERS, OLD, COVERED, OLD),
    ("nor are they kept out anew when they may be", EVE, HERS, {}, COVERED, {}),
    ("of an item that isn't there yet", EVE, NEW, OLD, {}, OLD),
    ("another policy is chosen", EVE, HERS, UNASKED, COVERED, UNASKED),
    ("the CRM asks for them", EVE, HERS, UNASKED, {"covered": True, "asked": True}, {}),
    ("the CRM asks where nobody is mailed", EVE, HERS, UNASKED, {"asked": True}, ASKED),
    ("it had asked before they might be mailed", EVE, HERS, ASKED, {"covered": True, "asked": True}, ASKED),
    ("a co-owner's", EVE, HERS, {}, {"access": FULL, "covered": True}, UNASKED),
    ("a co-owner's, with guests", EVE, MET, {}, {"access": FULL, "covered": True}, {}),
    ("another mailbox invites them", EVE, HERS, {}, {"covered": True, "elsewhere": True, "invited": True}, UNASKED),
    ("another mailbox has the event, too", EVE, HERS, {}, {"covered": True, "elsewhere": True}, {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("doc", "wording", "known", "said", "means"), [pytest.param(*row, id=rule) for rule, *row in KEPT_OUT]
)
def test_guests_that_may_not_be_mailed_are_taken_for_agreed(doc, wording, known, said, means):
    view, part = LinkView(wording, known), Part(**{"access": PRIMARY, **said})

    assert frozen(masked(SHAPE, doc, view, part), doc, view, part) == means


def test_guests_of_whom_nothing_is_to_be_known_are_not_taken_for_agreed():
    view, part = LinkView(PRIVATE, OLD), Part(access=PRIMARY, private=Private.BUSY_ONLY)

    assert frozen(masked(SHAPE, EVE, view, part), EVE, view, part) == OLD
    assert frozen(CONTACTS, {}, view, part) == OLD
