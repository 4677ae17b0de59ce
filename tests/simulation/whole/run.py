"""Play whole worlds: python -m tests.simulation.whole.run --worlds 200 --seed 1 [--only 17]."""

import argparse
import asyncio
import logging
import sys
import time
import traceback
from collections import Counter

import structlog

from app.config import Settings
from tests.simulation.services import own_services
from tests.simulation.whole.dice import play
from tests.simulation.whole.stage import staged
from tests.simulation.whole.world import World

STEPS = 40


async def play_all(seeds: list[str], *, steps: int) -> Counter[str]:
    """Play a world for each seed; say what was found."""
    with own_services() as settings:
        return await _play_each(seeds, settings, steps=steps)


async def _play_each(seeds: list[str], settings: Settings, *, steps: int) -> Counter[str]:
    totals: Counter[str] = Counter()
    async with staged(settings) as stage:
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
