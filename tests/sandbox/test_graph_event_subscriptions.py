"""Subscriptions to calendars: what of an event is told, and to whom."""

from datetime import timedelta

import pytest
from calendar_stage import IN_JULY, event, weekly
from graph_stage import Listener, Outlook, Stage, error_of

pytestmark = pytest.mark.lesson(9)


def wish(stage: Stage, listener: Listener, resource: str = "me/events") -> dict[str, str]:
    return {
        "changeType": "created,updated,deleted",
        "resource": resource,
        "notificationUrl": listener.url,
        "expirationDateTime": (stage.world.now() + timedelta(hours=1)).isoformat(),
    }


async def subscribed(
    stage: Stage, outlook: Outlook, listener: Listener, resource: str = "me/events", **headers: str
) -> None:
    answer = await outlook.post("subscriptions", json=wish(stage, listener, resource), headers=headers)
    assert answer.status_code == 201, answer.text


async def test_what_happens_to_events_is_told_and_a_deleted_occurrence_as_an_update_of_its_master(
    stage: Stage, adele: Outlook, listener: Listener
):
    await subscribed(stage, adele, listener)
    made = await adele.made("me/events", **event(recurrence=weekly()))
    first, second, *_ = (await adele.read(f"me/events/{made['id']}/instances?{IN_JULY}"))["value"]
    await adele.patch(f"me/events/{first['id']}", json={"subject": "Late"})
    await adele.delete(f"me/events/{second['id']}")
    await adele.delete(f"me/events/{made['id']}")

    heard = await listener.hears(4)

    person = stage.world.person("adele@contoso.example").oid
    assert [(entry["changeType"], entry["resourceData"]["id"]) for entry in heard] == [
        ("created", made["id"]), ("updated", first["id"]), ("updated", made["id"]), ("deleted", made["id"])
    ]  # fmt: skip
    assert heard[0]["resource"] == f"Users/{person}/Events/{made['id']}"
    assert heard[0]["resourceData"]["@odata.type"] == "#Microsoft.Graph.Event"


async def test_a_subscription_hears_of_its_own_calendar_only_and_in_its_own_format(
    stage: Stage, immutable: Outlook, adele: Outlook, listener: Listener
):
    acme = await adele.made("me/calendars", name="Acme")
    await subscribed(stage, immutable, listener, f"users/adele@contoso.example/calendars/{acme['id']}/events")
    await adele.made("me/events", **event())
    await adele.made(displayName="Ann")
    await adele.made(f"me/calendars/{acme['id']}/events", **event())

    (entry,) = await listener.hears(1)
    await listener.hears_nothing_more(within=0.1)

    lasting = (await immutable.read(f"me/calendars/{acme['id']}/events"))["value"][0]["id"]
    assert entry["resourceData"]["id"] == lasting


REFUSED = [
    pytest.param("me/calendars", 400, id="calendars"),
    pytest.param("me/calendarView", 400, id="a view"),
]


@pytest.mark.parametrize(("resource", "status"), REFUSED)
async def test_nothing_else_of_a_calendar_can_be_subscribed_to(
    stage: Stage, adele: Outlook, listener: Listener, resource, status
):
    answer = await adele.post("subscriptions", json=wish(stage, listener, resource))

    assert answer.status_code == status


async def test_permissions_for_shared_calendars_do_not_subscribe(stage: Stage, listener: Listener):
    async with await stage.outlook(scopes=["Calendars.ReadWrite.Shared"]) as shared:
        refused = await shared.post("subscriptions", json=wish(stage, listener))

    assert error_of(refused) == (403, "ErrorAccessDenied")
