"""Events as they are asked for: filters, options, pages, and what isn't there."""

import pytest
from calendar_stage import event
from graph_stage import MARK, Outlook, error_of

pytestmark = pytest.mark.feature("F8")


@pytest.mark.lesson(3)
async def test_an_event_is_found_by_an_extended_property_and_shows_it_on_request_only(adele: Outlook):
    marked = await adele.made(
        "me/events", **event(singleValueExtendedProperties=[{"id": MARK, "value": "lnk_1"}])
    )
    await adele.made("me/events", **event("Other"))
    wanted = f"singleValueExtendedProperties/Any(ep: ep/id eq '{MARK}' and ep/value eq 'LNK_1')"
    found = await adele.get(
        "me/events",
        params={
            "$filter": wanted,
            "$expand": f"singleValueExtendedProperties($filter=id eq '{MARK}'),calendar",
        },
    )

    (row,) = found.json()["value"]
    assert (row["id"], row["singleValueExtendedProperties"]) == (
        marked["id"],
        [{"id": MARK, "value": "lnk_1"}],
    )
    assert row["calendar"]["isDefaultCalendar"] is True
    assert "singleValueExtendedProperties" not in marked


FILTERS = [
    pytest.param("subject eq 'Lunch'", ["Lunch"], id="a subject"),
    pytest.param("startswith(subject,'L')", ["Lunch"], id="the beginning of a subject"),
    pytest.param(
        "start/dateTime ge '2026-07-06T09:00' and end/dateTime le '2026-07-06T10:00'", ["Dinner"], id="a time"
    ),
    pytest.param("isAllDay eq true", [], id="a flag"),
    pytest.param(
        "lastModifiedDateTime ge 2020-01-01T00:00:00Z", ["Dinner", "Lunch"], id="when it was changed"
    ),
]


@pytest.mark.parametrize(("wanted", "subjects"), FILTERS)
async def test_events_are_filtered_by_their_own_values(adele: Outlook, wanted, subjects):
    await adele.made("me/events", **event("Lunch", "2026-07-05T12:00", "2026-07-05T13:00"))
    await adele.made("me/events", **event("Dinner"))

    found = await adele.get(
        "me/events", params={"$filter": wanted, "$orderby": "start/dateTime desc", "$select": "subject"}
    )

    assert [row["subject"] for row in found.json()["value"]] == subjects
    assert all(row.keys() == {"@odata.etag", "id", "subject"} for row in found.json()["value"])


OPTIONS = [
    pytest.param({"$filter": "nope eq 1"}, "ErrorInvalidUrlQueryFilter", id="a filter by nothing known"),
    pytest.param(
        {"$filter": "subject gt 'x'"}, "ErrorInvalidUrlQueryFilter", id="an operator a text does not have"
    ),
    pytest.param(
        {"$filter": "start/dateTime ge 2026-07-01"},
        "ErrorInvalidUrlQueryFilter",
        id="a wall clock without quotes",
    ),
    pytest.param({"$filter": "subject eq 'x' or subject eq 'y'"}, "ErrorInvalidUrlQueryFilter", id="or"),
    pytest.param({"$filter": "isAllDay eq 'true'"}, "ErrorInvalidUrlQueryFilter", id="a flag in quotes"),
    pytest.param({"$orderby": "body"}, "ErrorInvalidUrlQuery", id="sorted by a body"),
    pytest.param({"$select": "nope"}, "RequestBroker--ParseUri", id="no such property"),
    pytest.param({"$search": "x"}, "ErrorInvalidUrlQuery", id="a search"),
]


@pytest.mark.parametrize(("options", "code"), OPTIONS)
async def test_an_option_that_events_do_not_support_is_refused(adele: Outlook, options, code):
    assert error_of(await adele.get("me/events", params=options)) == (400, code)


async def test_events_come_in_pages_that_add_up(adele: Outlook):
    for number in range(12):
        await adele.made("me/events", **event(f"{number}"))
    first = await adele.read("me/events?$select=subject&$count=true")
    rest = await adele.read(first["@odata.nextLink"])

    assert (len(first["value"]), len(rest["value"]), first["@odata.count"]) == (10, 2, 12)
    assert len({row["id"] for row in first["value"] + rest["value"]}) == 12


NOT_BUILT = [
    "me/events/x/attachments", "me/events/x/extensions", "me/events/delta", "me/calendars/x/events/x/instances/delta",
    "me/calendarGroups",
]  # fmt: skip


@pytest.mark.parametrize("path", NOT_BUILT)
async def test_what_calendars_have_and_the_sandbox_has_not_says_so(adele: Outlook, path):
    assert error_of(await adele.get(path)) == (501, "NotImplemented")


async def test_a_path_under_calendars_that_does_not_exist_is_refused(adele: Outlook):
    for path in (
        "me/calendar/nope",
        "me/events/x/nope",
        "me/calendars/x/calendarView/x",
        "me/calendarView/x",
    ):
        assert error_of(await adele.get(path)) == (400, "BadRequest")
    assert error_of(await adele.put("me/events", json={})) == (405, "Request_BadRequest")
