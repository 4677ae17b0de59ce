"""Two sides that keep putting each other's value back are stopped (engine.md §11)."""

from datetime import timedelta

import pytest

from app.records.contact import FIELDS
from app.records.link import LinkView
from app.sync.conflicts import Side, Stamp
from app.sync.holding import branches, calm, closed_by_rule, is_open, next_calm, with_branch
from app.sync.reconcile import Received
from app.sync.stated import Stated
from app.sync.swinging import FLAPPING, MOST, Move, flapping, parked, stopped, swung
from tests.rules.outlook import NOON

HOUR = timedelta(hours=1)


def swings(values, *, by, every=timedelta(minutes=1)):
    """Return the swings of a title that took these values, moved by each of ``by`` in turn."""
    known, now, was = {}, NOON, "Analyst"
    for number, value in enumerate(values):
        now += every
        known = swung(known, [Move("job_title", was, value)], by=by[number % len(by)], now=now)
        was = value
    return known


BOTH = ("con_1", "crm")
STORIES = [
    ("two sides, four times back", ("a", "b", "a", "b", "a", "b"), BOTH, 1, True),
    ("three times only", ("a", "b", "a", "b", "a"), BOTH, 1, False),
    ("one side alone", ("a", "b", "a", "b", "a", "b", "a", "b"), ("crm",), 1, False),
    ("new values each time", ("a", "b", "c", "d", "e", "f", "g"), BOTH, 1, False),
    ("two mailboxes", ("a", "b", "a", "b", "a", "b"), ("con_1", "con_2"), 1, True),
    ("too slowly", ("a", "b", "a", "b", "a", "b", "a", "b"), BOTH, 30, False),
    ("with another value in between", ("a", "b", "a", "b", "c", "b", "a", "b"), BOTH, 1, False),
]


@pytest.mark.feature("F4")
@pytest.mark.parametrize(
    ("values", "by", "minutes", "stops"), [pytest.param(*row, id=story) for story, *row in STORIES]
)
def test_what_swings_too_often_is_noticed(values, by, minutes, stops):
    known = swings(values, by=by, every=timedelta(minutes=minutes))

    assert (flapping(known, ["job_title"]) == ["job_title"]) is stops


def test_what_is_older_than_an_hour_is_forgotten():
    known = swings(("a", "b", "a"), by=BOTH)
    later = swung(known, [Move("company", None, "Acme")], by="crm", now=NOON + 2 * HOUR)

    assert [*later] == ["company"]


def test_a_field_that_swings_is_held_where_it_was_and_nothing_else_is():
    known = swings(("a", "b") * 2 + ("a",), by=("crm", "con_1"))
    stamp = Stamp(NOON, Side.MICROSOFT, "con_1").document()
    doc = {"job_title": "a", "company": "Old"}
    received = Received(
        {"job_title": "b", "company": "New"}, LinkView(), {"job_title": "a", "company": "Old"},
        field_at={"job_title": stamp, "company": stamp},
    )  # fmt: skip

    now = NOON + timedelta(minutes=6)
    held, after = parked(received, doc, known, connection="con_1", now=now)

    assert held.doc == {"job_title": "a", "company": "New"}
    assert (held.previous, [*held.field_at]) == ({"company": "Old"}, ["company"])
    branch = branches(held.held, "job_title")["con_1"]
    assert (branch.value, branch.base, branch.code) == ("b", "a", FLAPPING)
    assert next_calm(held.held) == now + HOUR
    assert len(after["job_title"]["times"]) == MOST


STAMP = Stamp(NOON, Side.MICROSOFT, "con_1").document()


def held_by_the_crm():
    """Return what is in question once the CRM has put back what a mailbox's user keeps putting back."""
    known = swings(("a", "b") * 2 + ("a",), by=("con_1", "crm"))
    stated = Stated({"job_title": "b"}, {}, 2, {"job_title": "a"}, (), {}, (), (), ())
    moved, _ = stopped(stated, known, field_at={"job_title": STAMP}, now=NOON + timedelta(minutes=6))
    assert moved.doc == {"job_title": "b"}
    return moved.held


def held_by_the_mailbox():
    """Return the same, where it was the mailbox that did it last."""
    known = swings(("b", "a") * 2 + ("b",), by=("crm", "con_1"))
    received = Received({"job_title": "a"}, LinkView(), {"job_title": "b"}, field_at={"job_title": STAMP})
    moved, _ = parked(
        received, {"job_title": "b"}, known, connection="con_1", now=NOON + timedelta(minutes=6)
    )
    assert moved.doc == {"job_title": "b"}
    return moved.held


@pytest.mark.parametrize("held", [held_by_the_crm, held_by_the_mailbox])
def test_what_swung_is_a_question_until_somebody_decides_it_or_both_say_the_same(held):
    """Neither side has gone back to what both had: there was nothing that both had."""
    branch = branches(held(), "job_title")["con_1"]
    assert (branch.value, branch.code, branch.at) == ("a", FLAPPING, NOON.isoformat())

    calmed = with_branch({}, "job_title", "con_1", calm(branch))

    assert closed_by_rule(FIELDS, {"job_title": "b"}, calmed) == calmed
    assert closed_by_rule(FIELDS, {"job_title": "c"}, calmed) == calmed
    assert closed_by_rule(FIELDS, {"job_title": "a"}, calmed) == {}


def test_what_swings_is_not_closed_by_swinging():
    known = swings(("a", "b") * 2 + ("a",), by=("crm", "con_1"))
    stamp = Stamp(NOON, Side.MICROSOFT, "con_1").document()
    received = Received({"job_title": "b"}, LinkView(), {"job_title": "a"}, field_at={"job_title": stamp})
    held, _ = parked(received, {"job_title": "a"}, known, connection="con_1", now=NOON + timedelta(minutes=6))

    branch = branches(held.held, "job_title")["con_1"]
    assert is_open("text", branch, "b")
    assert is_open("text", branch, "c")
