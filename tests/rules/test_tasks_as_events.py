"""What a task is in a calendar, and whether it belongs there (decision 0028)."""

from datetime import UTC, datetime

import pytest

from app.records import task
from app.sync.entity_settings import CalendarSettings
from app.sync.scope import Facts, scope

pytestmark = pytest.mark.feature("B7")
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
OWNERS = [{"user": "agent-7", "access": "full"}]
RULES = {"projects": {"mode": "listed", "active": ["p-1"]}}


def doc(**fields):
    return task.completed(task.stated(fields), {})


def placed(fields, *, chosen=(), met=False, **said):
    settings = CalendarSettings.of(
        {"calendar_name": "Acme", "direction": "two_way", "include_tasks": True, **dict(chosen)}
    )
    mailbox = settings.scope("agent-7", began_at=NOW, rules=RULES, now=NOW)
    facts = Facts(said={"owners": OWNERS, **said}, doc=task.as_event(doc(**fields)), met=met, mirror=True)
    return scope(mailbox, facts)


def test_a_task_is_a_free_whole_day_without_a_reminder():
    event = task.as_event(doc(title="Call", notes="Soon", due_date="2026-03-31", importance="high"))

    assert event == {
        "title": "Call",
        "description": "Soon",
        "when": {"start": {"date": "2026-03-31"}, "end": {"date": "2026-04-01"}, "rrule": None},
        "show_as": "free",
        "reminder": None,
        "status": None,
    }


def test_a_task_that_repeats_is_on_its_next_day_alone():
    event = task.as_event(doc(title="Call", due_date="2026-03-31", recurrence={"rrule": "FREQ=DAILY"}))

    assert event["when"]["rrule"] is None


def test_a_task_that_is_due_on_no_day_has_none_as_an_event():
    assert task.as_event(doc(title="Call"))["when"] is None


DUE = {"title": "Call", "due_date": "2026-03-12"}
CASES = [
    ("due in the window", DUE, {}, "in_scope"),
    ("due on no day", {"title": "Call"}, {}, "not_in_calendar"),
    ("due on no day any more", {"title": "Call"}, {"met": True}, "not_in_calendar"),
    ("not asked for", DUE, {"chosen": {"include_tasks": False}}, "not_in_calendar"),
    ("not asked for any more", DUE, {"chosen": {"include_tasks": False}, "met": True}, "not_in_calendar"),
    ("due too late", {**DUE, "due_date": "2027-03-12"}, {}, "outside_window"),
    ("past due for long", {**DUE, "due_date": "2025-03-12"}, {}, "outside_window"),
    ("past due, and there", {**DUE, "due_date": "2025-03-12"}, {"met": True}, "in_scope"),
    ("types are chosen", DUE, {"chosen": {"activity_types": ["call"]}}, "in_scope"),
    ("of another project", DUE, {"project": "p-2"}, "project_not_active"),
    ("of an active project", DUE, {"project": "p-1"}, "in_scope"),
    ("not opted in", DUE, {"opted_in": False}, "in_scope"),
    ("somebody else's", DUE, {"owners": [{"user": "agent-8", "access": "full"}]}, "not_an_owner"),
    ("not one's own", DUE, {"chosen": {"ownership": "primary_only"}}, "not_primary_owner"),
    ("completed", {**DUE, "status": "completed"}, {}, "in_scope"),
    ("completed, taken out", {**DUE, "status": "completed"}, {"chosen": {"completed": "delete"}}, "completed_excluded"),
    ("older than asked for", DUE, {"chosen": {"existing_records": "only_new"}}, "no_created_at"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "about", "reason"), [pytest.param(*row, id=rule) for rule, *row in CASES])
def test_a_task_is_in_the_calendar_as_an_event_would_be(fields, about, reason):
    assert placed(fields, **about) == reason
