"""Microsoft's door: validation, proof, rings, and what is answered when they can't be stored."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from service_stage import COLLECTION, WORKSPACE, Service, served

from app import clock
from app.db import Ring
from app.models import Subscription
from app.sync.notifications import Unseen
from app.sync.subscriptions import Subscriptions

pytestmark = pytest.mark.feature("A4")


@pytest.fixture
async def service(settings, microsoft) -> AsyncIterator[Service]:
    async with served(settings, microsoft) as service:
        yield service


@pytest.fixture
async def client(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        base_url=service.resources.settings.public_url, trust_env=False, timeout=20
    ) as client:
        yield client


@pytest.fixture
async def route(service: Service) -> str:
    """The route of a live subscription."""
    async with service.resources.db.transaction(WORKSPACE) as session:
        row = await Subscriptions(session).opened(await service.collection(), now=clock.now())
        await Subscriptions(session).move(
            COLLECTION, graph_id="sub-1", renew_at=clock.now() + timedelta(days=3)
        )
    return row.route


def posted(service: Service, route: str, *ids: str, **changes) -> dict:
    item = {
        "subscriptionId": "sub-1", "clientState": service.resources.key_ring.sign(f"graph:{route}"),
        "changeType": "updated", "resource": "Users/1/Contacts/2",
    }  # fmt: skip
    return {"value": [item | {"resourceData": {"id": item_id}} | changes for item_id in ids or ("item-1",)]}


def lifecycle(service: Service, route: str, event: str, **changes) -> dict:
    return posted(service, route, **{"changeType": None, "lifecycleEvent": event} | changes)


@pytest.mark.parametrize("door", ["notifications", "lifecycle"])
async def test_the_validation_token_is_read_back_decoded_and_escaped(client, door):
    """Before anything else: without a body, without proof, for a route nobody knows."""
    answer = await client.post(
        f"/graph/{door}/nobody?x=1&validationToken=Validation%3A+Testing+client+%3Cb%3E+Request-Id%3A%201"
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text == "Validation: Testing client &lt;b&gt; Request-Id: 1"


async def test_a_notification_rings_its_collection(service, client, route):
    before = clock.now()
    answer = await client.post(f"/graph/notifications/{route}", json=posted(service, route))

    assert (answer.status_code, answer.content) == (202, b"")
    collection = await service.collection()
    assert collection.wanted == 1
    assert before <= collection.due_at == collection.poll_at <= clock.now()
    await service.notifications.close()
    assert service.rings == [Ring("collection", WORKSPACE, COLLECTION)]


@pytest.mark.lesson(19)
async def test_many_notifications_at_once_are_few_commits_and_every_one_is_answered(service, client, route):
    answers = await asyncio.gather(
        *(client.post(f"/graph/notifications/{route}", json=posted(service, route)) for _ in range(100))
    )
    assert {answer.status_code for answer in answers} == {202}
    assert 1 <= (await service.collection()).wanted <= 50


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"clientState": "guess"}, id="a guess"),
        pytest.param({"clientState": None}, id="null"),
        pytest.param({"clientState": ""}, id="nothing"),
        pytest.param({"clientState": ["x"]}, id="a list"),
        pytest.param({"clientState": "ü" * 43}, id="letters that no signature has"),
    ],
)
async def test_what_does_not_prove_itself_rings_nothing(service, client, route, changes):
    body = posted(service, route, **changes)
    assert (await client.post(f"/graph/notifications/{route}", json=body)).status_code == 202
    assert (await service.collection()).wanted == 0


async def test_the_proof_of_one_route_opens_no_other(service, client, route):
    body = posted(service, "another-route")
    assert (await client.post(f"/graph/notifications/{route}", json=body)).status_code == 202
    assert (await service.collection()).wanted == 0


async def test_one_genuine_item_among_others_is_enough(service, client, route):
    body = posted(service, route)
    body["value"] = [{}, None, {"clientState": "x"}, *body["value"]]
    assert (await client.post(f"/graph/notifications/{route}", json=body)).status_code == 202
    assert (await service.collection()).wanted == 1


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b"1", b'{"value": null}', b'{"value": {}}', b'{"value": [1, null]}', b"\xff"],
)
async def test_a_body_that_is_none_is_taken_and_forgotten(service, client, route, body):
    for door in ("notifications", "lifecycle"):
        assert (await client.post(f"/graph/{door}/{route}", content=body)).status_code == 202
    assert (await service.collection()).wanted == 0


async def test_a_genuine_route_that_is_closed_leads_nowhere(service, client, route):
    async with service.resources.db.transaction(WORKSPACE) as session:
        await Subscriptions(session).drop(COLLECTION)
    for door, body in [
        ("notifications", posted(service, route)), ("lifecycle", lifecycle(service, route, "missed")),
    ]:  # fmt: skip
        assert (await client.post(f"/graph/{door}/{route}", json=body)).status_code == 202
    assert (await service.collection()).wanted == 0


async def test_a_collection_that_does_not_hear_is_not_rung(service, client, route):
    await service.change(await service.collection(), hears=False)
    await client.post(f"/graph/notifications/{route}", json=posted(service, route))
    assert (await service.collection()).wanted == 0


async def test_microsoft_repeats_what_could_not_be_stored(service, client, route):
    """A 503, and never a 202 for what is lost."""
    await service.notifications._sweeper.close()
    service.notifications._sweeper.engine = _unreachable(service)
    answer = await client.post(f"/graph/notifications/{route}", json=posted(service, route))
    assert answer.status_code == 503
    assert (await service.collection()).wanted == 0
    assert service.rings == []


def _unreachable(service):
    from sqlalchemy.ext.asyncio import create_async_engine

    return create_async_engine("postgresql+asyncpg://nobody@127.0.0.1:9/nothing")


async def test_other_methods_and_paths_are_not_microsofts(client):
    assert (await client.get("/graph/notifications/x")).status_code == 405
    assert (await client.post("/graph/other/x")).status_code == 404


async def test_a_body_beyond_reason_is_refused(client):
    answer = await client.post("/graph/notifications/x", content=b" " * (4 * 1024 * 1024 + 1))
    assert answer.status_code == 413


@pytest.mark.lesson(18)
async def test_a_request_to_reauthorize_makes_the_renewal_due(service, client, route):
    body = lifecycle(service, route, "reauthorizationRequired")
    assert (await client.post(f"/graph/lifecycle/{route}", json=body)).status_code == 202

    assert (await service.subscription()).renew_at <= clock.now()
    assert (await service.timer()).due_at <= clock.now()
    assert service.rings == [Ring("subscription", WORKSPACE, COLLECTION)]


@pytest.mark.lesson(18)
async def test_a_removed_subscription_is_to_be_made_again(service, client, route):
    body = lifecycle(service, route, "subscriptionRemoved")
    assert (await client.post(f"/graph/lifecycle/{route}", json=body)).status_code == 202
    assert (await service.subscription()).graph_id is None
    assert (await service.timer()).due_at <= clock.now()


async def test_news_of_an_earlier_subscription_is_none_of_this_one(service, client, route):
    body = lifecycle(service, route, "subscriptionRemoved", subscriptionId="an-earlier-one")
    assert (await client.post(f"/graph/lifecycle/{route}", json=body)).status_code == 202
    assert (await service.subscription()).graph_id == "sub-1"


@pytest.mark.lesson(19)
async def test_missed_notifications_are_made_up_for_by_a_pull(service, client, route):
    body = lifecycle(service, route, "missed")
    assert (await client.post(f"/graph/lifecycle/{route}", json=body)).status_code == 202
    assert (await service.collection()).wanted == 1
    assert (await service.get(Subscription, COLLECTION)).graph_id == "sub-1"


async def test_an_event_nobody_knows_yet_changes_nothing(service, client, route):
    body = lifecycle(service, route, "somethingNew")
    assert (await client.post(f"/graph/lifecycle/{route}", json=body)).status_code == 202
    assert (await service.collection()).wanted == 0


@pytest.mark.lesson(17)
async def test_what_was_notified_and_not_shown_is_looked_for_again(service, client, route, redis):
    await client.post(f"/graph/notifications/{route}", json=posted(service, route, "a", "b"))
    await service.notifications.close()
    unseen, heard_at = Unseen(redis), clock.now()

    await unseen.seen(COLLECTION, ["a", "elsewhere"])

    looks, at = [], heard_at
    while (look := await unseen.look_again_at(COLLECTION, now=at)) is not None:
        looks.append(round((look - heard_at).total_seconds()))
        at = look
    assert looks == [2, 10, 60]

    await unseen.seen(COLLECTION, ["b"])
    assert await unseen.look_again_at(COLLECTION, now=heard_at) is None
