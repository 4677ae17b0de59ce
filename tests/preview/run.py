"""Play worlds in which plan and run must agree: python -m tests.preview.run --worlds 200 --seed 1 [--only 17]."""

import asyncio
import sys
import time
import traceback
from collections import Counter
from datetime import UTC, datetime
from random import Random

from app import clock
from app.config import Settings
from tests.preview.agreement import agrees
from tests.preview.preview_stage import staged
from tests.preview.worlds import World
from tests.simulation.services import asking_for_worlds, own_services, seeds_of


async def play_all(seeds: list[str], settings: Settings) -> Counter[str]:
    """Play a world for each seed; say what was found."""
    totals: Counter[str] = Counter()
    async with staged(settings) as stage:
        for seed in seeds:
            await stage.control("reset")
            clock.follow(datetime.now(UTC))
            world = World(stage, Random(seed))
            try:
                await world.begins()
                await agrees(world)
            except Exception:  # noqa: BLE001  whatever it is, it is a find
                totals["failed"] += 1
                sys.stdout.write(f"{traceback.format_exc(limit=-4)}seed {seed}\n")
                sys.stdout.flush()
            totals += Counter(worlds=1, people=len(world.people), running=int(world.running))
            if totals["worlds"] % 100 == 0:
                print(dict(totals), flush=True)  # noqa: T201  how far it is
    return totals


def main() -> None:
    parser = asking_for_worlds(__doc__)
    asked = parser.parse_args()
    seeds = seeds_of(asked)
    began = time.perf_counter()
    with own_services() as settings:
        totals = asyncio.run(play_all(seeds, settings))
    sys.stdout.write(f"{dict(totals)} in {time.perf_counter() - began:.0f} s\n")
    raise SystemExit(bool(totals["failed"]))


if __name__ == "__main__":
    main()
