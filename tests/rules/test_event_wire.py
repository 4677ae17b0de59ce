"""An event on Microsoft's wire and back (graph/facts.md §5)."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.graph.calendar import PARTS, had, parse, payload, read, shape
from app.graph.moments import moment, original_day, worded
from app.records import values, when
from app.records.link import LinkView
from app.records.reasons import Reason
from app.records.unsupported import Unsupported
from app.records.zones import instant, windows_of
from app.sync.projection import NOTHING, owed

SHAPE = shape(default_minutes=30)
BERLIN = "Europe/Berlin"
MADE = {
    "type": "singleInstance", "createdDateTime": "2026-03-01T08:00:00Z",
    "lastModifiedDateTime": "2026-03-01T08:00:00Z", "subject": "", "isAllDay": False,
    "body": {"contentType": "text", "content": "\r\n"}, "location": {"displayName": ""}, "recurrence": None,
    "attendees": [], "isReminderOn": True, "reminderMinutesBeforeStart": 15, "showAs": "busy",
    "sensitivity": "normal", "categories": [], "isOnlineMeeting": False, "isCancelled": False,
    "organizer": {"emailAddress": {"address": "ada@example.org", "name": "Ada"}}, "isOrganizer": True,
    "responseStatus": {"response": "organizer"}, "iCalUId": "u-1", "onlineMeeting": None,
}  # fmt: skip
"""What Exchange says of an event of which nothing was said."""


def timed(clock, zone=BERLIN):
    return {"date_time": clock, "time_zone": zone}


def lasting(start, end=None, rrule=None):
    return {"start": start, "end": end, "rrule": rrule}


def utc(moment):
    """Return a moment in Graph's words, as it answers: in UTC, the clock with seven digits."""
    if moment["timeZone"] == "UTC":
        return {"dateTime": moment["dateTime"] + ".0000000", "timeZone": "UTC"}
    at = instant(datetime.fromisoformat(moment["dateTime"]), moment["timeZone"])
    return {"dateTime": at.strftime("%Y-%m-%dT%H:%M:%S.0000000"), "timeZone": "UTC"}


def answer(body, **more):
    """Return the event that Exchange makes of a body."""
    start, end = body["start"], body["end"]
    if not body["isAllDay"]:
        start, end = ({**each, "timeZone": parsed_zone(each["timeZone"])} for each in (start, end))
    zones = {
        "originalStartTimeZone": body["start"]["timeZone"],
        "originalEndTimeZone": body["end"]["timeZone"],
    }
    return {**MADE, **body, **zones, "start": utc(start), "end": utc(end), **more}


def parsed_zone(name):
    return moment({"dateTime": "2026-01-01T00:00:00", "timeZone": "UTC"}, name, whole_day=False)["time_zone"]


def item(*, start="2026-03-02T08:00:00.0000000", end="2026-03-02T09:00:00.0000000", **said):
    times = {"start": {"dateTime": start, "timeZone": "UTC"}, "end": {"dateTime": end, "timeZone": "UTC"}}
    zones = {
        "originalStartTimeZone": "W. Europe Standard Time",
        "originalEndTimeZone": "W. Europe Standard Time",
    }
    return {**MADE, **times, **zones, **said}


def meaning(field, **said):
    return parse(had(item(**said))).get(field)


READ = [
    ("its title", "title", {"subject": " Viewing "}, "Viewing"),
    ("no title", "title", {"subject": ""}, None),
    ("a text", "description", {"body": {"contentType": "text", "content": "One\r\ntwo\r\n"}}, "One\ntwo"),
    ("no text", "description", {"body": {"contentType": "text", "content": "\r\n"}}, None),
    ("no body", "description", {"body": None}, None),
    ("a place", "location", {"location": {"displayName": "12 High St", "address": {}}}, "12 High St"),
    ("no place", "location", {"location": {"displayName": ""}}, None),
    ("a reminder", "reminder", {"reminderMinutesBeforeStart": 5}, {"minutes": 5}),
    ("a reminder as it begins", "reminder", {"reminderMinutesBeforeStart": 0}, {"minutes": 0}),
    ("no reminder, whatever its minutes", "reminder", {"isReminderOn": False}, None),
    ("a reminder of a day", "reminder", {"reminderMinutesBeforeStart": 1440}, {"minutes": 1440}),
    ("free", "show_as", {"showAs": "free"}, "free"),
    ("out of the office", "show_as", {"showAs": "oof"}, "out_of_office"),
    ("working elsewhere", "show_as", {"showAs": "workingElsewhere"}, "working_elsewhere"),
    ("nobody knows", "show_as", {"showAs": "unknown"}, None),
    ("private", "sensitivity", {"sensitivity": "private"}, "private"),
    ("categories", "categories", {"categories": ["Red", " ", "Fun "]}, ["Red", "Fun"]),
    ("called off", "cancelled", {"isCancelled": True}, True),
    ("somebody else's", "attends", {"isOrganizer": False}, True),
    ("her own", "attends", {"isOrganizer": True}, None),
    ("its organizer", "organizer", {}, {"address": "ada@example.org", "name": "Ada"}),
    ("an organizer without an address", "organizer", {"organizer": {"emailAddress": {"name": "Ada"}}}, None),
    ("no organizer", "organizer", {"organizer": None}, None),
    ("her answer", "my_response", {"responseStatus": {"response": "tentativelyAccepted"}}, "tentative"),
    ("no answer", "my_response", {"responseStatus": None}, None),
    ("its uid", "ical_uid", {}, "u-1"),
    ("an online meeting", "online_meeting", {"isOnlineMeeting": True}, True),
    ("where one joins", "meeting", {"onlineMeeting": {"joinUrl": "https://teams.example/1", "conferenceId": "7"}},
     {"state": "ready", "provider": "teams", "join_url": "https://teams.example/1", "conference_id": "7"}),
    ("a meeting that isn't ready", "meeting", {"onlineMeeting": {"joinUrl": None}}, None),
]  # fmt: skip


@pytest.mark.parametrize(("field", "said", "meant"), [pytest.param(*row, id=rule) for rule, *row in READ])
def test_what_an_item_says(field, said, meant):
    assert meaning(field, **said) == meant


def guest(address=None, name=None, **more):
    return {"emailAddress": {"address": address, "name": name}, **more}


GUESTS = [
    ("with a name", [guest("eve@example.org", "Eve", type="optional")], [("eve@example.org", "Eve", "optional")]),
    ("without a role", [guest("eve@example.org", "Eve")], [("eve@example.org", "Eve", "required")]),
    ("a room", [guest("room@example.org", "Room 2", type="resource")], [("room@example.org", "Room 2", "resource")]),
    ("called by the address", [guest("eve@example.org", "Eve@example.org")], [("eve@example.org", None, "required")]),
    ("without an address", [guest(None, "Eve"), guest("bob@example.org")], [("bob@example.org", None, "required")]),
    ("of whom nothing is said", [{"type": "required", "emailAddress": None}, {}], []),
    ("none", None, []),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "meant"), [pytest.param(*row, id=rule) for rule, *row in GUESTS])
def test_who_takes_part(raw, meant):
    people = meaning("attendees", attendees=raw) or []

    assert [(each["address"], each["name"], each["role"]) for each in people] == meant


def test_an_answer_is_no_edit_of_the_guests():
    said = guest("Eve@Example.org", "Eve", type="required", status={"response": "accepted"})
    waits = guest("bob@example.org", "Bob", type="required", status={"response": "notResponded"})
    silent = guest("kim@example.org", "Kim", type="required", status={"response": "none"})
    told = had(item(attendees=[said, waits, silent, guest(None, "Nobody", status={"response": "declined"})]))

    assert parse(told)["responses"] == {"eve@example.org": "accepted", "bob@example.org": "no_response"}
    assert all("status" not in each for each in told["attendees"])


TOLD = [
    ("in Windows' words", "2026-07-02T07:00:00", "W. Europe Standard Time", timed("2026-07-02T09:00:00")),
    ("in IANA's words", "2026-07-02T07:00:00", "Europe/Vienna", timed("2026-07-02T09:00:00", "Europe/Vienna")),
    ("in winter", "2026-01-02T08:00:00", "W. Europe Standard Time", timed("2026-01-02T09:00:00")),
    ("in the south", "2026-01-01T22:00:00", "AUS Eastern Standard Time", timed("2026-01-02T09:00:00", "Australia/Sydney")),
    ("twelve hours behind", "2026-01-02T12:00:00", "Dateline Standard Time", timed("2026-01-02T00:00:00", "Etc/GMT+12")),
    ("fourteen ahead", "2026-01-01T10:00:00", "Line Islands Standard Time", timed("2026-01-02T00:00:00", "Pacific/Kiritimati")),
    ("in a zone of nobody else's", "2026-01-02T08:00:00", "tzone://Microsoft/Custom", timed("2026-01-02T08:00:00", "UTC")),
    ("in Exchange's own name of UTC", "2026-01-02T08:00:00", "tzone://Microsoft/Utc", timed("2026-01-02T08:00:00", "UTC")),
    ("in no zone", "2026-01-02T08:00:00", None, timed("2026-01-02T08:00:00", "UTC")),
    ("as clocks are put forward", "2026-03-29T01:30:00", "W. Europe Standard Time", timed("2026-03-29T03:30:00")),
    ("in the hour that comes twice", "2026-10-25T00:30:00", "W. Europe Standard Time", timed("2026-10-25T02:30:00")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("told_in", "hour"),
    [("W. Europe Standard Time", 9), ("Eastern Standard Time", 15), ("tzone://Microsoft/Custom", 10)],
)
def test_a_time_may_be_told_in_any_zone(told_in, hour):
    raw = {"dateTime": "2026-01-02T09:00:00.0000000", "timeZone": told_in}

    assert moment(raw, "W. Europe Standard Time", whole_day=False) == timed(f"2026-01-02T{hour:02}:00:00")


def test_the_day_of_a_midnight_in_utc_is_the_one_that_it_names():
    assert original_day("2026-03-04T00:00:00Z", "America/New_York", whole_day=True) == date(2026, 3, 4)
    assert original_day("2026-03-04T00:00:00Z", "America/New_York", whole_day=False) == date(2026, 3, 3)


@pytest.mark.lesson(11)
@pytest.mark.parametrize(("clock", "zone", "meant"), [pytest.param(*row, id=rule) for rule, *row in TOLD])
def test_when_it_begins(clock, zone, meant):
    raw = {"dateTime": f"{clock}.0000000", "timeZone": "UTC"}

    assert moment(raw, zone, whole_day=False) == meant


DAYS = [
    ("midnight in UTC, made in UTC", "2026-07-02T00:00:00", "UTC", "2026-07-02"),
    ("midnight in UTC, made in Berlin", "2026-07-02T00:00:00", "W. Europe Standard Time", "2026-07-02"),
    ("midnight in UTC, made twelve hours behind", "2026-07-02T00:00:00", "Dateline Standard Time", "2026-07-02"),
    ("midnight in UTC, made fourteen hours ahead", "2026-07-02T00:00:00", "Line Islands Standard Time", "2026-07-02"),
    ("midnight in Berlin", "2026-07-01T22:00:00", "W. Europe Standard Time", "2026-07-02"),
    ("midnight in New York", "2026-07-02T04:00:00", "Eastern Standard Time", "2026-07-02"),
    ("midnight twelve hours behind", "2026-07-02T12:00:00", "Dateline Standard Time", "2026-07-02"),
    ("midnight thirteen hours ahead", "2026-01-01T11:00:00", "New Zealand Standard Time", "2026-01-02"),
    ("midnight fourteen hours ahead", "2026-07-01T10:00:00", "Line Islands Standard Time", "2026-07-02"),
    ("a midnight that clocks skip, ahead", "2026-03-28T22:00:00", "Middle East Standard Time", "2026-03-29"),
    ("a midnight that clocks skip, behind", "2026-09-06T04:00:00", "Pacific SA Standard Time", "2026-09-06"),
    ("a midnight somewhere", "2026-07-01T22:00:00", "tzone://Microsoft/Custom", "2026-07-02"),
]  # fmt: skip


@pytest.mark.lesson(11)
@pytest.mark.parametrize(("clock", "zone", "day"), [pytest.param(*row, id=rule) for rule, *row in DAYS])
def test_a_whole_day_is_its_date_however_it_is_told(clock, zone, day):
    raw = {"dateTime": f"{clock}.0000000", "timeZone": "UTC"}

    assert moment(raw, zone, whole_day=True) == {"date": day}


ZONES = st.sampled_from([
    "Europe/Berlin", "Europe/Vienna", "America/New_York", "Australia/Sydney", "Australia/Lord_Howe", "UTC",
    "Asia/Kolkata", "Etc/GMT+12", "Pacific/Kiritimati", "America/Santiago", "Asia/Beirut", "Antarctica/Troll",
    "America/Vancouver",
])  # fmt: skip
words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)


@st.composite
def times(draw):
    """Return when an event takes place: days, or what clocks do show in its zone."""
    first = date(2026, 1, 1) + timedelta(days=draw(st.integers(0, 720)))
    if draw(st.booleans()):
        end = first + timedelta(days=draw(st.integers(1, 20)))
        return lasting({"date": first.isoformat()}, {"date": end.isoformat()})
    zone, minutes = draw(ZONES), draw(st.integers(0, 95)) * 15
    begin = instant(datetime.combine(first, datetime.min.time()), zone) + timedelta(minutes=minutes)
    length = timedelta(minutes=draw(st.integers(0, 3000)))
    shown = [moment({"dateTime": f"{at:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"}, zone, whole_day=False)
             for at in (begin, begin + length)]  # fmt: skip
    repeated = when.instant(shown[0]) != begin or when.instant(shown[1]) != begin + length
    return lasting(shown[0], None if repeated else shown[1])


DOCS = st.fixed_dictionaries(
    {"when": times()},
    optional={
        "title": words, "description": words, "location": words,
        "attendees": st.lists(st.builds(
            lambda name, role: {"address": f"{name}@example.org", "name": name.upper(), "role": role},
            st.sampled_from(["eve", "bob", "kim"]), st.sampled_from(["required", "optional", "resource"]),
        ), max_size=3, unique_by=lambda each: each["address"]),
        "reminder": st.none() | st.integers(0, 9999).map(lambda minutes: {"minutes": minutes}),
        "show_as": st.sampled_from(["free", "tentative", "busy", "out_of_office", "working_elsewhere"]),
        "sensitivity": st.sampled_from(["normal", "personal", "private", "confidential"]),
        "categories": st.lists(words, max_size=3, unique=True),
    },
)  # fmt: skip


def canonical(doc):
    return {name: values.canonical(SHAPE.kinds[name], value) for name, value in doc.items()}


@pytest.mark.lesson(11)
@given(DOCS)
def test_what_we_post_comes_back_as_what_we_meant(doc):
    doc = canonical(doc)
    write = owed(SHAPE, doc, LinkView())
    wording = had(answer(write.payload))

    for name, part in PARTS.items():
        if not part.writes or not doc.get(part.field):
            continue
        meant = read(part, wording[name])
        if name == "when" and doc["when"]["end"] is None:
            meant = {**meant, "end": None}
        assert values.same(part.kind, doc[part.field], meant), name


@given(DOCS, st.sampled_from(["subject", "location", "categories"]))
def test_an_edit_elsewhere_leaves_its_time_alone(doc, name):
    doc = canonical(doc)
    wording = had(answer(owed(SHAPE, doc, LinkView()).payload))
    means = {"when": doc["when"]} if doc["when"]["end"] is None else {}
    edited = {"subject": "Other", "location": {"displayName": "Other"}, "categories": ["Other"]}[name]
    seen = parse({**wording, name: edited})
    field = PARTS[name].field

    write = owed(SHAPE, {**seen, "when": doc["when"]}, LinkView(wording, means))

    assert write == NOTHING or write.owed == (name,)
    assert field in seen


def test_a_zone_of_another_spelling_is_owed_nothing_and_keeps_its_spelling():
    doc = {
        "title": "Ball",
        "when": lasting(
            timed("2026-03-02T09:00:00", "Europe/Vienna"), timed("2026-03-02T10:00:00", "Europe/Vienna")
        ),
    }
    wording = had(answer(owed(SHAPE, doc, LinkView()).payload))

    told = read(PARTS["when"], wording["when"])

    assert told["start"]["time_zone"] == BERLIN
    assert owed(SHAPE, {**parse(wording), **doc}, LinkView(wording)) == NOTHING
    assert when.spelled(told, as_in=doc["when"]) == doc["when"]


SENT = [
    ("a title", {"title": "Ball"}, {"subject": "Ball"}),
    ("no title any more", {"title": None}, {"subject": ""}),
    ("a text", {"description": "<b>no tag</b>"}, {"body": {"contentType": "text", "content": "<b>no tag</b>"}}),
    ("no place any more", {"location": None}, {"location": {"displayName": ""}}),
    ("a reminder", {"reminder": {"minutes": 0}}, {"isReminderOn": True, "reminderMinutesBeforeStart": 0}),
    ("no reminder any more", {"reminder": None}, {"isReminderOn": False}),
    ("out of the office", {"showAs": "out_of_office"}, {"showAs": "oof"}),
    ("shown as usual", {"showAs": None}, {"showAs": "busy"}),
    ("for everybody again", {"sensitivity": None}, {"sensitivity": "normal"}),
    ("no categories any more", {"categories": []}, {"categories": []}),
    ("nobody any more", {"attendees": []}, {"attendees": []}),
    ("somebody without a name", {"attendees": [{"address": "eve@example.org", "name": None, "role": "required"}]},
     {"attendees": [{"type": "required", "emailAddress": {"address": "eve@example.org", "name": "eve@example.org"}}]}),
    ("an online meeting", {"isOnlineMeeting": True}, {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}),
    ("an online meeting can't be taken back", {"isOnlineMeeting": None}, {}),
]  # fmt: skip
BLANK = [
    ("a reminder that there is to be none of", {"reminder": None}, {"isReminderOn": False}),
    ("a reminder", {"reminder": {"minutes": 5}}, {"isReminderOn": True, "reminderMinutesBeforeStart": 5}),
    ("nothing", {}, {}),
    ("what Outlook leaves empty anyway", {"location": None, "attendees": [], "show_as": None}, {}),
]


@pytest.mark.parametrize(("doc", "said"), [pytest.param(*row, id=rule) for rule, *row in BLANK])
def test_a_new_item_is_told_of_what_is_empty_only_where_outlook_would_fill_it_in(doc, said):
    times = {"when": lasting(timed("2026-03-02T09:00:00"), timed("2026-03-02T10:00:00"))}
    body = owed(SHAPE, times | doc, LinkView()).payload

    assert {name: value for name, value in body.items() if name not in ("start", "end", "isAllDay")} == said


FIELD = {"title": "subject", "description": "body"}


@pytest.mark.parametrize(("fields", "body"), [pytest.param(*row, id=rule) for rule, *row in SENT])
def test_what_is_sent(fields, body):
    named = {FIELD.get(name, name): value for name, value in fields.items()}

    assert payload(named, {"subject": "Old"}, default_minutes=30) == body


LENGTHS = [
    ("any day", timed("2026-03-02T09:00:00"), 45, "2026-03-02T09:45:00"),
    ("past midnight", timed("2026-03-02T23:45:00"), 30, "2026-03-03T00:15:00"),
    ("as clocks are put forward", timed("2026-03-29T01:45:00"), 30, "2026-03-29T03:15:00"),
    ("from a time that clocks skip", timed("2026-03-29T02:30:00"), 30, "2026-03-29T04:00:00"),
    ("as clocks are put back", timed("2026-10-25T01:45:00"), 120, "2026-10-25T03:45:00"),
    ("into the hour that comes twice", timed("2026-10-25T02:45:00"), 30, "2026-10-25T03:15:00"),
    ("past the hour that comes twice", timed("2026-10-25T02:45:00"), 90, "2026-10-25T03:15:00"),
    ("in the southern spring", timed("2026-10-04T01:45:00", "Australia/Sydney"), 30, "2026-10-04T03:15:00"),
    ("where clocks change by half an hour", timed("2026-04-05T01:45:00", "Australia/Lord_Howe"), 15, "2026-04-05T02:00:00"),
]  # fmt: skip


@pytest.mark.lesson(11)
@pytest.mark.feature("D5")
@pytest.mark.parametrize(("start", "minutes", "end"), [pytest.param(*row, id=rule) for rule, *row in LENGTHS])
def test_an_event_without_an_end_ends_after_its_minutes(start, minutes, end):
    body = payload({"when": lasting(start)}, {}, default_minutes=minutes)

    assert body["end"] == {"dateTime": end, "timeZone": windows_of(start["time_zone"])}


REFUSED = [
    ("without a start", None),
    ("with an end alone", lasting(None, timed("2026-03-02T09:00:00"))),
    ("of a day that ends at a clock", lasting({"date": "2026-03-02"}, timed("2026-03-02T09:00:00"))),
    ("of a clock that ends on a day", lasting(timed("2026-03-02T09:00:00"), {"date": "2026-03-03"})),
]


@pytest.mark.parametrize("value", [pytest.param(value, id=rule) for rule, value in REFUSED])
def test_what_outlook_cannot_hold_is_refused(value):
    with pytest.raises(Unsupported) as refused:
        payload({"when": value}, {}, default_minutes=30)

    assert refused.value.reason is Reason.UNSUPPORTED_VALUE


def test_a_rule_that_is_gone_is_taken_out_of_the_item():
    value = lasting(timed("2026-03-02T09:00:00"), timed("2026-03-02T10:00:00"))

    assert (
        payload({"when": value}, {"when": {"recurrence": {"pattern": {}}}}, default_minutes=30)["recurrence"]
        is None
    )
    assert "recurrence" not in payload({"when": value}, {"when": {"recurrence": None}}, default_minutes=30)


def test_days_are_told_in_utc_and_times_by_windows_zones():
    assert worded({"date": "2026-03-02"}) == {"dateTime": "2026-03-02T00:00:00", "timeZone": "UTC"}
    assert worded(timed("2026-03-02T09:00:00", "Europe/Vienna"))["timeZone"] == "W. Europe Standard Time"
