"""Play tasks by the dice: python -m tests.tasks.play --worlds 100 --seed 7 [--only 17]."""

import asyncio
import sys
import time
import traceback
from datetime import UTC, datetime

from app import clock
from app.config import Settings
from tests.preview.preview_stage import staged
from tests.simulation.services import asking_for_worlds, own_services, seeds_of
from tests.tasks.worlds import TaskWorld


async def play_all(seeds: list[str], settings: Settings) -> int:
    """Play a world for each seed; tell of those that fail, and return how many do."""
    failed = 0
    async with staged(settings) as stage:
        for seed in seeds:
            await stage.control("reset")
            clock.follow(datetime.now(UTC))
            try:
                await TaskWorld(stage, seed).plays()
            except Exception:  # noqa: BLE001  whatever it is, it is a find
                failed += 1
                sys.stdout.write(f"{traceback.format_exc(limit=-3)}seed {seed}\n")
                sys.stdout.flush()
    return failed


def main() -> None:
    seeds = seeds_of(asking_for_worlds(__doc__).parse_args())
    began = time.perf_counter()
    with own_services() as settings:
        failed = asyncio.run(play_all(seeds, settings))
    sys.stdout.write(f"{len(seeds)} worlds, {failed} failed, in {time.perf_counter() - began:.0f} s\n")
    raise SystemExit(bool(failed))


if __name__ == "__main__":
    main()
