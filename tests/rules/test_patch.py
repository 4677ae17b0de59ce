"""What one step of a record changed, and what the CRM is known to have of it (``engine.md`` §3)."""

from datetime import timedelta

import pytest

from app.records.contact import FIELDS
from app.records.patch import Revision, difference
from app.sync.copies import CrmView, applied, may_still_hold
from tests.rules.outlook import NOON

DIFFERENCES = [
    ("nothing", {"notes": "x"}, {"notes": "x"}, {}),
    ("another value", {"notes": "x"}, {"notes": "y"}, {"notes": "y"}),
    ("a new field", {}, {"notes": "y"}, {"notes": "y"}),
    ("a field that is missing now", {"notes": "x"}, {}, {"notes": None}),
    ("a list that is missing now", {"categories": ["VIP"]}, {}, {"categories": []}),
    ("a blank where nothing was", {}, {"notes": None}, {}),
]


@pytest.mark.parametrize(
    ("before", "after", "changed"), [pytest.param(*row, id=story) for story, *row in DIFFERENCES]
)
def test_a_difference_is_what_says_something_else(before, after, changed):
    assert difference(FIELDS, before, after) == changed


def step(number, value, *, origin="microsoft", told=False):
    return Revision(number, origin, {"job_title": value}, {}, NOON, told)


def crm(*steps):
    return CrmView({"job_title": [[1, "Programmer", False]]}, steps, len(steps) + 1, len(steps) + 1)


def test_what_came_after_an_acknowledged_revision_is_not_known_to_have_arrived():
    had = applied(crm(step(2, "Countess"), step(3, "Duchess")), up_to=2)

    assert had == {"job_title": [[2, "Countess", True]]}


def test_its_newest_write_ends_what_it_was_told_of_its_own_earlier_ones():
    own = (step(2, "Analyst", origin="crm", told=True), step(3, "Poet", origin="crm", told=True))
    now = NOON + timedelta(seconds=1)
    held = may_still_hold("job_title", FIELDS["job_title"], crm(*own), now=now, newest=True)

    assert [(h.value, h.pending) for h in held] == [("Poet", False), ("Poet", True)]


def test_its_own_write_ends_earlier_values_once_others_had_time_to_be_overtaken():
    own, late = step(3, "Poet", origin="crm"), timedelta(seconds=120)

    def held(now):
        return [h.value for h in may_still_hold("job_title", FIELDS["job_title"], crm(own), now=now)]

    assert held(NOON + late - timedelta(seconds=1)) == ["Programmer", "Poet"]
    assert held(NOON + late) == ["Poet"]


@pytest.mark.parametrize("number", [1, 2])
def test_a_field_it_has_never_stated_is_blank_until_its_own_write_of_it_settled(number):
    own, kind = step(number, "Poet", origin="crm"), FIELDS["job_title"]
    never = CrmView({}, (own,), number, number)

    def held(now):
        return [(h.revision, h.value, h.foreign) for h in may_still_hold("job_title", kind, never, now=now)]

    assert held(NOON) == [(0, None, False), (number, "Poet", False)]
    assert held(NOON + timedelta(days=1)) == [(number, "Poet", False)]
