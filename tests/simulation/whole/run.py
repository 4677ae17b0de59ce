"""Play whole worlds: python -m tests.simulation.whole.run --worlds 200 --seed 1 [--only 17]."""

import argparse
import asyncio
import logging
import sys
import time
import traceback
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from tests.conftest import KEYS, OPERATOR_KEY, TEMPLATE, Services
from tests.simulation.whole.dice import play
from tests.simulation.whole.stage import Stage, staged
from tests.simulation.whole.world import World

STEPS = 40


@asynccontextmanager
async def a_stage() -> AsyncIterator[Stage]:
    """Start PostgreSQL and Redis for this run alone."""
    from app.config import Settings

    services = Services()
    try:
        known = services.start()
        url = {
            role: known["postgres"].format(role=f"concord_{role}", database=TEMPLATE)
            for role in ("app", "sweep")
        }
        settings = Settings(
            database_url=url["app"], database_sweep_url=url["sweep"], redis_url=f"{known['redis']}/0",
            keys=KEYS, operator_key=OPERATOR_KEY, public_url="http://127.0.0.1:8000", development=True,
        )  # fmt: skip
        async with staged(settings) as stage:
            yield stage
    finally:
        services.stop()


async def play_all(seeds: list[str], *, steps: int) -> Counter[str]:
    """Play a world for each seed; say what was found."""
    totals: Counter[str] = Counter()
    async with a_stage() as stage:
        for seed in seeds:
            world = World(stage, seed)
            try:
                await play(world, steps=steps)
            except Exception:  # noqa: BLE001  whatever it is, it is a find
                totals["failed"] += 1
                said = traceback.format_exc(limit=-4)
                story = "" if "\nseed " in said else "\n".join(["", f"seed {seed}", *world.said])
                sys.stdout.write(f"{said}{story}\n")
            totals += Counter(worlds=1, edits=world.ledger.edits, people=len(world.ledger.owner))
        totals["deaths"] = stage.moments.deaths
    return totals


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--only", default=None, help="one world of that seed")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--log", default="CRITICAL")
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, asked.log)))
    numbers = [asked.only] if asked.only is not None else range(asked.worlds)
    began = time.perf_counter()
    totals = asyncio.run(play_all([f"{asked.seed}/{number}" for number in numbers], steps=asked.steps))
    sys.stdout.write(f"{dict(totals)} in {time.perf_counter() - began:.0f} s\n")
    raise SystemExit(bool(totals["failed"]))


if __name__ == "__main__":
    main()
