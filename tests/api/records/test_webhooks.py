"""Deliveries (``api.md`` §6, ``engine.md`` §18): signed, in order, tried again, never by two at once."""

import asyncio

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from app.sync.deliver import deliver

NAMES = ("Ada", "Grace", "Mary", "Joan", "Hedy")


async def shown(crm, hook):
    return await crm.call("GET", f"/v1/webhooks/{hook['id']}")


async def deliveries(crm, hook):
    return (await crm.call("GET", f"/v1/webhooks/{hook['id']}/deliveries"))["data"]


async def five(outlook):
    return [await outlook.adds(given_name=name) for name in NAMES]


@pytest.mark.feature("F8")
async def test_changes_are_posted_in_order_and_signed(crm, outlook, endpoint, hook, soon):
    await five(outlook)
    await soon(seconds=11)

    ((headers, body, _),) = endpoint.seen
    assert endpoint.names_seen == list(NAMES)
    assert (body["type"], body["data"]["workspace"][:3]) == ("changes", "ws_")
    assert headers["webhook-id"].startswith("dlv_")
    Webhook(hook["secret"]).verify(headers["raw"], headers)
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "A" * 43 + "=").verify(headers["raw"], headers)
    assert body["data"]["changes"] == (await crm.reads())
    (delivery,) = await deliveries(crm, hook)
    assert (delivery["status"], delivery["attempts"], delivery["response_status"]) == ("delivered", 1, 200)


async def test_nothing_is_posted_twice_and_no_timer_is_left(
    outlook, endpoint, hook, soon, resources, workspace
):
    await outlook.adds(given_name="Ada")
    await soon(seconds=11)
    await soon(hours=1)
    await deliver(resources, workspace.id, hook["id"])

    assert len(endpoint.seen) == 1


async def test_other_types_are_passed_over(crm, outlook, endpoint, soon):
    await crm.call("POST", "/v1/webhooks", json={"url": endpoint.url, "types": ["contact.deleted"]})
    record = await outlook.adds(given_name="Ada")
    await outlook.deletes(record)
    await soon(seconds=11)

    assert [change["type"] for change in endpoint.changes] == ["contact.deleted"]


async def test_an_endpoint_hears_what_happens_after_it_was_made(crm, outlook, endpoint, soon):
    await outlook.adds(given_name="Before")
    await crm.call("POST", "/v1/webhooks", json={"url": endpoint.url})
    await outlook.adds(given_name="After")
    await soon(seconds=11)

    assert endpoint.names_seen == ["After"]


async def test_a_failure_is_tried_again_with_the_same_id_and_body(crm, outlook, endpoint, hook, soon):
    endpoint.answers = [500, (503, {"retry-after": "120"}, b""), 200]
    await outlook.adds(given_name="Ada")
    await soon(seconds=11)
    failing = await shown(crm, hook)
    assert (failing["status"], failing["problem"]["type"]) == ("failing", "/problems/webhook-failing")
    assert failing["oldest_undelivered_at"] is not None
    await soon(seconds=4)
    assert len(endpoint.seen) == 1
    await soon(seconds=3)
    await soon(seconds=300)
    assert len(endpoint.seen) == 2
    await soon(seconds=61)

    assert len({headers["webhook-id"] for headers, _, _ in endpoint.seen}) == 1
    assert len({headers["raw"] for headers, _, _ in endpoint.seen}) == 1
    again = await shown(crm, hook)
    assert (again["status"], again["problem"], again["oldest_undelivered_at"]) == ("active", None, None)


async def test_a_failure_holds_what_comes_later(outlook, endpoint, hook, soon):
    endpoint.answers = [500, 200]
    await outlook.adds(given_name="Ada")
    await soon(seconds=11)
    await outlook.adds(given_name="Grace")
    await soon(seconds=1)
    assert len(endpoint.seen) == 1
    await soon(seconds=6)

    assert endpoint.names_seen == ["Ada", "Grace"]


@pytest.mark.parametrize(
    "answer", [pytest.param((302, {"location": "http://127.0.0.1/"}, b""), id="redirect"), 404]
)
async def test_only_2xx_means_delivered(crm, outlook, endpoint, hook, soon, answer):
    endpoint.answers = [answer]
    await outlook.adds(given_name="Ada")
    await soon(seconds=11)

    assert (await shown(crm, hook))["status"] == "failing"


async def test_410_switches_an_endpoint_off_and_it_can_be_switched_on(crm, outlook, endpoint, hook, soon):
    endpoint.answers = [410, 200]
    await outlook.adds(given_name="Ada")
    await soon(seconds=11)
    await outlook.adds(given_name="Grace")
    await soon(hours=1)
    off = await shown(crm, hook)
    assert (off["status"], off["problem"]["type"], len(endpoint.seen)) == (
        "disabled",
        "/problems/webhook-disabled",
        1,
    )
    told = [change for change in await crm.reads() if change["type"] == "webhook.disabled"]
    assert [change["record"]["id"] for change in told] == [hook["id"]]

    await crm.call("PATCH", f"/v1/webhooks/{hook['id']}", json={"status": "active"})
    await soon(seconds=1)

    assert endpoint.names_seen == ["Ada", "Grace"]
    assert (await shown(crm, hook))["status"] == "active"


async def test_five_days_of_failures_switch_an_endpoint_off(crm, outlook, endpoint, hook, soon):
    endpoint.answers = [500]
    await outlook.adds(given_name="Ada")
    for _ in range(16):
        await soon(hours=11)

    assert (await shown(crm, hook))["status"] == "disabled"
    assert 5 <= len(endpoint.seen) <= 14


async def test_an_endpoint_that_cannot_be_reached_is_failing(crm, outlook, endpoint, hook, soon):
    await endpoint.stop()
    await outlook.adds(given_name="Ada")
    await soon(seconds=11)

    assert (await shown(crm, hook))["problem"]["detail"] == "The endpoint could not be reached."
    await endpoint.start()


class TestPoison:
    async def test_the_change_that_an_endpoint_cannot_take_is_found_and_the_others_go_on(
        self, crm, outlook, endpoint, hook, soon
    ):
        endpoint.refuses = "Mary"
        records = await five(outlook)
        for _ in range(40):
            await soon(minutes=6)
        assert sorted(endpoint.names_seen) == sorted(set(NAMES) - {"Mary"})

        await outlook.edits(records[2], given_name="Mary", job_title="Novelist")
        await outlook.adds(given_name="Late")
        await soon(seconds=11)
        assert endpoint.names_seen[-1] == "Late"
        assert len(endpoint.names_seen) == 5

        endpoint.refuses = None
        await soon(hours=11)

        marys = [change for change in endpoint.changes if change["record"]["given_name"] == "Mary"]
        assert [change["type"] for change in marys] == ["contact.created", "contact.updated"]
        assert (await shown(crm, hook))["status"] == "active"

    async def test_it_is_parked_after_a_day_while_others_get_through(
        self, crm, outlook, endpoint, hook, soon
    ):
        endpoint.refuses = "Mary"
        record = await outlook.adds(given_name="Mary")
        for _ in range(3):
            await soon(minutes=40)
        await outlook.adds(given_name="Late")
        await outlook.edits(record, given_name="Lady Mary")
        for _ in range(5):
            await soon(hours=12)

        assert endpoint.names_seen == ["Late", "Lady Mary"]
        assert [d["status"] for d in await deliveries(crm, hook)].count("parked") == 1

    @pytest.mark.usefixtures("hook")
    async def test_it_is_not_parked_while_the_endpoint_fails_altogether(self, outlook, endpoint, soon):
        endpoint.answers = [500]
        await five(outlook)
        for _ in range(8):
            await soon(hours=8)
        endpoint.answers = [200]
        await soon(days=1)
        await soon(minutes=1)

        assert endpoint.names_seen == list(NAMES)


class TestAcknowledging:
    @pytest.fixture
    async def hook(self, crm, endpoint):
        body = {"url": endpoint.url, "types": ["contact.*"], "acknowledges": True}
        return await crm.call("POST", "/v1/webhooks", json=body)

    @pytest.mark.usefixtures("hook")
    async def test_the_answer_names_new_records(self, crm, outlook, endpoint, soon):
        endpoint.names = True
        record = await outlook.adds(given_name="Ada")
        await soon(seconds=11)

        assert (await crm.gets("c-Ada"))["record_id"] == record

    @pytest.mark.usefixtures("hook")
    async def test_a_name_that_cannot_be_given_is_told_in_the_feed(self, crm, outlook, endpoint, soon):
        await outlook.adds(given_name="Ada")
        (created,) = await crm.reads()
        await crm.names(created, "c-1")
        text = (
            b'{"changes": [{"id": "%s", "crm_id": "c-2"}, {"id": "chg_x", "crm_id": "c 3"}, 7]}'
            % created["id"].encode()
        )
        endpoint.answers = [(200, {}, text)]
        await soon(seconds=11)

        failed = [change for change in await crm.reads() if change["type"] == "naming.failed"]
        assert [change["reason"] for change in failed] == ["already-named", "change-not-found"]
        assert failed[0]["record"]["crm_id"] == "c-2"

    @pytest.mark.parametrize("text", [b"", b"ok", b"[]", b'{"changes": 7}', b'{"changes": [{}]}', b"\xff"])
    async def test_an_answer_that_says_nothing_is_taken_for_nothing(
        self, crm, outlook, endpoint, hook, soon, text
    ):
        endpoint.answers = [(200, {}, text)]
        await outlook.adds(given_name="Ada")
        await soon(seconds=11)

        assert (await shown(crm, hook))["status"] == "active"

    @pytest.mark.usefixtures("hook")
    async def test_one_endpoint_is_the_system_of_record_for_a_type(self, crm, endpoint, problem):
        body = {"url": endpoint.url, "types": ["contact.created", "run.*"], "acknowledges": True}

        problem(await crm.http.post("/v1/webhooks", json=body), 409, "acknowledger-taken")
        await crm.call("POST", "/v1/webhooks", json={**body, "types": ["run.*"]})


async def test_two_workers_never_deliver_the_same_at_once(outlook, endpoint, hook, resources, workspace):
    endpoint.delay = 0.3
    await five(outlook)

    await asyncio.gather(*(deliver(resources, workspace.id, hook["id"]) for _ in range(5)))

    assert len(endpoint.seen) == 1


async def test_a_worker_that_died_is_taken_over(
    outlook, endpoint, hook, resources, workspace, later, monkeypatch
):
    await outlook.adds(given_name="Ada")
    endpoint.delay = 5
    dying = asyncio.create_task(deliver(resources, workspace.id, hook["id"]))
    await asyncio.wait_for(endpoint.called.wait(), 10)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    endpoint.delay = 0
    await deliver(resources, workspace.id, hook["id"])
    assert len(endpoint.seen) == 1
    later(seconds=31)
    await deliver(resources, workspace.id, hook["id"])

    assert [headers["webhook-id"] for headers, _, _ in endpoint.seen] == [
        endpoint.seen[0][0]["webhook-id"]
    ] * 2


async def test_a_batch_holds_at_most_a_hundred_changes_and_256_kib(crm, outlook, endpoint, hook, soon):
    for _ in range(10):
        await outlook.adds(given_name="Big", notes="x" * 49_000)
    await soon(seconds=11)

    sizes = [len(headers["raw"]) for headers, _, _ in endpoint.seen]
    assert (len(endpoint.changes), max(sizes) <= 256 * 1024, len(sizes)) == (10, True, 2)


async def test_a_rotated_secret_signs_beside_the_previous_one_for_a_while(crm, outlook, endpoint, hook, soon):
    rotated = await crm.call("POST", f"/v1/webhooks/{hook['id']}/rotate-secret", json={"overlap_hours": 2})
    await outlook.adds(given_name="Ada")
    await soon(seconds=11)
    headers = endpoint.seen[-1][0]
    for secret in (hook["secret"], rotated["secret"]):
        Webhook(secret).verify(headers["raw"], headers)

    await outlook.adds(given_name="Grace")
    await soon(hours=3)

    headers = endpoint.seen[-1][0]
    Webhook(rotated["secret"]).verify(headers["raw"], headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(hook["secret"]).verify(headers["raw"], headers)


async def test_changes_can_be_delivered_again(crm, outlook, endpoint, hook, soon):
    await outlook.adds(given_name="Ada")
    await crm.reads()
    await outlook.adds(given_name="Grace")
    await soon(seconds=11)

    await crm.call("POST", f"/v1/webhooks/{hook['id']}/replay", expect=(202,), json={"after": crm.cursor})
    await soon(seconds=1)

    assert endpoint.names_seen == ["Ada", "Grace", "Grace"]


async def test_a_test_is_signed_and_not_tried_again(crm, endpoint, hook, soon):
    endpoint.answers = [500]
    await crm.call("POST", f"/v1/webhooks/{hook['id']}/test", expect=(202,))
    await soon(seconds=1)
    await soon(hours=1)

    ((headers, body, _),) = endpoint.seen
    Webhook(hook["secret"]).verify(headers["raw"], headers)
    assert (body["type"], body["data"]["changes"]) == ("test", [])
    assert [d["status"] for d in await deliveries(crm, hook)] == ["failed"]
    assert (await shown(crm, hook))["status"] == "active"
