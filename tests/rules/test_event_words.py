"""An event in the CRM's words and in ours (api.md §5)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.records import event, values
from tests.rules.test_event_wire import DOCS, lasting, timed

BERLIN = "Europe/Berlin"
EXCEPTION = st.fixed_dictionaries({
    "cancelled": st.booleans(), "title": st.none() | st.sampled_from(["Long", "Short"]),
    "location": st.none() | st.just("Room 2"), "description": st.none() | st.just("Cake"),
    "moved": st.booleans(),
})  # fmt: skip


def exception(value, on, said):
    blank = {"start": None, "end": None, "title": None, "location": None, "description": None}
    if said["cancelled"]:
        return {"on": on, "cancelled": True, **blank}
    texts = {name: said[name] for name in ("title", "location", "description")}
    start = event.original_start(value, on) if said["moved"] else None
    return {"on": on, "cancelled": False, **blank, **texts, "start": start}


@st.composite
def docs(draw):
    """Return the document of an event, of each kind, single or a series with exceptions."""
    doc = draw(DOCS)
    doc = {name: values.canonical(event.FIELDS[name], value) for name, value in doc.items()}
    if draw(st.booleans()):
        first = date.fromisoformat(
            (doc["when"]["start"].get("date") or doc["when"]["start"]["date_time"])[:10]
        )
        on = sorted(
            {(first + timedelta(days=n)).isoformat() for n in draw(st.lists(st.integers(0, 20), max_size=4))}
        )
        value = {**doc["when"], "rrule": "FREQ=DAILY"}
        doc |= {"when": value, "exceptions": [exception(value, day, draw(EXCEPTION)) for day in on]}
    return {name: value for name, value in doc.items() if value}


@given(docs())
def test_what_the_crm_is_told_and_sends_back_is_no_edit(doc):
    told = event.worded(doc)
    heard = event.completed(event.stated(told), {"when": [doc["when"]]})

    assert {name: value for name, value in heard.items() if value} == doc
    assert event.completed(event.stated(told), {})["when"] == doc["when"]


@given(docs())
def test_what_was_said_once_is_said_the_same_way_again(doc):
    told = event.worded(doc)
    heard = event.completed(event.stated(told), {})

    assert event.worded(heard) == told | {"attendees": event.worded(heard)["attendees"]}


NINE, TEN, NOON = (timed(f"2026-03-02T{hour}:00") for hour in ("09:00", "10:00", "12:00"))
OLD, NEW = lasting(NINE, TEN), lasting(NOON, timed("2026-03-02T13:00:00"), "FREQ=DAILY")


@pytest.mark.parametrize(
    ("said", "known", "meant"),
    [
        pytest.param({"start": NINE}, [OLD], OLD, id="the start that it has"),
        pytest.param({"start": NINE}, [NEW, OLD], OLD, id="the start of its old copy is no edit of the new"),
        pytest.param({"start": NINE, "end": None}, [NEW, OLD], lasting(NINE, None, "FREQ=DAILY"), id="another end is one of the likeliest"),
        pytest.param({"end": NOON}, [OLD], lasting(NINE, NOON), id="another end"),
        pytest.param({"rrule": "FREQ=DAILY"}, [OLD], lasting(NINE, TEN, "FREQ=DAILY"), id="a rule"),
        pytest.param({"rrule": None}, [NEW], lasting(NEW["start"], NEW["end"]), id="no rule any more"),
        pytest.param({"start": {"date": "2026-03-02"}}, [OLD], lasting({"date": "2026-03-02"}, {"date": "2026-03-03"}), id="a day in place of a time"),
        pytest.param({"start": NINE}, [lasting({"date": "2026-03-02"}, {"date": "2026-03-03"})], lasting(NINE), id="a time in place of a day"),
        pytest.param({"start": NINE}, [], lasting(NINE), id="a start alone of an event that nobody knows"),
        pytest.param({"start": {"date": "2026-03-02"}}, [], lasting({"date": "2026-03-02"}, {"date": "2026-03-03"}), id="a day has an end"),
        pytest.param({"start": timed("2026-03-02T09:00:00", "Europe/Vienna")}, [OLD], OLD, id="another name of its zone"),
    ],
)  # fmt: skip
def test_the_whole_time_that_a_part_of_it_speaks_of(said, known, meant):
    assert event.completed({"when": said}, {"when": known})["when"] == meant


def test_a_whole_time_has_one_normal_form():
    given = {"start": {"date": "2026-03-02", "date_time": None}, "rrule": ""}

    assert values.canonical(event.FIELDS["when"], given) == lasting(
        {"date": "2026-03-02"}, {"date": "2026-03-03"}
    )


def test_what_is_not_mentioned_is_not_stated():
    assert event.stated({"title": "Ball"}) == {"title": "Ball"}
    assert "exceptions" not in event.stated({"recurrence": {"rrule": "FREQ=DAILY"}})
    assert event.stated({"recurrence": None}) == {"when": {"rrule": None}, "exceptions": []}
    assert event.stated({"reminder_minutes": 0})["reminder"] == {"minutes": 0}


@pytest.mark.lesson(8)
@pytest.mark.parametrize(
    ("original", "on"),
    [
        pytest.param(timed("2026-03-04T09:00:00"), "2026-03-04", id="in its own zone"),
        pytest.param(timed("2026-03-03T22:00:00", "America/New_York"), "2026-03-04", id="in another zone, a day before"),
        pytest.param({"date": "2026-03-04"}, "2026-03-04", id="by its day alone"),
    ],
)  # fmt: skip
def test_an_exception_is_known_by_the_day_in_its_series_zone(original, on):
    given = {
        "start": NINE,
        "recurrence": {
            "rrule": "FREQ=DAILY",
            "exceptions": [{"original_start": original, "cancelled": True}],
        },
    }

    assert [each["on"] for each in event.completed(event.stated(given), {})["exceptions"]] == [on]


def test_of_two_exceptions_of_one_day_the_last_counts_and_a_cancelled_one_says_no_more():
    twice = [
        {"original_start": NINE, "title": "Long"},
        {"original_start": NINE, "title": "Short", "cancelled": True},
    ]

    given = {"start": NINE, "recurrence": {"rrule": "FREQ=DAILY", "exceptions": twice}}
    (one,) = event.completed(event.stated(given), {})["exceptions"]

    assert (one["cancelled"], one["title"]) == (True, None)


def test_of_two_guests_of_one_address_the_last_counts_with_the_role_that_goes_without_saying():
    people = [
        {"address": "eve@example.org", "role": "optional"},
        {"address": " Eve@example.org", "name": "Eve"},
    ]

    assert event.stated({"attendees": people})["attendees"] == [
        {"address": "Eve@example.org", "name": "Eve", "role": "required"}
    ]


@pytest.mark.parametrize(
    ("doc", "moved", "news"),
    [
        pytest.param({}, {"title"}, True, id="a title"),
        pytest.param({}, {"organizer", "ical_uid"}, False, id="what an item is like once it is made"),
        pytest.param({"my_response": "organizer"}, {"my_response"}, False, id="an organizer's own answer"),
        pytest.param({"my_response": "accepted"}, {"my_response"}, True, id="a guest's answer"),
    ],
)
def test_of_what_the_crm_hears(doc, moved, news):
    assert event.is_news(doc, moved) is news


def test_what_says_nothing_of_its_time_is_whole():
    assert event.completed({"title": "Ball"}, {"when": [OLD]}) == {"title": "Ball"}


@pytest.mark.parametrize("attends", [True, None])
def test_of_a_meeting_that_somebody_else_organizes_the_crm_may_change_nothing(attends):
    told = event.worded({"title": "Ball", "attends": attends})

    assert (told["is_organizer"], told["editable"]) == (not attends, not attends)


def test_how_to_join_a_meeting_is_told_where_there_is_a_way():
    ready = {"state": "ready", "provider": "teams", "join_url": "https://x.example", "conference_id": None}

    assert event.worded({"meeting": ready})["meeting"] == ready
    assert event.worded({})["meeting"] == event.NO_MEETING


def test_fields_in_the_words_of_the_api():
    assert event.words_of(["when", "exceptions", "reminder", "title"]) == [
        "start", "end", "recurrence", "reminder_minutes", "title",
    ]  # fmt: skip
