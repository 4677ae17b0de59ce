"""Events as the CRM writes and reads them (``api.md`` §5)."""

import pytest

from tests.api.events.conftest import VISIT, clock

pytestmark = pytest.mark.feature("F8")

START, END = VISIT["start"], VISIT["end"]
TEN, ELEVEN = clock("2026-12-07T10:00:00"), clock("2026-12-07T11:00:00")
WHOLE = [
    ("everything", VISIT),
    ("nothing", {}),
    ("a title", {"title": "Visit"}),
    ("a whole day", {"start": {"date": "2026-12-07"}}),
    ("a start", {"start": START}),
    ("a rule without a start", {"recurrence": {"rrule": "FREQ=DAILY"}}),
    ("everything cleared", dict.fromkeys(VISIT)),
]


@pytest.mark.parametrize("fields", [row[1] for row in WHOLE], ids=[row[0] for row in WHOLE])
async def test_what_get_returns_can_be_put_back(crm, fields):
    made = await crm.puts(status=201, **fields)
    shown = await crm.gets()

    again = await crm.puts(status=200, **shown)

    assert made == shown == again
    assert again["revision"] == 1


async def test_an_event_is_shown_in_the_words_it_was_put_in(crm, visit):
    (eve,) = visit["attendees"]

    assert {name: visit[name] for name in VISIT if name not in {"attendees", "recurrence"}} == {
        name: value for name, value in VISIT.items() if name not in {"attendees", "recurrence"}
    }
    assert eve == {**VISIT["attendees"][0], "response": "none"}
    assert visit["recurrence"] == VISIT["recurrence"]
    assert (visit["is_organizer"], visit["editable"], visit["meeting"]["state"]) == (True, True, "none")


@pytest.mark.lesson(13)
@pytest.mark.parametrize(
    "name", ["attendees", "categories", "recurrence", "end", "reminder_minutes", "location"]
)
async def test_absent_says_nothing_and_null_clears(crm, visit, name):
    empty = [] if isinstance(VISIT[name], list) else None

    assert (await crm.puts(title="Other"))[name] == visit[name]
    assert (await crm.puts(**{name: None}))[name] == empty
    assert (await crm.gets())["revision"] == 3


async def test_an_empty_list_clears_guests_and_exceptions(crm, visit):
    cleared = await crm.puts(
        attendees=[], recurrence={"rrule": VISIT["recurrence"]["rrule"], "exceptions": []}
    )

    assert (cleared["attendees"], cleared["recurrence"]["exceptions"]) == ([], [])


async def test_exceptions_that_are_left_out_stay(crm, visit):
    longer = await crm.puts(recurrence={"rrule": "FREQ=WEEKLY;BYDAY=MO;COUNT=20"})

    assert longer["recurrence"]["rrule"].endswith("COUNT=20")
    assert longer["recurrence"]["exceptions"] == visit["recurrence"]["exceptions"]


@pytest.mark.parametrize(
    ("part", "start", "end", "rrule"),
    [
        pytest.param({"start": clock("2026-12-07T08:00:00")}, "08:00", "10:00", True, id="a start"),
        pytest.param({"end": ELEVEN}, "09:00", "11:00", True, id="an end"),
        pytest.param({"recurrence": None}, "09:00", "10:00", False, id="no rule"),
        pytest.param({"end": None}, "09:00", None, True, id="no end"),
    ],
)
@pytest.mark.parametrize("verb", ["PUT", "PATCH"])
async def test_a_part_of_when_leaves_the_rest(crm, visit, verb, part, start, end, rrule):
    now = await crm.call(verb, "/v1/events/e-1", part, status=200)

    assert now["start"]["date_time"][11:16] == start
    assert (now["end"] or {"date_time": None})["date_time"] == (end and f"2026-12-07T{end}:00")
    assert bool(now["recurrence"]) is rrule


async def test_which_day_an_occurrence_is_of_the_series_zone_says(crm):
    await crm.puts(start=clock("2026-12-07T06:00:00", "Asia/Tokyo"), recurrence={"rrule": "FREQ=DAILY"})

    original = {"original_start": clock("2026-12-08T21:00:00", "UTC"), "title": "Late"}
    now = await crm.patches(recurrence={"rrule": "FREQ=DAILY", "exceptions": [original]})

    (told,) = now["recurrence"]["exceptions"]
    assert told == {"original_start": clock("2026-12-09T06:00:00", "Asia/Tokyo"), "title": "Late"}


async def test_a_start_of_another_kind_takes_the_end_with_it(crm, visit):
    now = await crm.puts(start={"date": "2026-12-07"})

    assert (now["start"], now["end"]) == ({"date": "2026-12-07"}, {"date": "2026-12-08"})


async def test_other_spellings_of_the_same_are_no_edit(crm, visit):
    now = await crm.puts(
        start={**START, "time_zone": "Europe/Vienna"},
        recurrence={"rrule": "COUNT=10;BYDAY=MO;INTERVAL=1;FREQ=WEEKLY"},
    )

    assert now == visit


async def test_conditions_and_base_revisions_hold_for_events(crm, visit):
    moved = await crm.patches(title="Other", headers={"If-Match": '"1"'})
    stale = await crm.patches(status=412, title="Third", headers={"If-Match": '"1"'})
    again = await crm.puts(status=412, title="Third", headers={"If-None-Match": "*"})
    based = await crm.puts(title="Inspection", location="Hall", headers={"Concord-Base-Revision": "1"})
    unknown = await crm.puts(status=412, title="x", headers={"Concord-Base-Revision": "9"})

    assert (moved["revision"], stale["current"]["title"]) == (2, "Other")
    assert again["type"] == "/problems/already-exists"
    assert (based["title"], based["location"]) == ("Other", "Hall")
    assert unknown["type"] == "/problems/base-revision-unknown"


async def test_an_older_update_changes_nothing(crm, visit):
    stale = await crm.puts(title="Old", updated_at="2026-11-01T08:00:00Z")

    assert (stale["stale"], stale["title"]) == (True, "Inspection")


async def test_a_deleted_event_is_shown_left_out_of_lists_and_restored(crm, visit):
    await crm.call("DELETE", "/v1/events/e-1", status=204)
    await crm.call("DELETE", "/v1/events/e-1", status=204)

    assert (await crm.gets())["deleted"]
    assert (await crm.call("GET", "/v1/events"))["data"] == []
    assert len((await crm.call("GET", "/v1/events?deleted=true"))["data"]) == 1
    back = await crm.call("POST", "/v1/events/e-1/restore", status=200)
    unlike = {"revision", "deleted"}
    assert {n: v for n, v in back.items() if n not in unlike} == {
        n: v for n, v in visit.items() if n not in unlike
    }


async def test_events_are_merged_and_read_by_concords_own_id(crm, visit):
    other = await crm.call("PUT", "/v1/events/e-2", {"title": "The same"})
    kept = await crm.call("POST", "/v1/events/e-1/merge", {"from": ["e-2"]}, status=200)

    assert (kept["record_id"], kept["title"]) == (visit["record_id"], "Inspection")
    assert await crm.call("GET", f"/v1/records/{visit['record_id']}") == kept
    assert (await crm.call("GET", f"/v1/records/{other['record_id']}"))["deleted"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        pytest.param("inspect", ["e-1"], id="a title"),
        pytest.param("HIGH ST", ["e-1", "e-2"], id="a place, in other letters"),
        pytest.param("keys", [], id="a description"),
        pytest.param("100%", ["e-3"], id="a sign that means something to SQL"),
    ],
)
async def test_a_list_is_searched_by_title_and_place(crm, visit, words, found):
    await crm.call("PUT", "/v1/events/e-2", {"title": "Lunch", "location": "14 High St"})
    await crm.call("PUT", "/v1/events/e-3", {"title": "100% agreed"})
    await crm.call(
        "PUT", "/v1/contacts/c-1", {"display_name": "Inspector 100%", "company": "High Street Ltd"}
    )

    data = (await crm.call("GET", "/v1/events", params={"q": words}))["data"]
    assert [event["crm_id"] for event in data] == found
