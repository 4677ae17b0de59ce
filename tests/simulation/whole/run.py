"""Play whole worlds: python -m tests.simulation.whole.run --worlds 200 --seed 1 [--only 17]."""

import asyncio
import sys
import time
import traceback
from collections import Counter

from app.config import Settings
from tests.simulation.services import asking_for_worlds, own_services, seeds_of
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
            totals += Counter(
                worlds=1, edits=world.ledger.edits, people=len(world.ledger.owner), **world.asked
            )
        totals["deaths"] = stage.moments.deaths
    return totals


def main() -> None:
    parser = asking_for_worlds(__doc__)
    parser.add_argument("--steps", type=int, default=STEPS)
    asked = parser.parse_args()
    seeds = seeds_of(asked)
    began = time.perf_counter()
    totals = asyncio.run(play_all(seeds, steps=asked.steps))
    sys.stdout.write(f"{dict(totals)} in {time.perf_counter() - began:.0f} s\n")
    raise SystemExit(bool(totals["failed"]))


if __name__ == "__main__":
    main()
