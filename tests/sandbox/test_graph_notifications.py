"""What a subscription hears, when, and what is lost, repeated or late."""

import asyncio

import pytest
from graph_stage import IMMUTABLE, Outlook, error_of
from subscription_stage import subscribed, wish

pytestmark = pytest.mark.feature("A4")


async def test_what_happens_to_a_contact_is_told(stage, immutable: Outlook, listener):
    made = await subscribed(stage, immutable, listener)
    me = (await immutable.read("me"))["id"]
    ann = await immutable.made(displayName="Ann")
    await immutable.patch(f"me/contacts/{ann['id']}", json={"displayName": "Ann Lee"})
    await immutable.delete(f"me/contacts/{ann['id']}")

    heard = await listener.hears(3)

    assert [entry["changeType"] for entry in heard] == ["created", "updated", "deleted"]
    path = f"Users/{me}/Contacts/{ann['id']}"
    for entry in heard:
        assert (entry["subscriptionId"], entry["clientState"], entry["resource"]) == (
            made["id"],
            "secret",
            path,
        )
        assert entry["resourceData"]["@odata.type"] == "#Microsoft.Graph.Contact"
        assert (entry["resourceData"]["id"], entry["resourceData"]["@odata.id"]) == (ann["id"], path)
    assert heard[0]["resourceData"]["@odata.etag"] == ann["@odata.etag"]


async def test_only_the_kinds_and_the_folder_asked_for_are_told(stage, adele, listener):
    folder = await adele.made("me/contactFolders", displayName="Acme")
    await subscribed(
        stage, adele, listener, resource=f"me/contactFolders/{folder['id']}/contacts", changeType="created"
    )
    await adele.made(displayName="Elsewhere")
    here = await adele.made(f"me/contactFolders/{folder['id']}/contacts", displayName="Here")
    await adele.delete(f"me/contacts/{here['id']}")

    (entry,) = await listener.hears(1)
    await listener.hears_nothing_more()

    assert entry["resourceData"]["id"] == here["id"]


async def test_the_format_of_ids_is_the_one_the_subscription_was_made_with(stage, adele, listener):
    body = wish(stage, listener)
    answer = await adele.post("subscriptions", json=body, headers=IMMUTABLE)
    assert answer.headers["preference-applied"] == IMMUTABLE["Prefer"]
    made = await adele.made(displayName="Ann")

    (entry,) = await listener.hears(1)

    always = (await adele.read(f"me/contacts/{made['id']}", **IMMUTABLE))["id"]
    assert entry["resourceData"]["id"] == always != made["id"]


async def test_a_move_is_deleted_here_and_created_there(stage, immutable, listener):
    folder = await immutable.made("me/contactFolders", displayName="Acme")
    ann = await immutable.made(displayName="Ann")
    here = await subscribed(stage, immutable, listener)
    there = await subscribed(
        stage, immutable, listener, resource=f"me/contactFolders/{folder['id']}/contacts"
    )

    await stage.control("move", mail="adele@contoso.example", id=ann["id"], to=folder["id"])

    heard = await listener.hears(2)
    assert {(entry["subscriptionId"], entry["changeType"]) for entry in heard} == {
        (here["id"], "deleted"),
        (there["id"], "created"),
    }


async def test_what_happens_at_once_shares_a_post(stage, adele, listener):
    await subscribed(stage, adele, listener)
    await adele.batch(
        *(
            {
                "id": str(n),
                "method": "POST",
                "url": "/me/contacts",
                "headers": {"Content-Type": "application/json"},
                "body": {"displayName": "x"},
            }
            for n in range(20)
        )
    )

    await listener.hears(20)

    assert len(listener.posts) < 20


async def test_notifications_can_be_switched_off(stage, adele, listener):
    await subscribed(stage, adele, listener)
    await stage.control("settings", notifications=False)
    await adele.made(displayName="Ann")
    await stage.control("settings", notifications=True)

    await listener.hears_nothing_more()

    assert listener.heard == []


@pytest.mark.lesson(19)
async def test_what_is_not_taken_is_sent_again_by_the_sandboxs_clock(stage, adele, listener):
    await subscribed(stage, adele, listener)
    listener.answers = [503, 302, 404]
    await adele.made(displayName="Ann")
    for _ in range(3):
        await asyncio.sleep(0.1)
        await stage.advance(minutes=5)

    (entry,) = await listener.hears(1)

    assert entry["changeType"] == "created"


@pytest.mark.lesson(18)
async def test_after_four_hours_a_notification_is_lost_and_the_loss_is_told(stage, adele, listener):
    await subscribed(stage, adele, listener, lifecycleNotificationUrl=f"{listener.url}/lifecycle")
    listener.answers = [503] * 2
    await adele.made(displayName="Ann")
    await asyncio.sleep(0.1)
    await stage.advance(hours=4)

    heard = await listener.hears(2)

    told = {entry.get("lifecycleEvent", entry.get("changeType")) for entry in heard}
    assert told == {"missed", "reauthorizationRequired"}


@pytest.mark.lesson(18)
async def test_a_subscription_ends_and_who_asked_for_it_is_told(stage, adele, listener):
    made = await subscribed(
        stage, adele, listener, minutes=50, lifecycleNotificationUrl=f"{listener.url}/lifecycle"
    )

    await stage.advance(minutes=51)
    (entry,) = await listener.hears(1)

    assert (entry["lifecycleEvent"], entry["subscriptionId"], entry["clientState"]) == (
        "subscriptionRemoved",
        made["id"],
        "secret",
    )
    assert "changeType" not in entry
    assert "resourceData" not in entry
    assert listener.posts[0][0] == "/lifecycle"
    assert error_of(await adele.get(f"subscriptions/{made['id']}")) == (404, "ResourceNotFound")


@pytest.mark.lesson(18)
@pytest.mark.parametrize("cure", ["reauthorize", "renew"])
async def test_when_the_token_behind_it_ends_delivery_pauses_until_it_is_authorized_again(
    stage, adele, listener, cure
):
    made = await subscribed(stage, adele, listener, lifecycleNotificationUrl=f"{listener.url}/lifecycle")
    path = f"subscriptions/{made['id']}"
    await stage.advance(minutes=46)
    (reminder,) = await listener.hears(1)
    assert reminder["lifecycleEvent"] == "reauthorizationRequired"
    await stage.advance(minutes=46)
    async with await stage.outlook() as again:
        await again.made(displayName="Ann")
        await listener.hears(2)
        await listener.hears_nothing_more()

        if cure == "renew":
            body = {"expirationDateTime": wish(stage, listener)["expirationDateTime"]}
            assert (await again.patch(path, json=body)).status_code == 200
        else:
            assert (await again.post(f"{path}/reauthorize")).status_code == 204

    heard = await listener.hears(3)
    assert [entry.get("changeType") for entry in heard[1:]] == [None, "created"]


FAULTS = [
    pytest.param("lose", ["P1"], id="lost"),
    pytest.param("duplicate", ["P0", "P0", "P1"], id="twice"),
    pytest.param("reorder", ["P1", "P0"], id="overtaken"),
    pytest.param("delay", ["P1", "P0"], id="late"),
]


@pytest.mark.lesson(19)
@pytest.mark.parametrize(("kind", "told"), FAULTS)
async def test_notifications_are_lost_repeated_late_or_out_of_order_on_demand(
    stage, adele, listener, kind, told
):
    await subscribed(stage, adele, listener)
    await stage.fault({"notification": kind}, match={"mail": "adele@contoso.example"})
    ids = {}
    for name in ("P0", "P1"):
        ids[(await adele.made(displayName=name))["id"]] = name
        await asyncio.sleep(0.05)
    if kind == "delay":
        await listener.hears(1)
        await stage.advance(seconds=31)

    heard = await listener.hears(len(told))

    assert [ids[entry["resourceData"]["id"]] for entry in heard] == told


async def test_an_item_that_others_wrote_is_told_as_well(stage, adele, listener):
    """Seeding and dragging are the acts of a person: they are told like any other."""
    await subscribed(stage, adele, listener)
    await stage.control(
        "seed", mail="adele@contoso.example", contacts=[{"displayName": "A"}, {"displayName": "B"}]
    )

    assert [entry["changeType"] for entry in await listener.hears(2)] == ["created", "created"]
