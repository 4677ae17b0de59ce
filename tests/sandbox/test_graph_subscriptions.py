"""Subscriptions of the local Graph: making, renewing and ending them, and what is sent to whom."""

import pytest
from graph_stage import error_of
from starlette.responses import Response
from subscription_stage import minutes_left, subscribed, wish

pytestmark = pytest.mark.feature("A4")


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
