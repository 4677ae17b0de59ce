"""Events in the copy that somebody has of another person's calendar: ids of its own, and the owner's events."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from calendar_stage import IN_JULY, event, weekly
from graph_stage import IMMUTABLE, Outlook, Stage, error_of

pytestmark = pytest.mark.feature("F8")

ADELE, ALEX, MEGAN = "adele@contoso.example", "alex@contoso.example", "megan@contoso.example"


@dataclass
class Both:
    """One calendar, as its owner Adele has it and as Alex, whom she shares it with."""

    adele: Outlook
    alex: Outlook
    owned: str
    copied: str

    async def gives(self, role: str) -> None:
        await give(self.adele, self.owned, role)


async def give(adele: Outlook, calendar: str, role: str) -> None:
    path = f"{calendar}/calendarPermissions"
    body = {"emailAddress": {"name": "A", "address": ALEX}, "role": role}
    known = {one["emailAddress"].get("address"): one["id"] for one in (await adele.read(path))["value"]}
    if ALEX in known:
        await adele.patch(f"{path}/{known[ALEX]}", json={"role": role})
    else:
        await adele.made(path, **body)


@pytest.fixture(params=[{}, IMMUTABLE], ids=["default ids", "immutable ids"])
async def both(request: pytest.FixtureRequest, stage: Stage, adele: Outlook) -> AsyncIterator[Both]:
    async with await stage.outlook(ALEX, scopes=["Calendars.ReadWrite"]) as alex:
        alex.headers.update(request.param)
        acme = await adele.made("me/calendars", name="Acme")
        await give(adele, f"me/calendars/{acme['id']}", "write")
        _, shared = (await alex.read("me/calendars"))["value"]
        yield Both(adele, alex, f"me/calendars/{acme['id']}", f"me/calendars/{shared['id']}")


async def test_the_owners_events_are_read_by_ids_that_are_good_here_alone(both: Both):
    made = await both.adele.made(f"{both.owned}/events", **event())

    (seen,) = (await both.alex.read(f"{both.copied}/events"))["value"]

    assert (seen["subject"], seen["organizer"]["emailAddress"]["address"]) == ("Inspection", ADELE)
    assert seen["iCalUId"] == made["iCalUId"]
    assert seen["id"] != made["id"]
    for path in (f"{both.copied}/events/{seen['id']}", f"me/events/{seen['id']}"):
        assert (await both.alex.read(path))["id"] == seen["id"]
    assert error_of(await both.alex.get(f"{both.copied}/events/{made['id']}")) == (404, "ErrorItemNotFound")
    assert error_of(await both.alex.get(f"me/events/{made['id']}")) == (404, "ErrorItemNotFound")
    assert error_of(await both.adele.get(f"me/events/{seen['id']}")) == (400, "ErrorInvalidIdMalformed")
    assert (await both.alex.read("me/events"))["value"] == []
    assert (await both.alex.read(f"me/events/{seen['id']}/calendar"))["id"] == both.copied.split("/")[-1]


async def test_what_a_writer_does_in_the_copy_is_done_to_the_owners_calendar(both: Both):
    made = await both.alex.made(f"{both.copied}/events", **event())
    (own,) = (await both.adele.read(f"{both.owned}/events"))["value"]
    assert (own["organizer"]["emailAddress"]["address"], own["isOrganizer"]) == (ADELE, True)

    changed = await both.alex.patch(f"{both.copied}/events/{made['id']}", json={"subject": "Viewing"})
    assert (changed.json()["id"], changed.json()["subject"]) == (made["id"], "Viewing")
    assert (await both.adele.read(f"me/events/{own['id']}"))["subject"] == "Viewing"

    assert (await both.alex.delete(f"me/events/{made['id']}")).status_code == 204
    assert (await both.adele.read(f"{both.owned}/events"))["value"] == []


async def test_an_invitation_from_the_copy_is_the_owners(stage: Stage, both: Both):
    attendees = [{"type": "required", "emailAddress": {"address": MEGAN}}]
    await both.alex.made(f"{both.copied}/events", **event("Lunch", attendees=attendees))

    (mail,) = (await stage.controls.get("/_sandbox/outbox")).json()["messages"]
    assert (mail["from"], mail["to"]) == (ADELE, [MEGAN])


async def test_a_series_in_the_copy_has_occurrences_with_ids_of_the_copy(both: Both):
    await both.adele.made(f"{both.owned}/events", **event(recurrence=weekly()))

    first, second, *_ = (await both.alex.read(f"{both.copied}/calendarView?{IN_JULY}"))["value"]
    (master,) = (await both.alex.read(f"{both.copied}/events"))["value"]
    again = await both.alex.read(f"{both.copied}/events/{master['id']}/instances?{IN_JULY}")

    assert (first["seriesMasterId"], again["value"][0]["id"]) == (master["id"], first["id"])
    moved = await both.alex.patch(f"{both.copied}/events/{second['id']}", json={"subject": "Moved"})
    assert (moved.json()["id"], moved.json()["type"]) == (second["id"], "exception")
    rows = (await both.adele.read(f"{both.owned}/calendarView?{IN_JULY}"))["value"]
    assert [row["subject"] for row in rows[:2]] == ["Inspection", "Moved"]


async def test_a_delta_of_the_copy_tells_of_the_owners_changes(both: Both):
    kept = await both.adele.made(f"{both.owned}/events", **event())
    lost = await both.adele.made(f"{both.owned}/events", **event("Lunch"))
    first = await both.alex.read(f"{both.copied}/calendarView/delta?{IN_JULY}")
    known = {row["subject"]: row["id"] for row in first["value"]}

    await both.adele.patch(f"me/events/{kept['id']}", json={"subject": "Viewing"})
    await both.adele.delete(f"me/events/{lost['id']}")
    told = (await both.alex.read(first["@odata.deltaLink"]))["value"]

    assert {row["id"]: row.get("subject") for row in told} == {
        known["Inspection"]: "Viewing", known["Lunch"]: None,
    }  # fmt: skip
    assert next(row for row in told if "@removed" in row)["id"] == known["Lunch"]


async def test_a_reader_of_the_copy_changes_nothing(both: Both):
    made = await both.adele.made(f"{both.owned}/events", **event("Doctor", sensitivity="private"))
    await both.gives("read")
    (seen,) = (await both.alex.read(f"{both.copied}/events"))["value"]

    assert seen["subject"] == "Private appointment"
    refused: list[Any] = [
        await both.alex.post(f"{both.copied}/events", json=event()),
        await both.alex.patch(f"me/events/{seen['id']}", json={"subject": "x"}),
        await both.alex.delete(f"{both.copied}/events/{seen['id']}"),
    ]
    assert {error_of(answer) for answer in refused} == {(403, "ErrorAccessDenied")}
    assert (await both.adele.read(f"me/events/{made['id']}"))["subject"] == "Doctor"


async def test_who_may_write_in_a_copy_shares_nothing_and_is_told_nothing(stage: Stage, both: Both):
    permission = {"emailAddress": {"name": "M", "address": MEGAN}, "role": "read"}
    watch = {
        "changeType": "updated", "resource": f"{both.copied}/events", "clientState": "s",
        "notificationUrl": "https://crm.example/hook",
        "expirationDateTime": (stage.world.now().replace(microsecond=0)).isoformat(),
    }  # fmt: skip

    assert (await both.alex.read(f"{both.copied}/calendarPermissions"))["value"] == []
    given = await both.alex.post(f"{both.copied}/calendarPermissions", json=permission)
    assert error_of(given) == (403, "ErrorAccessDenied")
    assert error_of(await both.alex.post("subscriptions", json=watch)) == (403, "ErrorAccessDenied")


async def test_the_copy_goes_with_the_permission(both: Both):
    await both.adele.made(f"{both.owned}/events", **event())
    (seen,) = (await both.alex.read(f"{both.copied}/events"))["value"]
    await both.gives("freeBusyRead")

    for path in (f"{both.copied}/events", f"me/events/{seen['id']}"):
        assert error_of(await both.alex.get(path)) == (404, "ErrorItemNotFound")


async def test_another_name_for_the_copy_is_not_built(both: Both):
    assert (await both.alex.patch(both.copied, json={"name": "x"})).status_code == 501
    assert (await both.alex.delete(both.copied)).status_code == 501
