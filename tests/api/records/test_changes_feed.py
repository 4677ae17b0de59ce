"""The feed as a CRM reads it: in order, from a cursor, waiting if it likes."""

import asyncio
import time

import pytest

from app import clock
from app.sync.purge import purge
from app.sync.waiting import waiting


async def feed(crm, **params):
    return await crm.call("GET", "/v1/changes", params=params)


@pytest.fixture
async def three(outlook):
    """Three contacts, added in Outlook one after another."""
    return [await outlook.adds(given_name=name) for name in ("Ada", "Grace", "Mary")]


@pytest.mark.feature("F8")
async def test_a_reader_goes_on_from_its_cursor_and_its_cursor_is_never_null(crm, three):
    first = await feed(crm, limit=2)
    second = await feed(crm, limit=2, after=first["next_cursor"])
    third = await feed(crm, after=second["next_cursor"])

    assert [change["record_id"] for change in first["changes"] + second["changes"]] == three
    assert [page["has_more"] for page in (first, second, third)] == [True, False, False]
    assert (third["changes"], third["next_cursor"]) == ([], second["next_cursor"])


async def test_now_means_from_now_on(crm, outlook, three):
    start = await feed(crm, after="now")
    assert start["changes"] == []
    new = await outlook.adds(given_name="Late")

    assert [c["record_id"] for c in (await feed(crm, after=start["next_cursor"]))["changes"]] == [new]
    assert len(three) == 3


async def test_an_empty_feed_has_a_cursor_that_works(crm, outlook):
    empty = await feed(crm)
    assert (empty["changes"], empty["has_more"]) == ([], False)
    await outlook.adds(given_name="Ada")

    assert len((await feed(crm, after=empty["next_cursor"]))["changes"]) == 1


@pytest.mark.parametrize(
    ("params", "found"),
    [
        pytest.param({"types": "contact.*"}, 3, id="all of a kind"),
        pytest.param({"types": "run.*,contact.created"}, 3, id="two types"),
        pytest.param({"types": "run.finished"}, 0, id="another type"),
        pytest.param({"connection": "con_a"}, 3, id="its connection"),
        pytest.param({"connection": "con_b"}, 0, id="another connection"),
    ],
)
@pytest.mark.usefixtures("three")
async def test_a_reader_may_ask_for_less_and_never_looks_twice(crm, params, found):
    page = await feed(crm, **params)

    assert len(page["changes"]) == found
    assert (await feed(crm, after=page["next_cursor"]))["changes"] == []


@pytest.mark.parametrize(
    "params",
    [
        pytest.param({"after": "nonsense"}, id="a bad cursor"),
        pytest.param({"after": "d3Nfb3RoZXI6NQ"}, id="another workspace's cursor"),
        pytest.param({"limit": 0}, id="no limit"),
        pytest.param({"limit": 1001}, id="too many"),
        pytest.param({"wait": 26}, id="too long"),
        pytest.param({"types": "contact.%"}, id="a bad type"),
        pytest.param({"types": ""}, id="no type"),
    ],
)
async def test_a_bad_question_is_refused(crm, problem, params):
    told = problem(await crm.http.get("/v1/changes", params=params), 422, "invalid-request")

    assert told["errors"][0]["parameter"] in params


async def test_a_reader_that_waits_is_answered_as_soon_as_there_is_something(crm, outlook, resources):
    began = time.monotonic()
    reader = asyncio.create_task(feed(crm, after="now", wait=20))
    async with asyncio.timeout(20):
        while not waiting(resources.db).waiting[outlook.workspace]:  # noqa: ASYNC110  nobody tells
            await asyncio.sleep(0.05)
    new = await outlook.adds(given_name="Ada")

    page = await reader

    assert [change["record_id"] for change in page["changes"]] == [new]
    assert time.monotonic() - began < 5


async def test_a_reader_that_waits_in_vain_is_answered_in_time(crm):
    began = time.monotonic()

    page = await feed(crm, wait=1)

    assert (page["changes"], 1 <= time.monotonic() - began < 3) == ([], True)


async def test_readers_that_wait_hold_no_connection(crm, outlook, resources):
    """Many more wait than there are connections, and still everybody is served."""
    readers = [asyncio.create_task(feed(crm, after="now", wait=20)) for _ in range(40)]
    async with asyncio.timeout(20):
        while len(waiting(resources.db).waiting[outlook.workspace]) < len(readers):  # noqa: ASYNC110  nobody tells
            await asyncio.sleep(0.05)
    held = resources.db.engine.pool.checkedout()
    await crm.puts(given_name="Grace")
    await outlook.adds(given_name="Ada")

    assert {len(page["changes"]) for page in await asyncio.gather(*readers)} == {1}
    assert held <= 1  # whoever looks for all of them


@pytest.mark.usefixtures("three")
async def test_a_cursor_from_before_the_thirty_days_has_expired(
    crm, outlook, problem, later, resources, workspace
):
    old = (await feed(crm, limit=1))["next_cursor"]
    later(days=31)
    new = await outlook.adds(given_name="New")

    problem(await crm.http.get("/v1/changes", params={"after": old}), 410, "cursor-expired")
    assert [change["record_id"] for change in (await feed(crm))["changes"]] == [new]

    await purge(resources.db, workspace.id, now=clock.now())
    problem(await crm.http.get("/v1/changes", params={"after": old}), 410, "cursor-expired")
    latest = await feed(crm)
    assert [change["record_id"] for change in latest["changes"]] == [new]
    assert (await feed(crm, after=latest["next_cursor"]))["changes"] == []
