"""Which events belong in a mailbox: by their time, and by what they are (api.md §4, engine.md §14)."""

from datetime import UTC, datetime, timedelta

import pytest

from app.sync.scope import Facts, scope
from app.sync.settings import CalendarSettings
from app.sync.windows import AFTER, BEFORE, LONGEST, opened, outgrown

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
OWNERS = [{"user": "ada", "access": "primary"}]


def settings(**chosen):
    return CalendarSettings.of(
        {"calendar_name": "Acme", "window_past_days": 10, "window_future_days": 20, **chosen}
    )


def placed(*, chosen=None, rules=None, met=False, born_at=None, doc=None, **said):
    mailbox = settings(**chosen or {}).scope("ada", began_at=NOW, rules=rules or {}, now=NOW)
    facts = Facts(said={"owners": OWNERS, **said}, doc=doc or {}, met=met, born_at=born_at)
    return str(scope(mailbox, facts))


def clock(at, zone="UTC"):
    return {"date_time": at, "time_zone": zone}


def when(start, end=None, rrule=None, *exceptions):
    return {"when": {"start": start, "end": end, "rrule": rrule}, "exceptions": list(exceptions)}


def cancelled(*days):
    blank = dict.fromkeys(("start", "end", "title", "location", "description"))
    return [{"on": day, "cancelled": True, **blank} for day in days]


def moved(on, start):
    return {**cancelled(on)[0], "cancelled": False, "start": start}


IN, OUT = "in_scope", "outside_window"
TIMES = [
    ("today", when(clock("2026-03-02T09:00:00")), IN),
    ("on the first day", when(clock("2026-02-20T00:00:00")), IN),
    ("the evening before", when(clock("2026-02-19T23:00:00"), clock("2026-02-19T23:30:00")), OUT),
    ("over its midnight", when(clock("2026-02-19T23:00:00"), clock("2026-02-20T00:30:00")), IN),
    ("to its midnight", when(clock("2026-02-19T23:00:00"), clock("2026-02-20T00:00:00")), OUT),
    ("on the last day", when(clock("2026-03-21T23:59:00")), IN),
    ("the day after", when(clock("2026-03-22T00:00:00")), OUT),
    ("in Berlin, before midnight in UTC", when(clock("2026-03-22T00:30:00", "Europe/Berlin")), IN),
    ("twelve hours behind, after it", when(clock("2026-03-21T12:30:00", "Etc/GMT+12")), OUT),
    ("the first whole day", when({"date": "2026-02-20"}, {"date": "2026-02-21"}), IN),
    ("the whole day before", when({"date": "2026-02-19"}, {"date": "2026-02-20"}), OUT),
    ("the last whole day", when({"date": "2026-03-21"}, {"date": "2026-03-22"}), IN),
    ("the whole day after", when({"date": "2026-03-22"}, {"date": "2026-03-23"}), OUT),
    ("all over it", when({"date": "2020-01-01"}, {"date": "2030-01-01"}), IN),
    ("a series that goes on", when(clock("2020-03-02T09:00:00"), None, "FREQ=DAILY"), IN),
    ("a series that is over", when(clock("2020-03-02T09:00:00"), None, "FREQ=DAILY;COUNT=3"), OUT),
    ("a series with no day in it", when(clock("2020-06-02T09:00:00"), None, "FREQ=YEARLY"), OUT),
    ("a series yet to come", when(clock("2026-06-02T09:00:00"), None, "FREQ=DAILY"), OUT),
    ("a series whose days in it are cancelled", when(clock("2026-02-15T09:00:00"), None, "FREQ=MONTHLY", *cancelled("2026-03-15")), OUT),
    ("a series whose day in it was moved out", when(clock("2026-02-15T09:00:00"), None, "FREQ=MONTHLY", moved("2026-03-15", clock("2026-03-25T09:00:00"))), OUT),
    ("a series of which a day was moved in", when(clock("2026-01-25T09:00:00"), None, "FREQ=MONTHLY", moved("2026-03-25", clock("2026-03-20T09:00:00"))), IN),
    ("a rule that is parked anyhow", when(clock("2026-01-25T09:00:00"), None, "FREQ=HOURLY"), IN),
    ("without a time", {}, IN),
]  # fmt: skip


@pytest.mark.lesson(10)
@pytest.mark.parametrize(("doc", "reason"), [pytest.param(*row, id=rule) for rule, *row in TIMES])
def test_an_event_syncs_if_any_of_it_lies_in_the_window(doc, reason):
    assert placed(doc=doc) == reason
    assert placed(doc=doc, met=True) == IN


PRIVATE, OPEN = {"sensitivity": "private"}, {"sensitivity": "normal"}
KINDS = [
    ("completed, kept", {}, {"completed": True}, IN),
    ("completed, taken out", {"completed": "delete"}, {"completed": True}, "completed_excluded"),
    ("completed, taken out though it is there", {"completed": "delete"}, {"completed": True, "met": True}, "completed_excluded"),
    ("open, were it completed", {"completed": "delete"}, {"completed": False}, IN),
    ("private, as private", {}, {"doc": PRIVATE}, IN),
    ("private, shown as busy", {"private_events": "busy_only"}, {"doc": PRIVATE}, IN),
    ("private, skipped", {"private_events": "skip"}, {"doc": PRIVATE}, "private_skipped"),
    ("private, skipped though it is there", {"private_events": "skip"}, {"doc": PRIVATE, "met": True}, "private_skipped"),
    ("for everybody, were it private", {"private_events": "skip"}, {"doc": OPEN}, IN),
    ("of a type that is chosen", {"activity_types": ("call",)}, {"activity_type": "call"}, IN),
    ("of another type", {"activity_types": ("call",)}, {"activity_type": "chat"}, "activity_type_not_selected"),
    ("of no type", {"activity_types": ("call",)}, {}, "activity_type_not_selected"),
    ("Outlook's, of no type", {"activity_types": ("call",)}, {"born_at": NOW}, IN),
    ("Outlook's, that the CRM gave another type", {"activity_types": ("call",)}, {"born_at": NOW, "activity_type": "chat"}, "activity_type_not_selected"),
    ("of an active project", {}, {"project": "p-1"}, IN),
    ("of another project", {}, {"project": "p-2"}, "project_not_active"),
    ("of no project", {}, {"project": None}, IN),
    ("private and completed", {"completed": "delete", "private_events": "skip"}, {"doc": PRIVATE, "completed": True}, "completed_excluded"),
]  # fmt: skip


@pytest.mark.feature("B7")
@pytest.mark.parametrize(("chosen", "said", "reason"), [pytest.param(*row, id=rule) for rule, *row in KINDS])
def test_an_event_syncs_by_what_it_is(chosen, said, reason):
    rules = {"projects": {"mode": "listed", "active": ["p-1"]}}

    assert placed(chosen=chosen, rules=rules, **said) == reason


@pytest.mark.feature("D2")
def test_every_project_syncs_where_none_are_listed():
    assert placed(project="p-2", rules={"projects": {"mode": "all"}}) == IN
    assert placed(project="p-2") == IN


DAY = timedelta(days=1)


@pytest.mark.lesson(10)
@pytest.mark.parametrize(("past", "future"), [(10, 20), (30, 365), (0, 1)])
def test_the_window_of_a_round_is_opened_anew_once_in_sixty_days(past, future):
    chosen = settings(window_past_days=past, window_future_days=future)
    window = opened(chosen.days(NOW))

    outgrown_on = [day for day in range(90) if outgrown(window, chosen.days(NOW + day * DAY))]

    assert outgrown_on == list(range(60, 90))
    assert window["begin"] == f"{(NOW - past * DAY - BEFORE).date()}T00:00:00Z"
    assert window["end"] == f"{(NOW + future * DAY + AFTER).date()}T00:00:00Z"


@pytest.mark.parametrize(("past", "future", "kept"), [(365, 1095, 59), (730, 1065, 30), (730, 1095, 7)])
def test_a_wide_window_is_no_wider_than_graph_allows_misses_no_day_and_lasts(past, future, kept):
    chosen = settings(window_past_days=past, window_future_days=future)
    window = opened(chosen.days(NOW))
    begin, end = (datetime.fromisoformat(window[side]) for side in ("begin", "end"))
    days = chosen.days(NOW)

    assert end - begin <= LONGEST
    assert (begin.date() <= days.begin, end.date() >= days.end) == (True, True)
    assert not outgrown(window, chosen.days(NOW + kept * DAY))
    assert outgrown(window, chosen.days(NOW + (kept + 1) * DAY))


def test_a_window_that_could_be_no_wider_waits_for_no_day_that_was_just_chosen():
    window = opened(settings(window_past_days=730, window_future_days=1090).days(NOW))
    window_of_before = {side: window[side] for side in ("begin", "end")}

    assert outgrown(window, settings(window_past_days=730, window_future_days=1095).days(NOW))
    assert outgrown(
        window_of_before, settings(window_past_days=730, window_future_days=1090).days(NOW + 6 * DAY)
    )


def test_another_choice_of_days_outgrows_the_window():
    window = opened(settings().days(NOW))

    assert outgrown(None, settings().days(NOW))
    assert outgrown(window, settings(window_past_days=60).days(NOW))
    assert outgrown(window, settings(window_future_days=100).days(NOW))
    assert not outgrown(window, settings(window_past_days=5, window_future_days=10).days(NOW))
