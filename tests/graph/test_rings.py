"""What a notification leads to: a round at once, and again while the delta lags behind."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from service_stage import COLLECTION, CONNECTION, WORKSPACE, Service, served

from app import clock
from app.models import Connection, EntitySettings
from app.sync.notifications import Unseen
from app.sync.renew import renew
from app.sync.rounds import sync_collection
from app.sync.switch import connection_changed
from tests.meanwhile import Meanwhile

pytestmark = pytest.mark.feature("A4")
DELTA = "/v1.0/me/contactFolders/*/contacts/delta*"


@pytest.fixture
async def service(settings, microsoft) -> AsyncIterator[Service]:
    """A collection after its first round, with a live subscription."""
    async with served(settings, microsoft) as service:
        now = clock.now()
        await service.change(
            EntitySettings(
                workspace_id=WORKSPACE, connection_id=CONNECTION, entity="contacts",
                chosen={"direction": "two_way"}, updated_at=now,
            )
        )  # fmt: skip
        await service.change(await service.collection(), round_full=True, due_at=now, poll_at=now)
        await sync_collection(service.resources, WORKSPACE, COLLECTION)
        await renew(service.resources, WORKSPACE, COLLECTION)
        await sync_collection(service.resources, WORKSPACE, COLLECTION)
        yield service


async def rounds(microsoft) -> int:
    return sum("/contacts/delta" in entry["path"] for entry in await microsoft.journal())


async def heard(service: Service, *item_ids: str) -> None:
    await service.notifications.heard((await service.subscription()).route, item_ids)
    await service.notifications.close()


async def test_a_notification_costs_one_round_and_the_next_is_the_poll(service, microsoft):
    before = await rounds(microsoft)
    await heard(service)
    await sync_collection(service.resources, WORKSPACE, COLLECTION)

    assert await rounds(microsoft) == before + 1
    collection = await service.collection()
    assert collection.wanted == collection.served
    assert collection.due_at == collection.poll_at > clock.now() + timedelta(minutes=14)


@pytest.mark.lesson(17)
async def test_what_a_round_does_not_show_is_looked_for_two_seconds_later(service, redis):
    await heard(service, "an-item-that-the-delta-lags-behind-with")
    await sync_collection(service.resources, WORKSPACE, COLLECTION)
    wait = (await service.collection()).due_at - clock.now()
    assert timedelta(seconds=1) < wait <= timedelta(seconds=2)

    await Unseen(redis).seen(COLLECTION, ["an-item-that-the-delta-lags-behind-with"])
    await heard(service)
    await sync_collection(service.resources, WORKSPACE, COLLECTION)
    assert (await service.collection()).due_at > clock.now() + timedelta(minutes=14)


@pytest.mark.lesson(19)
async def test_a_notification_during_a_round_is_not_lost(service, microsoft):
    before = await rounds(microsoft)
    await heard(service)
    await microsoft.fault({"latency_ms": 300}, method="GET", path=DELTA)
    turn = asyncio.create_task(sync_collection(service.resources, WORKSPACE, COLLECTION))
    while (await service.collection()).poll_at < clock.now():  # noqa: ASYNC110  the round has not begun
        await asyncio.sleep(0.01)
    await heard(service)
    await turn

    assert await rounds(microsoft) == before + 2
    collection = await service.collection()
    assert collection.wanted == collection.served


async def becomes(service: Service, status: str) -> None:
    async with service.resources.db.transaction(WORKSPACE) as session:
        connection = await session.get_one(Connection, (WORKSPACE, CONNECTION), with_for_update=True)
        connection.status = status
        await session.flush()
        await connection_changed(session, connection, now=clock.now())


async def sweeps(service: Service) -> None:
    """Do what the sweep rings for: nobody else comes by where a ring was lost."""
    collection = await service.collection()
    if collection.due_at is not None and collection.due_at <= clock.now():
        await sync_collection(service.resources, WORKSPACE, COLLECTION)


async def in_sync(service: Service) -> bool:
    """Say whether nothing is owed and the next look is set, once the sweep has been by."""
    await sweeps(service)
    collection = await service.collection()
    assert (collection.problem, collection.due_at) == (None, collection.poll_at)
    return collection.wanted == collection.served


@pytest.mark.lesson(19)
async def test_a_sign_in_at_any_moment_of_a_turn_that_may_not_work_is_not_lost(service):
    for moment in count(1):
        await becomes(service, "needs_sign_in")
        await service.change(await service.collection(), due_at=clock.now())
        db = Meanwhile(service.resources.db, after=moment, happens=lambda: becomes(service, "active"))
        await sync_collection(replace(service.resources, db=db), WORKSPACE, COLLECTION)
        if db.left > 0:
            break
        assert await in_sync(service), f"lost after transaction {moment}"
    assert moment > 2


@pytest.mark.lesson(19)
async def test_a_sign_in_while_microsoft_still_refuses_is_not_lost(service, microsoft):
    await heard(service)
    refusal = {"status": 403, "code": "ErrorAccessDenied"}
    await microsoft.fault(refusal, method="GET", path=DELTA)
    await microsoft.fault({"latency_ms": 300}, method="GET", path=DELTA)
    turn = asyncio.create_task(sync_collection(service.resources, WORKSPACE, COLLECTION))
    while (await service.collection()).poll_at < clock.now():  # noqa: ASYNC110  the round has not begun
        await asyncio.sleep(0.01)
    await becomes(service, "active")
    await turn

    assert await in_sync(service)
