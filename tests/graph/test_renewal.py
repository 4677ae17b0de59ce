"""Subscriptions in their life, against the sandbox, which really calls us back."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from microsoft_stage import Microsoft
from service_stage import COLLECTION, CONNECTION, WORKSPACE, Service, served

from app import clock
from app.graph.batch import Call
from app.models import Route, Timer
from app.states import slug_of
from app.sync.lifecycle import follow_lifecycle
from app.sync.mailboxes import open_mailbox
from app.sync.renew import remove_subscriptions, renew
from app.sync.subscriptions import Subscriptions
from app.sync.timers import Timers

pytestmark = pytest.mark.feature("A4")
DAY = timedelta(days=1)


@pytest.fixture
async def service(settings, microsoft) -> AsyncIterator[Service]:
    now = datetime.fromisoformat((await microsoft.http.get("/_sandbox/clock")).json()["now"])
    clock.follow(now)
    async with served(settings, microsoft) as service:
        yield service
    clock.follow(datetime.now(UTC))


async def mailbox_of(service: Service):
    async with service.resources.db.transaction(WORKSPACE) as session:
        return await open_mailbox(service.resources, session, CONNECTION)


async def at_microsoft(service: Service) -> list[dict]:
    return (await (await mailbox_of(service)).get("/subscriptions"))["value"]


async def advance(microsoft: Microsoft, by: timedelta) -> None:
    told = await microsoft.control("clock", advance_seconds=int(by.total_seconds()))
    clock.follow(datetime.fromisoformat(told["now"]))


async def calls(microsoft: Microsoft, *, after: int = 0) -> list[tuple[str, int]]:
    """What was asked of the subscription service; not what only told that a token is over."""
    return [
        (entry["method"], entry["status"])
        for entry in (await microsoft.journal())[after:]
        if entry["path"].startswith("/v1.0/subscriptions") and entry["status"] != 401
    ]


async def test_a_missing_subscription_is_made_and_what_changed_meanwhile_is_pulled(service, microsoft):
    folder = await service.folder()
    await service.renew_now()

    (made,) = await at_microsoft(service)
    known = await service.subscription()
    assert known.graph_id == made["id"]
    assert made["resource"] == f"/me/contactFolders/{folder.id}/contacts"
    assert made["notificationUrl"].endswith(f"/graph/notifications/{known.route}")
    assert made["lifecycleNotificationUrl"].endswith(f"/graph/lifecycle/{known.route}")
    left = known.expires_at - clock.now()
    assert 6 * DAY < left <= 7 * DAY
    assert abs((await service.timer()).due_at - (clock.now() + left / 2)) < timedelta(minutes=1)
    assert (await service.collection()).wanted == 1


async def test_a_contact_edited_in_outlook_rings_within_a_moment(service, microsoft):
    folder = await service.folder()
    await service.renew_now()
    service.rings.clear()
    await (await mailbox_of(service)).request(
        Call("POST", f"/me/contactFolders/{folder.id}/contacts", {"givenName": "Ann"})
    )
    for _ in range(200):
        if service.rings:
            break
        await microsoft.http.get("/_sandbox/health")
    assert {ring.job for ring in service.rings} == {"collection"}
    assert (await service.collection()).wanted == 2


@pytest.mark.lesson(18)
async def test_it_is_renewed_at_half_of_its_life_and_not_before(service, microsoft):
    await microsoft.control("settings", notifications=False)  # nor does Microsoft ask for a renewal
    await service.folder()
    await service.renew_now()
    seen = len(await microsoft.journal())

    await advance(microsoft, 3 * DAY)
    await service.renew()
    assert await calls(microsoft, after=seen) == []

    await advance(microsoft, DAY)
    await service.renew()
    known = await service.subscription()
    assert known.expires_at - clock.now() > 6 * DAY
    assert known.renew_at - clock.now() > 3 * DAY
    assert await calls(microsoft, after=seen) == [("PATCH", 200)]


@pytest.mark.lesson(18)
async def test_one_that_microsoft_lost_is_made_again(service, microsoft):
    await service.folder()
    await service.renew_now()
    lost = (await service.subscription()).graph_id
    await (await mailbox_of(service)).request(Call("DELETE", f"/subscriptions/{lost}"))

    await advance(microsoft, 4 * DAY)
    await service.renew()

    (made,) = await at_microsoft(service)
    assert (await service.subscription()).graph_id == made["id"] != lost
    assert (await service.collection()).wanted == 2


@pytest.mark.lesson(18)
async def test_one_that_ran_out_while_nobody_looked_is_made_again(service, microsoft):
    await service.folder()
    await service.renew_now()
    await advance(microsoft, 8 * DAY)
    await service.renew()
    assert [found["id"] for found in await at_microsoft(service)] == [(await service.subscription()).graph_id]


@pytest.mark.lesson(18)
async def test_the_end_of_an_earlier_one_heard_while_the_new_one_is_noted_leaves_the_new_one(service):
    await service.folder()
    await service.renew_now()
    known = await service.subscription()

    async with service.resources.db.transaction(WORKSPACE) as session:
        await Subscriptions(session).move(COLLECTION, graph_id="the-new-one")
        told = [(known.graph_id, "subscriptionRemoved")]
        hearing = asyncio.create_task(follow_lifecycle(service.resources, known.route, told))
        await asyncio.sleep(0.2)
    await hearing

    assert (await service.subscription()).graph_id == "the-new-one"


@pytest.mark.lesson(18)
async def test_one_that_was_made_but_never_noted_is_adopted(service, microsoft):
    """A worker was killed between Microsoft's answer and the note."""
    await service.folder()
    await service.renew_now()
    (made,) = await at_microsoft(service)
    await service.change(await service.subscription(), graph_id=None, expires_at=None)

    await service.renew_now()

    assert [found["id"] for found in await at_microsoft(service)] == [made["id"]]
    assert (await service.subscription()).graph_id == made["id"]


async def test_one_of_another_address_is_replaced(service):
    folder = await service.folder()
    await (await mailbox_of(service)).request(
        Call(
            "POST",
            "/subscriptions",
            {
                "changeType": "created,updated,deleted",
                "resource": f"/me/contactFolders/{folder.id}/contacts",
                "notificationUrl": f"{service.resources.settings.public_url}/graph/notifications/left-behind",
                "expirationDateTime": (clock.now() + DAY).isoformat(),
                "clientState": "x",
            },
        )
    )
    await service.renew_now()
    (found,) = await at_microsoft(service)
    assert found["id"] == (await service.subscription()).graph_id
    assert not found["notificationUrl"].endswith("left-behind")


async def test_a_folder_made_anew_gets_a_subscription_of_its_own(service):
    await service.folder()
    await service.renew_now()
    second = await service.folder("Another")
    await service.renew_now()
    (found,) = await at_microsoft(service)
    assert second.id in found["resource"]


@pytest.mark.lesson(18)
async def test_a_failure_is_recorded_retried_and_forgotten(service, microsoft):
    await service.folder()
    await microsoft.fault({"status": 503}, method="POST", path="/v1.0/subscriptions", times=2)

    await service.renew_now()
    failed = await service.subscription()
    assert (failed.failures, slug_of(failed.problem)) == (1, "microsoft-unavailable")
    retry_at = (await service.timer()).due_at
    assert timedelta(seconds=5) < retry_at - clock.now() < timedelta(minutes=1)

    await advance(microsoft, timedelta(minutes=1))
    await service.renew()
    again = await service.subscription()
    assert again.failures == 2
    assert again.problem["since"] == failed.problem["since"]

    await advance(microsoft, timedelta(minutes=2))
    await service.renew()
    well = await service.subscription()
    assert (well.failures, well.problem) == (0, None)
    assert len(await at_microsoft(service)) == 1


async def test_an_address_that_microsoft_cannot_reach_is_an_operators_matter(service):
    await service.folder()
    object.__setattr__(service.resources, "settings", service.resources.settings.model_copy(
        update={"public_url": "http://127.0.0.1:9"}))  # fmt: skip
    await service.renew_now()
    failed = await service.subscription()
    assert slug_of(failed.problem) == "failing"
    assert failed.graph_id is None


async def test_a_longest_life_that_was_shortened_is_accepted(service, microsoft):
    """Microsoft has moved the maximum more than once: on a refusal the shorter one is asked for."""
    await service.folder()
    await microsoft.fault(
        {"status": 400, "code": "ExtensionError"}, method="POST", path="/v1.0/subscriptions"
    )
    await service.renew_now()
    assert 2 * DAY < (await service.subscription()).expires_at - clock.now() < 3 * DAY


@pytest.mark.parametrize("why", ["no folder yet", "paused", "signed out", "hears nothing"])
async def test_nothing_is_asked_of_microsoft_where_nothing_is_wanted(service, microsoft, why):
    if why != "no folder yet":
        await service.folder()
    connection = await service.connection()
    match why:
        case "paused":
            await service.change(connection, paused=True)
        case "signed out":
            await service.change(connection, status="needs_sign_in")
        case "hears nothing":
            await service.change(await service.collection(), hears=False)
    await service.renew_now()
    assert await calls(microsoft) == []
    assert await service.timer() is None


@pytest.mark.feature("A6")
async def test_a_sync_that_is_switched_off_hears_no_more(service):
    await service.folder()
    await service.renew_now()
    await service.change(await service.collection(), hears=False, sends=False)
    await service.renew_now()

    assert await at_microsoft(service) == []
    assert await service.subscription() is None
    assert await service.timer() is None
    async with service.resources.db.transaction(None) as session:
        assert (await session.execute(Route.__table__.select())).all() == []


@pytest.mark.feature("C12")
async def test_disconnecting_removes_what_is_at_microsoft(service):
    await service.folder()
    await service.renew_now()
    assert await remove_subscriptions(service.resources, WORKSPACE, CONNECTION) == (1, 0)
    assert await at_microsoft(service) == []
    assert (await service.subscription(), await service.timer()) == (None, None)
    assert await remove_subscriptions(service.resources, WORKSPACE, CONNECTION) == (0, 0)


@pytest.mark.feature("C12")
async def test_what_cannot_be_removed_is_left_to_expire_and_counted(service, microsoft):
    await service.folder()
    await service.renew_now()
    await microsoft.fault({"status": 503}, method="DELETE", path="/v1.0/subscriptions/*")
    assert await remove_subscriptions(service.resources, WORKSPACE, CONNECTION) == (0, 1)
    assert await service.subscription() is None


async def test_one_turn_is_taken_by_one_worker(service, microsoft):
    await service.folder()
    await service.renew_now()
    timer = await service.timer()
    await renew(service.resources, WORKSPACE, COLLECTION)  # rung again, though it isn't due any more
    assert (await service.timer()).due_at == timer.due_at
    assert [method for method, _ in await calls(microsoft)] == ["POST"]


async def test_a_wish_that_comes_in_during_a_turn_is_not_lost(service):
    """Switched off while the subscription is being made: the next turn takes it away."""
    await service.folder()
    turn = await _taken_turn(service)
    await service.change(await service.collection(), hears=False)
    async with service.resources.db.transaction(WORKSPACE) as session:
        await Timers(session).set("subscription", COLLECTION, clock.now())
    await turn

    await service.renew()
    assert await at_microsoft(service) == []


async def _taken_turn(service: Service) -> asyncio.Task[None]:
    """Begin a turn and return once it is on its way to Microsoft."""
    row = Timer(workspace_id=WORKSPACE, kind="subscription", target=COLLECTION, due_at=clock.now())
    await service.change(row)
    turn = asyncio.create_task(renew(service.resources, WORKSPACE, COLLECTION))
    while await service.subscription() is None:  # noqa: ASYNC110  it is another transaction that we wait for
        await asyncio.sleep(0)
    return turn
