"""Calendar views and their delta with its oddities, and what subscriptions hear of events."""

import pytest
from calendar_stage import IN_JULY, at, event, starts, weekly
from graph_stage import Outlook, Stage, error_of

pytestmark = pytest.mark.lesson(9)

DELTA = f"me/calendarView/delta?{IN_JULY}"
BARE = {"@odata.type", "@odata.etag", "id", "seriesMasterId", "type", "start", "end"}


def kinds(rows: list[dict]) -> list[str]:
    return ["removed" if "@removed" in row else row["type"] for row in rows]


async def test_a_view_is_ordered_by_start_and_half_open(adele: Outlook):
    await adele.made("me/events", **event("late", "2026-07-31T23:30", "2026-08-01T00:30"))
    await adele.made("me/events", **event("early", "2026-06-30T23:30", "2026-07-01T00:30"))
    await adele.made("me/events", **event("before", "2026-06-30T23:00", "2026-07-01T00:00"))
    await adele.made("me/events", **event("after", "2026-08-01T00:00", "2026-08-01T00:30"))
    await adele.made("me/events", **event("point", "2026-07-01T00:00", "2026-07-01T00:00"))

    rows = (await adele.read(f"me/calendarView?{IN_JULY}&$select=subject"))["value"]

    assert [row["subject"] for row in rows] == ["early", "point", "late"]


async def test_the_offset_of_a_windows_bound_decides_and_a_preference_does_not(adele: Outlook):
    await adele.made("me/events", **event(start="2026-07-06T23:00", end="2026-07-06T23:30"))
    windows = {
        "startDateTime=2026-07-07T00:00:00%2B02:00&endDateTime=2026-07-08T00:00:00%2B02:00": 1,
        "startDateTime=2026-07-07T00:00:00&endDateTime=2026-07-08T00:00:00": 0,
        "STARTDATETIME=2026-07-06&endDatetime=2026-07-07T00:00:00.0000000Z": 1,
    }

    for window, found in windows.items():
        rows = await adele.read(f"me/calendarView?{window}", Prefer='outlook.timezone="Asia/Tokyo"')
        assert len(rows["value"]) == found


WINDOWS = [
    pytest.param("", "ErrorInvalidParameter", id="none"),
    pytest.param("startDateTime=2026-07-01", "ErrorInvalidParameter", id="half of one"),
    pytest.param("startDateTime=x&endDateTime=2026-07-01", "ErrorInvalidParameter", id="no date"),
    pytest.param("startDateTime=2026-07-02&endDateTime=2026-07-01", "ErrorInvalidParameter", id="backwards"),
    pytest.param(
        "startDateTime=2026-01-01&endDateTime=2031-01-01", "ErrorInvalidRequest", id="over 1825 days"
    ),
]


@pytest.mark.parametrize("path", ["me/calendarView", "me/calendarView/delta"])
@pytest.mark.parametrize(("window", "code"), WINDOWS)
async def test_a_window_that_cannot_be_is_refused(adele: Outlook, path, window, code):
    assert error_of(await adele.get(f"{path}?{window}")) == (400, code)


async def test_1825_days_are_enough(adele: Outlook):
    assert (
        await adele.get("me/calendarView?startDateTime=2026-01-01&endDateTime=2030-12-31")
    ).status_code == 200


async def test_a_view_comes_in_pages_that_keep_the_window(adele: Outlook):
    daily = {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "noEnd", "startDate": "2026-07-06"},
    }
    await adele.made("me/events", **event(recurrence=daily))
    first = await adele.read(f"me/calendarView?{IN_JULY}")
    second = await adele.read(first["@odata.nextLink"])

    assert starts(first["value"] + second["value"]) == [f"2026-07-{day:02}T09:00" for day in range(6, 26)]


async def test_a_first_round_has_masters_and_exceptions_whole_and_occurrences_bare(adele: Outlook):
    made = await adele.made("me/events", **event(recurrence=weekly()))
    single = await adele.made("me/events", **event("Lunch"))
    second = (await adele.read(f"me/events/{made['id']}/instances?{IN_JULY}"))["value"][1]
    await adele.patch(f"me/events/{second['id']}", json={"subject": "Late"})

    rows, _ = await adele.round(DELTA)

    assert sorted(kinds(rows)) == sorted(
        ["seriesMaster", "occurrence", "exception", "occurrence", "occurrence", "singleInstance"]
    )
    for row in rows:
        bare = row["type"] == "occurrence"
        assert (row.keys() == BARE) is bare
        assert bare or row["iCalUId"]
    assert next(row for row in rows if row["type"] == "exception")["subject"] == "Late"
    assert {row["@odata.type"] for row in rows} == {"#microsoft.graph.event"}
    assert single["id"] in {row["id"] for row in rows}


async def test_the_master_row_has_the_first_occurrences_time_even_outside_the_window(adele: Outlook):
    await adele.made(
        "me/events",
        **event(
            start="2026-05-04T09:00",
            end="2026-05-04T10:00",
            recurrence=weekly(start="2026-05-04", type="noEnd"),
        ),
    )

    rows, _ = await adele.round(DELTA)

    assert starts(rows)[0] == "2026-05-04T09:00"
    assert starts(rows)[1:] == [
        "2026-07-06T09:00",
        "2026-07-13T09:00",
        "2026-07-20T09:00",
        "2026-07-27T09:00",
    ]


async def test_a_deleted_occurrence_shows_as_an_update_of_its_master_and_never_as_removed(adele: Outlook):
    made = await adele.made("me/events", **event(recurrence=weekly()))
    _, link = await adele.round(DELTA)
    second = (await adele.read(f"me/events/{made['id']}/instances?{IN_JULY}"))["value"][1]
    await adele.delete(f"me/events/{second['id']}")

    rows, _ = await adele.round(link)

    assert [(row["id"], row["type"]) for row in rows] == [(made["id"], "seriesMaster")]


async def test_a_changed_occurrence_comes_without_its_master(adele: Outlook):
    made = await adele.made("me/events", **event(recurrence=weekly()))
    _, link = await adele.round(DELTA)
    second = (await adele.read(f"me/events/{made['id']}/instances?{IN_JULY}"))["value"][1]
    await adele.patch(f"me/events/{second['id']}", json={"subject": "Late"})

    rows, link = await adele.round(link)
    again, _ = await adele.round(link)

    assert [(row["id"], row["type"], row["seriesMasterId"]) for row in rows] == [
        (second["id"], "exception", made["id"])
    ]
    assert again == []


async def test_a_rescheduled_series_has_new_occurrences_and_the_old_ones_are_not_said_to_be_gone(
    adele: Outlook,
):
    made = await adele.made("me/events", **event(recurrence=weekly()))
    before, link = await adele.round(DELTA)
    await adele.patch(
        f"me/events/{made['id']}", json={"start": at("2026-07-06T11:00"), "end": at("2026-07-06T12:00")}
    )

    rows, _ = await adele.round(link)

    assert kinds(rows) == ["seriesMaster", "occurrence", "occurrence", "occurrence", "occurrence"]
    assert {row["id"] for row in rows} & {row["id"] for row in before} == {made["id"]}


async def test_what_is_deleted_inside_or_touched_outside_the_window_looks_removed(adele: Outlook):
    inside = await adele.made("me/events", **event())
    outside = await adele.made("me/events", **event(start="2026-09-01T09:00", end="2026-09-01T10:00"))
    rows, link = await adele.round(DELTA)
    assert [row["id"] for row in rows] == [inside["id"]]

    await adele.delete(f"me/events/{inside['id']}")
    await adele.patch(f"me/events/{outside['id']}", json={"subject": "x"})
    never_seen = await adele.made("me/events", **event(start="2026-09-02T09:00", end="2026-09-02T10:00"))
    rows, _ = await adele.round(link)

    assert all(row["@removed"] == {"reason": "deleted"} for row in rows)
    assert {row["id"] for row in rows} == {inside["id"], outside["id"], never_seen["id"]}


@pytest.mark.lesson(10)
async def test_an_event_that_leaves_the_window_looks_removed_and_one_that_enters_it_new(adele: Outlook):
    made = await adele.made("me/events", **event())
    _, link = await adele.round(DELTA)
    await adele.patch(
        f"me/events/{made['id']}", json={"start": at("2026-09-06T09:00"), "end": at("2026-09-06T10:00")}
    )
    left, link = await adele.round(link)
    await adele.patch(
        f"me/events/{made['id']}", json={"start": at("2026-07-06T09:00"), "end": at("2026-07-06T10:00")}
    )
    back, _ = await adele.round(link)

    assert (kinds(left), kinds(back)) == (["removed"], ["singleInstance"])
    assert left[0]["id"] == back[0]["id"] == made["id"]


async def test_a_deleted_series_is_one_removal(adele: Outlook):
    made = await adele.made("me/events", **event(recurrence=weekly()))
    second = (await adele.read(f"me/events/{made['id']}/instances?{IN_JULY}"))["value"][1]
    _, link = await adele.round(DELTA)
    await adele.patch(f"me/events/{second['id']}", json={"subject": "Late"})
    await adele.delete(f"me/events/{made['id']}")

    rows, _ = await adele.round(link)

    assert [(row["id"], kinds([row])) for row in rows] == [(made["id"], ["removed"])]


async def test_an_exception_that_leaves_the_window_looks_removed(adele: Outlook):
    made = await adele.made("me/events", **event(recurrence=weekly()))
    last = (await adele.read(f"me/events/{made['id']}/instances?{IN_JULY}"))["value"][3]
    _, link = await adele.round(DELTA)
    await adele.patch(
        f"me/events/{last['id']}", json={"start": at("2026-08-02T09:00"), "end": at("2026-08-02T10:00")}
    )

    rows, _ = await adele.round(link)

    assert [(row["id"], kinds([row])) for row in rows] == [(last["id"], ["removed"])]


OPTIONS = [
    "$select=subject",
    "$expand=calendar",
    "$filter=isAllDay eq true",
    "$orderby=subject",
    "$search=x",
    "$top=5",
]


@pytest.mark.parametrize("option", OPTIONS)
async def test_a_delta_of_a_view_takes_no_options(adele: Outlook, option):
    assert error_of(await adele.get(f"{DELTA}&{option}"))[0] == 400


async def test_headers_are_not_remembered_by_a_token_but_the_window_is(adele: Outlook):
    for day in range(6, 9):
        await adele.made(
            "me/events",
            **event(start=f"2026-07-0{day}T09:00", end=f"2026-07-0{day}T10:00", body={"content": "x"}),
        )
    berlin = 'odata.maxpagesize=2, outlook.timezone="Europe/Berlin", outlook.body-content-type="text"'
    first = await adele.read(DELTA, Prefer=berlin)
    second = await adele.read(first["@odata.nextLink"])

    assert (len(first["value"]), len(second["value"])) == (2, 1)
    assert (first["value"][0]["start"]["dateTime"][11:16], first["value"][0]["body"]["contentType"]) == (
        "11:00",
        "text",
    )
    assert (second["value"][0]["start"]["dateTime"][11:16], second["value"][0]["body"]["contentType"]) == (
        "09:00",
        "html",
    )
    assert "startDateTime" not in second["@odata.deltaLink"]


async def test_a_token_belongs_to_its_calendar_and_kind(adele: Outlook):
    acme = await adele.made("me/calendars", name="Acme")
    _, link = await adele.round(DELTA)
    token = link.partition("$deltatoken=")[2]

    for elsewhere in (f"me/calendars/{acme['id']}/calendarView/delta", "me/contacts/delta"):
        assert error_of(await adele.get(f"{elsewhere}?$deltatoken={token}")) == (
            400,
            "ErrorInvalidSyncStateData",
        )


async def test_another_calendar_has_a_view_and_a_delta_of_its_own(adele: Outlook):
    acme = await adele.made("me/calendars", name="Acme")
    made = await adele.made(f"me/calendars/{acme['id']}/events", **event())

    rows, _ = await adele.round(f"me/calendars/{acme['id']}/calendarView/delta?{IN_JULY}")
    default, _ = await adele.round(f"me/calendar/calendarView/delta()?{IN_JULY}")

    assert ([row["id"] for row in rows], default) == ([made["id"]], [])


@pytest.mark.lesson(16)
async def test_an_expired_token_says_where_to_begin_again_with_the_window(stage: Stage, adele: Outlook):
    await adele.made("me/events", **event())
    _, link = await adele.round(DELTA)
    await stage.fault({"delta": "expire"}, match={"path": "*/calendarView/delta"})

    answer = await adele.get(link)

    assert error_of(answer) == (410, "SyncStateNotFound")
    rows, _ = await adele.round(answer.headers["Location"])
    assert len(rows) == 1


async def test_a_delta_of_a_view_agrees_with_the_view_whatever_happens(adele: Outlook):
    """Edit a calendar by the dice; who follows the delta and re-reads touched series sees what the view shows."""
    import random

    dice, known, link = random.Random(7), {}, DELTA
    made = [
        (await adele.made("me/events", **event(f"{n}", recurrence=weekly() if n % 2 else None)))["id"]
        for n in range(6)
    ]
    for _ in range(12):
        for _ in range(3):
            chosen = dice.choice(made)
            rows = (await adele.read(f"me/events/{chosen}/instances?{IN_JULY}"))["value"]
            target = dice.choice([chosen, *(row["id"] for row in rows)])
            day = dice.choice(["2026-07-07", "2026-09-07"])
            change = dice.choice(
                [
                    {"subject": f"{dice.random()}"},
                    {"start": at(f"{day}T12:00"), "end": at(f"{day}T13:00")},
                    None,
                ]
            )
            if change is None and target != chosen:
                await adele.delete(f"me/events/{target}")
            elif change:
                await adele.patch(f"me/events/{target}", json=change)
        told, link = await adele.round(link)
        series = {
            row.get("seriesMasterId") or row["id"]
            for row in told
            if row.get("type") not in {None, "singleInstance"}
        }
        touched = {row["id"] for row in told} | series
        known = {
            key: row
            for key, row in known.items()
            if key not in touched and row["seriesMasterId"] not in touched
        }
        known |= {row["id"]: row for row in told if row.get("type") == "singleInstance"}
        for master in series:
            again = (await adele.read(f"me/events/{master}/instances?{IN_JULY}&$top=50"))["value"]
            known |= {row["id"]: row for row in again}
        viewed = (await adele.read(f"me/calendarView?{IN_JULY}&$top=100"))["value"]
        assert {key: row["subject"] for key, row in known.items()} == {
            row["id"]: row["subject"] for row in viewed
        }
        assert {key: row["start"] for key, row in known.items()} == {
            row["id"]: row["start"] for row in viewed
        }
