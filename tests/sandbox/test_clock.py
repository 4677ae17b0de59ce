"""The clock that others follow: moved by a test, and heard of before the move is answered."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import httpx
import uvicorn
from graph_stage import Stage, serving
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from app.config import Settings
from app.follow import following

DAY = 86_400
NOWHERE = "postgresql://localhost/concord"


def settings(url):
    return Settings(
        database_url=NOWHERE, database_sweep_url=NOWHERE, redis_url="redis://localhost", keys="k1:" + "A" * 43 + "=",
        operator_key="op_only-for-tests", public_url="http://localhost", development=True, clock_url=url,
    )  # fmt: skip


class Follower:
    """A process of Concord, as far as time goes."""

    def __init__(self, url):
        self.heard, self.url = [], f"{url}/_sandbox/clock"
        self.inside = following(settings(self.url), self.heard.append)

    async def __aenter__(self):
        await self.inside.__aenter__()
        return self

    async def __aexit__(self, *ended):
        await self.inside.__aexit__(*ended)

    async def hears(self, count):
        async with asyncio.timeout(5):
            while len(self.heard) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        return self.heard[-1]

    async def is_waiting(self):
        await self.hears(1)
        await asyncio.sleep(0.1)


async def moved(stage, seconds=DAY):
    began = time.monotonic()
    told = await stage.control("clock", advance_seconds=seconds)
    return datetime.fromisoformat(told["now"]), time.monotonic() - began


async def test_who_follows_has_heard_when_a_move_is_answered(stage: Stage):
    async with Follower(stage.url) as one, Follower(stage.url) as other:
        await one.is_waiting()
        await other.is_waiting()
        for _ in range(3):
            now, took = await moved(stage)
            assert took < 1
            for each in (one, other):
                assert abs(each.heard[-1] - now) < timedelta(seconds=2)
        assert len(one.heard) == len(other.heard) == 4  # and nobody asks without end


async def test_who_has_gone_is_not_waited_for(stage: Stage):
    async with Follower(stage.url) as gone:
        await gone.is_waiting()
    await asyncio.sleep(0.1)

    _, took = await moved(stage)

    assert took < 1


async def test_who_is_frozen_is_waited_for_a_second_and_only_once(stage: Stage):
    told = (await stage.controls.get("/_sandbox/clock")).json()
    async with httpx.AsyncClient(base_url=stage.url) as frozen:
        asks = frozen.get("/_sandbox/clock", params={"advanced_seconds": told["advanced_seconds"]})
        asking = asyncio.create_task(asks)
        await asyncio.sleep(0.1)
        took = [(await moved(stage))[1] for _ in range(2)]

        assert took[0] >= 1 > took[1]
        assert (await asking).json()["advanced_seconds"] >= told["advanced_seconds"] + DAY


async def test_who_was_told_something_else_is_answered_at_once(stage: Stage):
    answer = await stage.controls.get("/_sandbox/clock", params={"advanced_seconds": -1})

    assert answer.elapsed < timedelta(seconds=1)


async def test_what_no_clock_can_have_told_is_refused(stage: Stage):
    answer = await stage.controls.get("/_sandbox/clock", params={"advanced_seconds": "soon"})

    assert (answer.status_code, "soon" in answer.json()["error"]) == (400, True)


async def test_a_clock_that_tells_only_the_time_is_asked_again_and_again():
    asked = []

    async def tell(request):
        asked.append(dict(request.query_params))
        return JSONResponse({"now": datetime.now(UTC).isoformat()} if len(asked) > 1 else {})

    app = Starlette(routes=[Route("/_sandbox/clock", tell)])
    async with (
        serving(uvicorn.Config(app, port=0, log_level="warning", lifespan="off")) as url,
        Follower(url) as it,
    ):
        await it.hears(2)

    assert asked == [{}, {}, {}]


async def test_without_a_clock_to_follow_time_is_the_machines():
    heard = []
    async with following(settings(None), heard.append):
        await asyncio.sleep(0.05)

    assert heard == []
