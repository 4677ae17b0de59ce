"""When an event takes place, as one value: its normal form, and what is the same (engine.md §§7, 14)."""

import pytest

from app.records import when
from tests.rules.test_event_wire import lasting, timed

DAY, NEXT = {"date": "2026-03-02"}, {"date": "2026-03-03"}
NINE, TEN = timed("2026-03-02T09:00:00"), timed("2026-03-02T10:00:00")
VIENNA = timed("2026-03-02T09:00:00", "Europe/Vienna")
NEW_YORK = timed("2026-03-02T09:00:00", "America/New_York")
TUESDAYS, WEEKLY, DAILY = "FREQ=WEEKLY;BYDAY=MO", "FREQ=WEEKLY", "FREQ=DAILY"

FORMS = [
    ("nothing", None, None),
    ("no part", {}, None),
    ("parts that say nothing", {"start": None, "end": None, "rrule": None}, None),
    ("a start alone", {"start": NINE}, lasting(NINE)),
    ("a rule alone", {"rrule": DAILY}, {"start": None, "end": None, "rrule": DAILY}),
    ("no seconds", {"start": timed("2026-03-02T09:00"), "rrule": ""}, lasting(NINE)),
    ("parts of a second", {"start": timed("2026-03-02T09:00:00.123")}, lasting(NINE)),
    ("a day", {"start": DAY}, lasting(DAY, NEXT)),
    ("an end alone", {"end": TEN}, {"start": None, "end": TEN, "rrule": None}),
]


@pytest.mark.parametrize(("said", "form"), [pytest.param(*row, id=rule) for rule, *row in FORMS])
def test_the_normal_form(said, form):
    assert when.canonical(said) == form


SAME = [
    ("neither", None, None, True),
    ("nothing and no part", None, {}, True),
    ("one", lasting(NINE), None, False),
    ("the same", lasting(NINE, TEN), lasting(NINE, TEN), True),
    ("another place of its zone", lasting(NINE, TEN), lasting(VIENNA, TEN), True),
    ("another zone", lasting(NINE, TEN), lasting(NEW_YORK, TEN), False),
    ("another end", lasting(NINE, TEN), lasting(NINE, NINE), False),
    ("no end", lasting(NINE, TEN), lasting(NINE), False),
    ("a time and a day", lasting(NINE), lasting(DAY, NEXT), False),
    ("another spelling of a rule", lasting(NINE, TEN, WEEKLY), lasting(NINE, TEN, TUESDAYS), True),
    ("another rule", lasting(NINE, TEN, WEEKLY), lasting(NINE, TEN, DAILY), False),
    ("a rule and none", lasting(NINE, TEN, WEEKLY), lasting(NINE, TEN), False),
    ("a text that is no rule", lasting(NINE, TEN, "FREQ=NEVER"), lasting(NINE, TEN, "FREQ=NEVER"), True),
    ("two such texts", lasting(NINE, TEN, "FREQ=NEVER"), lasting(NINE, TEN, "FREQ=OFTEN"), False),
    ("days by another spelling", lasting(DAY, NEXT, WEEKLY), lasting(DAY, NEXT, TUESDAYS), True),
]


@pytest.mark.parametrize(("one", "other", "same"), [pytest.param(*row, id=rule) for rule, *row in SAME])
def test_what_takes_place_at_the_same_times(one, other, same):
    assert when.same(one, other) is same
    assert when.same(other, one) is same


SPELLED = [
    ("nothing", None, lasting(NINE), None),
    ("as in nothing", lasting(VIENNA), None, lasting(VIENNA)),
    ("the same zone", lasting(NINE, TEN), lasting(VIENNA), lasting(VIENNA, TEN)),
    ("another zone", lasting(NINE), lasting(NEW_YORK), lasting(NINE)),
    ("days", lasting(DAY, NEXT), lasting(NINE, TEN), lasting(DAY, NEXT)),
    ("the same rule", lasting(NINE, TEN, WEEKLY), lasting(NINE, TEN, TUESDAYS), lasting(NINE, TEN, TUESDAYS)),
    ("another rule", lasting(NINE, TEN, DAILY), lasting(NINE, TEN, TUESDAYS), lasting(NINE, TEN, DAILY)),
    ("a rule where none was", lasting(NINE, TEN, DAILY), lasting(NINE, TEN), lasting(NINE, TEN, DAILY)),
]


@pytest.mark.parametrize(("value", "known", "told"), [pytest.param(*row, id=rule) for rule, *row in SPELLED])
def test_a_hub_keeps_its_own_spelling_of_what_is_the_same(value, known, told):
    assert when.spelled(value, as_in=known) == told


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        pytest.param(None, (), id="none"),
        pytest.param(DAY, ("2026-03-02",), id="a day"),
        pytest.param(VIENNA, ("2026-03-02T09:00:00", "W. Europe Standard Time"), id="a zone by one name"),
        pytest.param(timed("2026-03-02T09:00:00", "Antarctica/Troll"), ("2026-03-02T09:00:00", "Antarctica/Troll"), id="a zone without another name"),
    ],
)  # fmt: skip
def test_what_tells_moments_apart(moment, told):
    assert when.printed(moment) == told
