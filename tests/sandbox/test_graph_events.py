"""Calendars and single events: their fields, times, bodies, ids, filters and refusals."""

import contextlib

import httpx
import pytest
from calendar_stage import at, event, weekly
from graph_stage import Outlook, Stage, error_of

from sandbox.errors import GraphError
from sandbox.graph import event as event_rules

pytestmark = pytest.mark.feature("F8")

BERLIN = 'outlook.timezone="Europe/Berlin"'


async def test_what_exchange_makes_of_a_new_event(adele: Outlook):
    made = await adele.made("me/events", **event())

    shown = {
        "subject": "Inspection", "isReminderOn": True, "reminderMinutesBeforeStart": 15, "importance": "normal",
        "sensitivity": "normal", "showAs": "busy", "type": "singleInstance", "responseRequested": True,
        "allowNewTimeProposals": True, "isOrganizer": True, "isAllDay": False, "isCancelled": False, "attendees": [],
        "responseStatus": {"response": "organizer", "time": "0001-01-01T00:00:00Z"}, "recurrence": None,
        "organizer": {"emailAddress": {"name": "Adele Vance", "address": "adele@contoso.example"}},
        "start": {"dateTime": "2026-07-06T09:00:00.0000000", "timeZone": "UTC"}, "originalStartTimeZone": "UTC",
        "isOnlineMeeting": False, "onlineMeeting": None, "hasAttachments": False, "categories": [],
    }  # fmt: skip
    assert shown.items() <= made.items()
    assert made["@odata.etag"] == f'W/"{made["changeKey"]}"'
    assert made["iCalUId"].startswith("040000008200E00074C5B7101A82E008")
    assert (await adele.read(f"me/events/{made['id']}"))["iCalUId"] == made["iCalUId"]
    assert not {"originalStart", "cancelledOccurrences", "exceptionOccurrences"} & made.keys()


@pytest.mark.lesson(11)
async def test_times_are_wall_clocks_with_a_zone_windows_or_iana(adele: Outlook):
    made = await adele.made("me/events", **event(zone="W. Europe Standard Time"))
    iana = await adele.made("me/events", **event(zone="Asia/Tokyo"))

    assert (made["start"]["dateTime"], made["start"]["timeZone"]) == ("2026-07-06T07:00:00.0000000", "UTC")
    assert (made["originalStartTimeZone"], made["originalEndTimeZone"]) == ("W. Europe Standard Time",) * 2
    assert iana["start"]["dateTime"] == "2026-07-06T00:00:00.0000000"
    answer = await adele.get(f"me/events/{made['id']}", headers={"Prefer": BERLIN})
    assert answer.json()["start"] == {"dateTime": "2026-07-06T09:00:00.0000000", "timeZone": "Europe/Berlin"}
    assert answer.headers["Preference-Applied"] == BERLIN
    windows = await adele.read(f"me/events/{made['id']}", Prefer='outlook.timezone="Pacific Standard Time"')
    assert windows["start"] == {
        "dateTime": "2026-07-06T00:00:00.0000000",
        "timeZone": "Pacific Standard Time",
    }


ALL_DAY = [
    pytest.param("Tokyo Standard Time", "2026-07-05T15:00", id="east"),
    pytest.param("Pacific Standard Time", "2026-07-06T07:00", id="west"),
    pytest.param("UTC", "2026-07-06T00:00", id="UTC"),
]


@pytest.mark.lesson(11)
@pytest.mark.parametrize(("zone", "utc"), ALL_DAY)
async def test_a_whole_day_shifts_its_clock_when_read_in_another_zone(adele: Outlook, zone, utc):
    made = await adele.made(
        "me/events", **event(start="2026-07-06T00:00", end="2026-07-07T00:00", zone=zone, isAllDay=True)
    )

    assert (made["start"]["dateTime"][:16], made["isAllDay"], made["originalStartTimeZone"]) == (
        utc,
        True,
        zone,
    )


REFUSED = [
    pytest.param({"start": None}, "ErrorPropertyValidationFailure", id="no start"),
    pytest.param({"start": at("2026-07-06T11:00")}, "ErrorCalendarEndDateIsEarlierThanStartDate", id="ends before it starts"),
    pytest.param({"start": at("2026-07-06T09:00", "Mars/Olympus")}, "TimeZoneNotSupportedException", id="an unknown zone"),
    pytest.param({"start": {"dateTime": "2026-07-06T09:00:00Z", "timeZone": "UTC"}}, "RequestBodyRead", id="an offset in a wall clock"),
    pytest.param({"start": {"dateTime": "2026-02-30T09:00:00"}}, "RequestBodyRead", id="no such day"),
    pytest.param({"isAllDay": True}, "ErrorPropertyValidationFailure", id="all day, not from midnight"),
    pytest.param({"isAllDay": True, "start": at("2026-07-06T00:00"), "end": at("2026-07-06T00:00")}, "ErrorPropertyValidationFailure", id="all day, without a day"),
    pytest.param({"isAllDay": True, "start": at("2026-07-06T00:00"), "end": at("2026-07-07T00:00", "Asia/Tokyo")}, "ErrorPropertyValidationFailure", id="all day, two zones"),
    pytest.param({"showAs": "away"}, "RequestBodyRead", id="an unknown showAs"),
    pytest.param({"isAllDay": "yes"}, "RequestBodyRead", id="no boolean"),
    pytest.param({"body": {"contentType": "rtf"}}, "RequestBodyRead", id="another kind of body"),
    pytest.param({"websites": []}, "RequestBodyRead", id="no such property"),
    pytest.param({"@odata.type": "#microsoft.graph.contact"}, "RequestBodyRead", id="another type"),
    pytest.param({"attendees": [{"emailAddress": {"name": "Eve"}}]}, "ErrorInvalidRecipients", id="an attendee without an address"),
    pytest.param({"attendees": [{"emailAddress": {"address": f"a{n}@x.example"}} for n in range(501)]}, "ErrorExceededRecipientLimit", id="501 attendees"),
    pytest.param({"location": {"name": "x"}}, "RequestBodyRead", id="a place of another form"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "code"), REFUSED)
async def test_an_event_that_does_not_fit_is_refused_and_nothing_is_kept(adele: Outlook, change, code):
    assert error_of(await adele.post("me/events", json=event() | change)) == (400, code)
    assert (await adele.read("me/events"))["value"] == []


async def test_enums_are_taken_in_any_letter_case_and_shown_in_one(adele: Outlook):
    made = await adele.made(
        "me/events",
        **event(
            showAs="OOF",
            sensitivity="Private",
            attendees=[{"type": "Optional", "emailAddress": {"address": "eve@x.example"}}],
        ),
    )

    assert (made["showAs"], made["sensitivity"], made["attendees"][0]["type"]) == (
        "oof",
        "private",
        "optional",
    )
    assert made["attendees"][0]["status"] == {"response": "none", "time": "0001-01-01T00:00:00Z"}
    assert made["attendees"][0]["emailAddress"] == {"name": "eve@x.example", "address": "eve@x.example"}


BODIES = [
    pytest.param("text", "Bring <keys>\nand coffee", "Bring &lt;keys&gt;<br>\r\nand coffee", "Bring <keys>\r\nand coffee", id="text"),
    pytest.param("HTML", "<b>Bring</b> keys", "<body>\r\n<b>Bring</b> keys\r\n</body>", "Bring keys", id="a fragment"),
    pytest.param("html", "<html><body><p>One</p><p>Two</p></body></html>", "<html><body><p>One</p>", "One\r\nTwo", id="a document"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "content", "html", "text"), BODIES)
async def test_a_body_comes_back_as_an_html_document_or_as_text_on_request(
    adele: Outlook, kind, content, html, text
):
    made = await adele.made("me/events", **event(body={"contentType": kind, "content": content}))
    answer = await adele.get(
        f"me/events/{made['id']}", headers={"Prefer": 'outlook.body-content-type="text"'}
    )

    assert made["body"]["contentType"] == "html"
    assert html in made["body"]["content"]
    assert made["body"]["content"].startswith("<html>")
    assert answer.json()["body"] == {"contentType": "text", "content": text}
    assert answer.headers["Preference-Applied"] == 'outlook.body-content-type="text"'
    assert made["bodyPreview"] == text


async def test_a_preview_ends_after_255_characters_and_no_body_is_an_empty_one(adele: Outlook):
    long = await adele.made("me/events", **event(body={"contentType": "text", "content": "x" * 300}))
    empty = await adele.made("me/events", **event())

    assert long["bodyPreview"] == "x" * 255
    assert (empty["body"], empty["bodyPreview"]) == ({"contentType": "html", "content": ""}, "")


async def test_one_place_and_the_list_of_places_agree(adele: Outlook):
    one = await adele.made("me/events", **event(location={"displayName": "Harry's Bar"}))
    several = await adele.made(
        "me/events",
        **event(
            locations=[{"displayName": "Room 3"}, {"displayName": "Home", "address": {"city": "Utrecht"}}]
        ),
    )
    gone = await adele.patch(f"me/events/{one['id']}", json={"location": None})

    assert one["location"] == {
        "displayName": "Harry's Bar",
        "locationType": "default",
        "uniqueId": "Harry's Bar",
        "uniqueIdType": "private",
    }
    assert one["locations"] == [one["location"]]
    assert (several["location"]["displayName"], len(several["locations"])) == ("Room 3; Home", 2)
    assert (gone.json()["location"]["displayName"], gone.json()["locations"]) == ("", [])


async def test_an_update_changes_what_it_names_and_keeps_the_rest(adele: Outlook):
    made = await adele.made(
        "me/events", **event(categories=["Red", "Red"], location={"displayName": "Room 3"})
    )
    answer = await adele.patch(
        f"me/events/{made['id']}",
        json={
            "subject": "Viewing",
            "categories": [],
            "originalStartTimeZone": "x",
            "responseStatus": {"response": "", "time": "x"},
        },
    )

    changed = answer.json()
    assert (changed["subject"], changed["categories"], changed["location"]["displayName"]) == (
        "Viewing",
        [],
        "Room 3",
    )
    assert changed["start"] == made["start"]
    assert made["categories"] == ["Red"]
    assert changed["@odata.etag"] != made["@odata.etag"]
    assert changed["iCalUId"] == made["iCalUId"]


@pytest.mark.lesson(4)
async def test_each_write_makes_a_new_etag_and_an_old_one_does_not_pass(adele: Outlook):
    made = await adele.made("me/events", **event())
    path, old = f"me/events/{made['id']}", {"If-Match": made["@odata.etag"]}

    assert (await adele.patch(path, json={"subject": "a"}, headers=old)).status_code == 200
    assert error_of(await adele.patch(path, json={"subject": "b"}, headers=old)) == (
        412,
        "ErrorIrresolvableConflict",
    )
    assert error_of(await adele.delete(path, headers=old)) == (412, "ErrorIrresolvableConflict")
    assert (await adele.delete(path, headers={"If-Match": "*"})).status_code == 204


@pytest.mark.lesson(25)
async def test_the_same_transaction_makes_no_second_event_and_names_the_first(adele: Outlook):
    made = await adele.made("me/events", **event(transactionId="t-1"))
    answer = await adele.post("me/events", json=event("Other", transactionId="t-1"))

    assert made["transactionId"] == "t-1"
    assert error_of(answer) == (400, "ErrorDuplicateTransactionId")
    assert answer.json()["error"]["@event.existingEventId"] == made["id"]
    assert len((await adele.read("me/events"))["value"]) == 1
    assert error_of(await adele.patch(f"me/events/{made['id']}", json={"transactionId": "t-2"})) == (
        400,
        "ErrorPropertyValidationFailure",
    )
    assert (await adele.patch(f"me/events/{made['id']}", json={"transactionId": "t-1"})).status_code == 200


async def test_a_deleted_event_is_in_no_calendar_and_comes_back_when_it_is_dragged_there(
    stage: Stage, immutable: Outlook
):
    made = await immutable.made("me/events", **event())
    await immutable.delete(f"me/events/{made['id']}")

    assert error_of(await immutable.get(f"me/events/{made['id']}")) == (404, "ErrorItemNotFound")
    moved = await stage.control("move", mail="adele@contoso.example", id=made["id"], to="calendar")
    assert moved["id"] == made["id"]
    assert (await immutable.read(f"me/events/{made['id']}"))["subject"] == "Inspection"
    assert (await immutable.post(f"me/events/{made['id']}/permanentDelete")).status_code == 204
    refused = await stage.controls.post(
        "/_sandbox/move", json={"mail": "adele@contoso.example", "id": made["id"], "to": "calendar"}
    )
    assert refused.status_code == 404


async def test_an_event_moves_between_calendars_and_only_its_immutable_id_stays(
    stage: Stage, adele: Outlook, immutable: Outlook
):
    made = await adele.made("me/events", **event())
    lasting = (await immutable.read("me/events"))["value"][0]["id"]
    acme = await adele.made("me/calendars", name="Acme")
    people = await adele.made("me/contactFolders", displayName="People")

    moved = await stage.control("move", mail="adele@contoso.example", id=made["id"], to=acme["id"])

    assert moved["id"] != made["id"]
    assert error_of(await adele.get(f"me/events/{made['id']}")) == (404, "ErrorItemNotFound")
    assert (await immutable.read(f"me/calendars/{acme['id']}/events/{lasting}"))["id"] == lasting
    assert error_of(await immutable.get(f"me/calendar/events/{lasting}")) == (404, "ErrorItemNotFound")
    refused = await stage.controls.post(
        "/_sandbox/move", json={"mail": "adele@contoso.example", "id": lasting, "to": people["id"]}
    )
    assert refused.status_code == 404


async def test_an_event_is_no_contact_and_a_contact_no_event(adele: Outlook):
    made = await adele.made("me/events", **event())
    ann = await adele.made(displayName="Ann")

    assert error_of(await adele.get(f"me/contacts/{made['id']}")) == (404, "ErrorItemNotFound")
    assert error_of(await adele.get(f"me/events/{ann['id']}")) == (404, "ErrorItemNotFound")
    assert error_of(await adele.get("me/events/nonsense")) == (400, "ErrorInvalidIdMalformed")


PERMISSIONS = [
    pytest.param(["Calendars.Read"], 200, 403, id="read"),
    pytest.param(["Calendars.ReadWrite"], 200, 201, id="write"),
    pytest.param(["Contacts.ReadWrite"], 403, 403, id="another entity's"),
]


@pytest.mark.parametrize(("scopes", "reads", "writes"), PERMISSIONS)
async def test_calendars_take_their_own_permissions(stage: Stage, scopes, reads, writes):
    async with await stage.outlook(scopes=["User.Read", *scopes]) as client:
        assert (await client.get("me/events")).status_code == reads
        assert (await client.get("me/calendar")).status_code == reads
        assert (await client.post("me/events", json=event())).status_code == writes
        assert (await client.post("me/calendars", json={"name": "x"})).status_code == writes


async def test_calendars_survive_a_shortened_log(stage: Stage, adele: Outlook):
    acme = await adele.made("me/calendars", name="Acme", color="lightRed")
    made = await adele.made(f"me/calendars/{acme['id']}/events", **event(recurrence=weekly()))
    before = await adele.read(
        f"me/events/{made['id']}/instances?startDateTime=2026-07-01&endDateTime=2026-12-01"
    )
    await adele.delete(f"me/events/{before['value'][2]['id']}")
    await adele.patch(f"me/events/{before['value'][1]['id']}", json={"subject": "Other"})
    kept = await adele.read(
        f"me/events/{made['id']}/instances?startDateTime=2026-07-01&endDateTime=2026-12-01"
    )

    stage.rebuild()

    again = await adele.read(
        f"me/events/{made['id']}/instances?startDateTime=2026-07-01&endDateTime=2026-12-01"
    )
    assert again["value"] == kept["value"]
    assert (await adele.read(f"me/calendars/{acme['id']}"))["color"] == "lightRed"


async def test_a_zone_that_nobody_knows_in_prefer_is_refused(adele: Outlook):
    answer: httpx.Response = await adele.get("me/events", headers={"Prefer": 'outlook.timezone="Mars"'})

    assert error_of(answer) == (400, "TimeZoneNotSupportedException")


ODD = [
    None, True, 7, -1.5, 10**30, "", "x", "\0", "'", "\ud7ff" * 300, [], [None], [[1]], {}, {"id": 1}, {"dateTime": None},
    {"dateTime": "9999-12-31T23:59:59", "timeZone": "Asia/Tokyo"}, {"dateTime": "0001-01-01T00:00:00"},
    {"pattern": {}, "range": {}}, {"pattern": {"type": "weekly", "interval": 1}, "range": None},
    {"contentType": 5, "content": 5}, [{"emailAddress": None}], [{"emailAddress": {"address": 5}}], "2026-01-01T00:00:00Z",
]  # fmt: skip


@pytest.mark.parametrize(
    "name", [*event_rules.READERS, "singleValueExtendedProperties", "onlineMeeting", "@odata.type"]
)
def test_whatever_is_sent_is_an_event_or_a_refusal(name):
    held = event_rules.created(event_rules.read(event(recurrence=weekly())))
    for value in ODD:
        for body in (event() | {name: value}, event(recurrence=weekly()) | {name: value}):
            with contextlib.suppress(GraphError):
                event_rules.created(event_rules.read(body))
        with contextlib.suppress(GraphError):
            event_rules.updated(held, event_rules.read({name: value}))


PARTS = {
    "pattern": ("type", "interval", "daysOfWeek", "dayOfMonth", "month", "index", "firstDayOfWeek"),
    "range": ("type", "startDate", "endDate", "numberOfOccurrences", "recurrenceTimeZone"),
}


@pytest.mark.parametrize(("part", "name"), [(part, name) for part, names in PARTS.items() for name in names])
def test_whatever_recurrence_is_sent_is_one_or_a_refusal(part, name):
    for value in ODD:
        said = weekly()
        body = event(recurrence=said | {part: said[part] | {name: value}})
        with contextlib.suppress(GraphError):
            event_rules.created(event_rules.read(body))
