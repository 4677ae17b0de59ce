"""Of a private series only the times are seen where that is chosen, of each occurrence that differs, too."""

import json

import pytest

from tests.calendar.diary import at, clock_of, graph, guest
from tests.calendar.test_agreement import quiet

RULE = {"pattern": {"type": "daily", "interval": 1}, "range": {"type": "numbered", "numberOfOccurrences": 10}}
pytestmark = pytest.mark.feature("B7")


@pytest.fixture
async def ada(ada):
    await ada.chooses(private_events="busy_only")
    return ada


async def test_what_differs_of_a_private_series_in_the_crm_is_only_its_time(ada):
    exceptions = [
        {"original_start": at(2), "title": "Hush", "location": "Hush", "description": "Hush"},
        {"original_start": at(3), "title": "Hush", "start": at(3, "11:00"), "end": at(3, "11:15")},
        {"original_start": at(4), "cancelled": True},
    ]
    rule = {"rrule": "FREQ=DAILY;COUNT=5", "exceptions": exceptions}
    await ada.puts(
        "Secret", title="Hush", start=at(1), end=at(1, "09:15"), sensitivity="private", recurrence=rule
    )
    await ada.settles()

    item = await ada.event("Busy")
    rows = await ada.occurrences(item)
    assert [(row["subject"], clock_of(row)) for row in rows] == [
        ("Busy", at(day, clock)["date_time"][:16])
        for day, clock in [(1, "09:00"), (2, "09:00"), (3, "11:00"), (5, "09:00")]
    ]
    assert "Hush" not in json.dumps([item, *rows])
    assert (await ada.record("Secret"))["recurrence"]["exceptions"] == exceptions
    await quiet(ada, outbox=[])


async def test_what_differs_of_a_private_series_in_outlook_is_only_its_time(ada):
    rule = {**RULE, "range": {**RULE["range"], "startDate": at(1)["date_time"][:10]}}
    item = await ada.adds("Hush", start=at(1), end=at(1, "09:15"), sensitivity="private", recurrence=rule)
    rows = await ada.occurrences(item)
    await ada.edits(rows[1], subject="Hush hush", location={"displayName": "Hush"})
    await ada.edits(rows[2], subject="Hush hush", start=graph(at(3, "11:00")), end=graph(at(3, "11:15")))
    await ada.deletes(rows[3])
    await ada.syncs()

    record = (await ada.told())["record"]
    assert record["title"] == "Busy"
    assert record["recurrence"]["exceptions"] == [
        {"original_start": at(3), "start": at(3, "11:00"), "end": at(3, "11:15")},
        {"original_start": at(4), "cancelled": True},
    ]
    told = await ada.crm("GET", f"/v1/records/{record['record_id']}/explain")
    assert "Hush" not in json.dumps(told)
    await quiet(ada, outbox=[])


@pytest.mark.feature("F5")
@pytest.mark.parametrize(("policy", "mailed"), [("never", False), ("when_asked", False), ("always", True)])
async def test_guests_whom_nobody_here_may_know_are_mailed_no_more_than_others(ada, policy, mailed):
    await ada.chooses(invitations=policy)
    await ada.adds(
        "Hush", start=at(1), end=at(1, "10:00"), sensitivity="private", attendees=[guest("eve@example.org")]
    )
    await ada.syncs()
    born = (await ada.told())["record"]
    assert born["attendees"] == []
    before = await ada.outbox()

    await ada.crm("PUT", f"/v1/events/e-1?record_id={born['record_id']}", {"start": at(1, "09:30")})
    await ada.settles()

    assert ((await ada.outbox()) != before, clock_of(await ada.event("Hush"))[11:] == "09:30") == (
        mailed,
        mailed,
    )
    assert (await ada.explains("e-1"))["reason"] == ("in_scope" if mailed else "invitation_blocked")
