"""Calendars: three ways to the default one, and what can be done to others."""

import pytest
from calendar_stage import event
from graph_stage import MARK, Outlook, error_of

pytestmark = pytest.mark.feature("F8")


async def test_the_default_calendar_is_reached_in_three_ways(adele: Outlook):
    made = await adele.made("me/calendar/events", **event())
    calendar = await adele.read("me/calendar")
    ways = [
        "me/events",
        "me/calendar/events",
        f"me/calendars/{calendar['id']}/events",
        "users/adele@contoso.example/events",
    ]

    for way in ways:
        assert [row["id"] for row in (await adele.read(way))["value"]] == [made["id"]]
        assert (await adele.read(f"{way}/{made['id']}"))["subject"] == "Inspection"
    assert calendar["isDefaultCalendar"] is True
    assert (await adele.read(f"me/events/{made['id']}/calendar"))["id"] == calendar["id"]
    count = await adele.get("me/events/$count")
    assert count.text == "1"


async def test_a_calendar_is_made_renamed_coloured_and_deleted_with_what_is_in_it(adele: Outlook):
    acme = await adele.made(
        "me/calendars",
        name="Acme",
        color="LightBlue",
        singleValueExtendedProperties=[{"id": MARK, "value": "x"}],
    )
    here = await adele.made(f"me/calendars/{acme['id']}/events", **event())
    renamed = await adele.patch(f"me/calendars/{acme['id']}", json={"name": "Acme CRM"})

    assert (acme["name"], acme["color"], acme["hexColor"], acme["isDefaultCalendar"], acme["canEdit"]) == (
        "Acme",
        "lightBlue",
        "#a6d1f5",
        False,
        True,
    )
    assert acme["owner"] == {"name": "Adele Vance", "address": "adele@contoso.example"}
    assert renamed.json()["name"] == "Acme CRM"
    assert [row["name"] for row in (await adele.read("me/calendars"))["value"]] == ["Calendar", "Acme CRM"]
    expanded = await adele.read(
        f"me/calendars/{acme['id']}?$expand=singleValueExtendedProperties($filter=id eq '{MARK}')"
    )
    assert expanded["singleValueExtendedProperties"] == [{"id": MARK, "value": "x"}]
    assert (await adele.read("me/events"))["value"] == []
    assert (await adele.delete(f"me/calendars/{acme['id']}")).status_code == 204
    assert error_of(await adele.get(f"me/calendars/{acme['id']}/events")) == (404, "ErrorItemNotFound")
    assert error_of(await adele.get(f"me/events/{here['id']}")) == (404, "ErrorItemNotFound")
    await adele.made("me/calendars", name="Acme CRM")


async def test_what_cannot_be_done_to_a_calendar(adele: Outlook):
    acme = await adele.made("me/calendars", name="Acme")
    contacts = await adele.made("me/contactFolders", displayName="People")
    default = (await adele.read("me/calendar"))["id"]

    assert error_of(await adele.post("me/calendars", json={"name": "ACME"})) == (409, "ErrorFolderExists")
    assert error_of(await adele.post("me/calendars", json={})) == (400, "ErrorInvalidArgument")
    assert error_of(await adele.patch("me/calendar", json={"name": ""})) == (400, "ErrorInvalidArgument")
    assert error_of(await adele.post("me/calendars", json={"name": "x", "color": "mauve"})) == (
        400,
        "RequestBodyRead",
    )
    assert error_of(await adele.post("me/calendars", json={"title": "x"})) == (400, "RequestBodyRead")
    assert error_of(await adele.delete(f"me/calendars/{default}")) == (400, "ErrorDeleteDistinguishedFolder")
    assert error_of(await adele.get(f"me/calendars/{contacts['id']}")) == (404, "ErrorItemNotFound")
    assert error_of(await adele.get(f"me/contactFolders/{acme['id']}")) == (404, "ErrorItemNotFound")
