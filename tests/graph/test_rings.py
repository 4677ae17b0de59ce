"""What a notification leads to: a round at once, and again while the delta lags behind."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from service_stage import COLLECTION, CONNECTION, WORKSPACE, Service, served

from app import clock
from app.models import EntitySettings
from app.sync.notifications import Unseen
from app.sync.renew import renew
from app.sync.rounds import sync_collection

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
