"""Subscriptions of the local Graph: making, renewing and ending them, and what is sent to whom."""

import asyncio
from datetime import datetime, timedelta

import pytest
from graph_stage import IMMUTABLE, Listener, Outlook, Stage, error_of
from starlette.responses import Response

pytestmark = pytest.mark.feature("A4")


def wish(stage: Stage, listener: Listener, *, minutes: float = 4230, **changes) -> dict:
    body = {
        "changeType": "created,updated,deleted",
        "notificationUrl": f"{listener.url}/notifications",
        "resource": "/me/contacts",
        "expirationDateTime": (stage.world.now() + timedelta(minutes=minutes)).strftime(
            "%Y-%m-%dT%H:%M:%S.0000000Z"
        ),
        "clientState": "secret",
    } | changes
    return {name: value for name, value in body.items() if value is not ...}


async def subscribed(stage: Stage, outlook: Outlook, listener: Listener, **changes) -> dict:
    return await outlook.made("subscriptions", **wish(stage, listener, **changes))


def minutes_left(stage: Stage, subscription: dict) -> float:
    return (
        datetime.fromisoformat(subscription["expirationDateTime"]) - stage.world.now()
    ).total_seconds() / 60


async def test_a_subscription_is_made_once_its_endpoint_has_repeated_the_token(stage, adele, listener):
    made = await subscribed(stage, adele, listener, notificationUrl=f"{listener.url}/n?key=1")

    (asked,) = listener.handshakes
    assert asked.startswith(
        f"{listener.url}/n?key=1&validationToken=Validation%3A+Testing+client+application"
    )
    assert (made["resource"], made["changeType"], made["clientState"]) == (
        "/me/contacts",
        "created,updated,deleted",
        "secret",
    )
    assert made["creatorId"] == (await adele.read("me"))["id"]
    shown = await adele.read(f"subscriptions/{made['id']}")
    (listed,) = (await adele.read("subscriptions"))["value"]
    assert shown["clientState"] is listed["clientState"] is None
    assert shown | {"clientState": "secret"} == made


async def test_both_addresses_are_asked_even_when_they_are_the_same(stage, adele, listener):
    url = f"{listener.url}/notifications"

    await subscribed(stage, adele, listener, lifecycleNotificationUrl=url)

    assert len(listener.handshakes) == 2


ENDPOINTS = [
    pytest.param(lambda token: Response(token, status_code=202, media_type="text/plain"), "200 OK", id="202"),
    pytest.param(lambda token: Response(token[:-1], media_type="text/plain"), "exactly match", id="another token"),
    pytest.param(lambda token: Response(f'"{token}"', media_type="application/json"), "exactly match", id="JSON"),
    pytest.param(lambda _: Response(status_code=404), "200 OK", id="no such page"),
    pytest.param(lambda token: Response(token.replace(" ", "+"), media_type="text/plain"), "exactly match", id="the token undecoded"),
]  # fmt: skip


@pytest.mark.parametrize(("echo", "said"), ENDPOINTS)
async def test_an_endpoint_that_fails_the_handshake_gets_no_subscription(stage, adele, listener, echo, said):
    listener.echo = echo

    answer = await adele.post("subscriptions", json=wish(stage, listener))

    assert error_of(answer) == (400, "ValidationError")
    assert said in answer.json()["error"]["message"]
    assert (await adele.read("subscriptions"))["value"] == []


async def test_nobody_listening_gets_no_subscription(stage, adele, listener):
    answer = await adele.post(
        "subscriptions", json=wish(stage, listener, notificationUrl="http://127.0.0.1:9/x")
    )

    assert error_of(answer) == (400, "ValidationError")


REFUSED = [
    pytest.param({"changeType": ...}, 400, "InvalidRequest", id="no change type"),
    pytest.param({"changeType": "created,moved"}, 400, "RequestBodyRead", id="a change type there is not"),
    pytest.param({"resource": ...}, 400, "InvalidRequest", id="no resource"),
    pytest.param({"resource": "/me/contactFolders"}, 400, "ExtensionError", id="folders cannot be subscribed to"),
    pytest.param({"resource": "/me/contatcs"}, 400, "BadRequest", id="a resource there is not"),
    pytest.param({"resource": "/me/messages"}, 501, "NotImplemented", id="a resource not built"),
    pytest.param({"resource": "/me/contactFolders/nonsense/contacts"}, 400, "ErrorInvalidIdMalformed", id="a folder there is not"),
    pytest.param({"resource": "/users/alex@contoso.example/contacts"}, 403, "ErrorAccessDenied", id="somebody else's contacts"),
    pytest.param({"notificationUrl": ...}, 400, "InvalidRequest", id="no address"),
    pytest.param({"notificationUrl": "http://hooks.example/x"}, 400, "InvalidRequest", id="http to somewhere else"),
    pytest.param({"notificationUrl": "nowhere"}, 400, "InvalidRequest", id="no url"),
    pytest.param({"lifecycleNotificationUrl": "http://hooks.example/x"}, 400, "InvalidRequest", id="a lifecycle address by http"),
    pytest.param({"expirationDateTime": ...}, 400, "InvalidRequest", id="no expiry"),
    pytest.param({"expirationDateTime": "tomorrow"}, 400, "RequestBodyRead", id="no time"),
    pytest.param({"minutes": 10_081}, 400, "ExtensionError", id="over seven days"),
    pytest.param({"clientState": "x" * 129}, 400, "InvalidRequest", id="a long clientState"),
    pytest.param({"includeResourceData": True}, 501, "NotImplemented", id="rich notifications"),
    pytest.param({"latestSupportedTlsVersion": "v0_9"}, 400, "RequestBodyRead", id="a TLS there is not"),
    pytest.param({"colour": "red"}, 400, "RequestBodyRead", id="an unknown property"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "status", "code"), REFUSED)
async def test_a_subscription_that_cannot_be_is_refused(stage, adele, listener, changes, status, code):
    answer = await adele.post("subscriptions", json=wish(stage, listener, **changes))

    assert error_of(answer) == (status, code)
    assert (await adele.read("subscriptions"))["value"] == []


ACCEPTED = [
    pytest.param({"changeType": "Created, UPDATED"}, id="change types in any letter case"),
    pytest.param({"resource": "me/contactFolders('{folder}')/contacts"}, id="a folder in brackets"),
    pytest.param({"resource": "users/adele@contoso.example/contacts"}, id="oneself by address"),
    pytest.param({"clientState": "x" * 128, "latestSupportedTlsVersion": "v12"}, id="a clientState of 128"),
    pytest.param({"clientState": ..., "@odata.type": "#microsoft.graph.subscription"}, id="no clientState"),
]


@pytest.mark.parametrize("changes", ACCEPTED)
async def test_a_subscription_may_be_asked_for_in_these_ways(stage, adele, listener, changes):
    folder = (await adele.made("me/contactFolders", displayName="Acme"))["id"]
    body = wish(stage, listener, **changes)
    body["resource"] = body["resource"].replace("{folder}", folder)

    made = await adele.made("subscriptions", **body)

    assert made["resource"] == body["resource"]


@pytest.mark.feature("A8")
async def test_a_personal_account_subscribes_to_contacts_too(stage, listener):
    async with await stage.outlook("patti@outlook.example") as patti:
        await patti.made("subscriptions", **wish(stage, listener))
        await patti.made(displayName="Ann")

    assert (await listener.hears(1))[0]["tenantId"] == "9188040d-6c67-4c5b-b112-36a304b66dad"


async def test_http_to_this_machine_is_a_leniency_that_can_be_switched_off(stage, adele, listener):
    await stage.control("settings", require_https_notifications=True)

    assert error_of(await adele.post("subscriptions", json=wish(stage, listener))) == (400, "InvalidRequest")


LIVES = [
    pytest.param(10_080, 10_080, id="the longest"),
    pytest.param(44, 45, id="under 45 minutes is raised"),
    pytest.param(-60, 45, id="the past is raised too"),
]


@pytest.mark.parametrize(("asked", "given"), LIVES)
async def test_an_expiry_is_raised_to_45_minutes(stage, adele, listener, asked, given):
    made = await subscribed(stage, adele, listener, minutes=asked - 0.02 if asked > 0 else asked)

    assert minutes_left(stage, made) == pytest.approx(given, abs=0.1)


async def test_the_same_is_not_subscribed_to_twice(stage, adele, listener):
    made = await subscribed(stage, adele, listener)
    me = (await adele.read("me"))["id"]

    again = await adele.post(
        "subscriptions",
        json=wish(stage, listener, resource=f"users/{me}/contacts", changeType="deleted,updated,created"),
    )

    assert error_of(again) == (409, "Conflict")
    assert (
        again.json()["error"]["message"]
        == f"Subscription Id <{made['id']}> already exists for the requested combination"
    )
    await subscribed(stage, adele, listener, changeType="created")


async def test_a_mailbox_bears_a_thousand_subscriptions(stage, adele, listener):
    first = await subscribed(stage, adele, listener)
    (kept,) = stage.subscriptions()
    for number in range(998):
        stage.world.commit("subscription.kept", kept | {"id": f"copy-{number}", "folder": 100 + number})
    last = await subscribed(stage, adele, listener, changeType="created")

    over = await adele.post("subscriptions", json=wish(stage, listener, changeType="deleted"))

    assert error_of(over) == (403, "ExtensionError")
    pages = [await adele.read("subscriptions")]
    while "@odata.nextLink" in pages[-1]:
        pages.append(await adele.read(pages[-1]["@odata.nextLink"]))
    ids = [shown["id"] for page in pages for shown in page["value"]]
    assert (len(ids), ids[0], ids[-1]) == (1000, first["id"], last["id"])


async def test_a_subscription_is_renewed_changed_and_deleted(stage, adele, listener):
    made = await subscribed(stage, adele, listener, minutes=60)
    path = f"subscriptions/{made['id']}"
    later = wish(stage, listener, minutes=6000)["expirationDateTime"]

    renewed = await adele.patch(path, json={"expirationDateTime": later})
    moved = await adele.patch(path, json={"notificationUrl": f"{listener.url}/elsewhere"})

    assert minutes_left(stage, renewed.json()) == pytest.approx(6000, abs=1)
    assert moved.json()["notificationUrl"].endswith("/elsewhere")
    assert len(listener.handshakes) == 2
    assert (await adele.post(f"{path}/reauthorize")).status_code == 204
    assert (await adele.delete(path)).status_code == 204
    for gone in (
        await adele.get(path),
        await adele.patch(path, json={}),
        await adele.delete(path),
        await adele.post(f"{path}/reauthorize"),
    ):
        assert error_of(gone) == (404, "ResourceNotFound")


CHANGES = [
    pytest.param({"resource": "/me/contacts"}, "InvalidRequest", id="the resource"),
    pytest.param(
        {"lifecycleNotificationUrl": "https://x.example"}, "InvalidRequest", id="the lifecycle address"
    ),
    pytest.param({"clientState": "x"}, "InvalidRequest", id="the clientState"),
    pytest.param(
        {"expirationDateTime": "2999-01-01T00:00:00Z"}, "ExtensionError", id="an expiry too far away"
    ),
    pytest.param({"notificationUrl": "ftp://x.example"}, "InvalidRequest", id="no https"),
]


@pytest.mark.parametrize(("body", "code"), CHANGES)
async def test_only_expiry_and_address_can_be_changed(stage, adele, listener, body, code):
    made = await subscribed(stage, adele, listener)

    assert error_of(await adele.patch(f"subscriptions/{made['id']}", json=body)) == (400, code)


async def test_subscriptions_are_seen_by_the_application_and_person_that_made_them(stage, adele, listener):
    made = await subscribed(stage, adele, listener)

    async with await stage.outlook("alex@contoso.example") as alex:
        assert (await alex.read("subscriptions"))["value"] == []
        assert error_of(await alex.get(f"subscriptions/{made['id']}")) == (404, "ResourceNotFound")


async def test_the_read_permission_is_needed_to_subscribe(stage, listener):
    async with await stage.outlook(scopes=["User.Read"]) as client:
        assert error_of(await client.post("subscriptions", json=wish(stage, listener))) == (
            403,
            "ErrorAccessDenied",
        )


async def test_listing_subscriptions_has_a_limit_of_its_own(stage, adele):
    statuses = [(await adele.get("subscriptions")).status_code for _ in range(26)]

    assert statuses == [200] * 25 + [429]
    await stage.advance(seconds=21)
    assert (await adele.get("subscriptions")).status_code == 200


LIMITS = [
    pytest.param("DELETE", "subscriptions/x", 500, id="writing"),
    pytest.param("GET", "subscriptions/x", 500, id="reading one"),
    pytest.param("POST", "subscriptions/x/reauthorize", 1000, id="reauthorizing"),
]


@pytest.mark.parametrize(("method", "url", "most"), LIMITS)
async def test_the_subscription_service_has_limits_of_its_own(adele, method, url, most):
    items = [{"id": str(n), "method": method, "url": f"/{url}"} for n in range(20)]
    for _ in range(most // 20):
        assert {reply["status"] for reply in (await adele.batch(*items)).values()} == {404}

    assert error_of(await adele.request(method, url)) == (429, "TooManyRequests")


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
