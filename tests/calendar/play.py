"""Play calendars by the dice: python -m tests.calendar.play --worlds 100 --seed 7 [--inviting] [--only 17].

``--broken RULE`` breaks a rule of who is mailed (``broken.py``), which some of the worlds must catch.
"""

import asyncio
import sys
import time
import traceback
from collections import Counter
from contextlib import nullcontext
from datetime import UTC, datetime

from app import clock
from app.config import Settings
from tests.calendar.broken import BREAKS, broken
from tests.calendar.inviting import InvitingWorld
from tests.calendar.worlds import CalendarWorld
from tests.preview.preview_stage import staged
from tests.simulation.services import asking_for_worlds, own_services, seeds_of


async def play_all(seeds: list[str], settings: Settings, *, kind: type[CalendarWorld]) -> Counter[str]:
    """Play a world for each seed; tell of those that fail, and return how many do, and what was seen."""
    totals: Counter[str] = Counter()
    async with staged(settings) as stage:
        for seed in seeds:
            await stage.control("reset")
            clock.follow(datetime.now(UTC))
            world = kind(stage, seed)
            try:
                await world.plays()
            except Exception:  # noqa: BLE001  whatever it is, it is a find
                totals["failed"] += 1
                sys.stdout.write(f"{traceback.format_exc(limit=-3)}seed {seed}\n")
                sys.stdout.flush()
            totals += world.seen
    return totals


def main() -> None:
    parser = asking_for_worlds(__doc__)
    parser.add_argument("--broken", choices=BREAKS, help="a rule to be broken on purpose")
    parser.add_argument("--inviting", action="store_true", help="worlds whose guests may be mailed")
    asked = parser.parse_args()
    seeds, kind = seeds_of(asked), InvitingWorld if asked.inviting else CalendarWorld
    began = time.perf_counter()
    breaking = broken(asked.broken) if asked.broken else nullcontext()
    with own_services() as settings, breaking:
        totals = asyncio.run(play_all(seeds, settings, kind=kind))
    failed, seconds = totals.pop("failed", 0), time.perf_counter() - began
    sys.stdout.write(f"{len(seeds)} worlds, {failed} failed, in {seconds:.0f} s; {dict(totals)}\n")
    raise SystemExit(bool(failed))


if __name__ == "__main__":
    main()
