"""Let dice play, many times: python -m tests.simulation.run --cases 20000 --list-edits 200000 --seed 1.

Besides, every history of ``--steps`` steps of one record and one mailbox, none left out.
"""

import argparse
import random
import sys
import time
from collections import Counter

from tests.simulation.crm import Habit
from tests.simulation.hub import Hub
from tests.simulation.lists import edit_lists
from tests.simulation.small import play_all
from tests.simulation.world import CRM_LISTS, CRM_TEXTS, World

WAYS = ("add", "add", "replace", "remove")
RESOLUTIONS = ("crm_wins", "microsoft_wins", "newest_wins", "ask")


def a_case(seed, *, hub_kind=Hub, steps=60):
    """Play one world to its end; return it. Raises where an edit is lost or there is no quiet."""
    dice = random.Random(seed)
    world = World(
        habit=dice.choice(list(Habit)),
        stamps=dice.random() < 0.5,
        honours_if_match=tuple(dice.random() < 0.3 for _ in range(3)),
        policies=tuple(dice.choice(RESOLUTIONS) for _ in range(3)),
        hub_kind=hub_kind,
    )
    for _ in range(dice.randrange(5, steps)):
        something_happens(world, dice)
    world.ends()
    return world


def something_happens(world, dice):
    happen = dice.choices(list(HAPPENINGS), weights=list(HAPPENINGS.values()))[0]
    happen(world, dice, dice.randrange(3))


def _crm_edits(world, dice, _):
    world.crm_edits(dice.choice(CRM_TEXTS))


def _crm_edits_list(world, dice, _):
    world.crm_edits_list(dice.choice(CRM_LISTS), dice.choice(WAYS), dice.randrange(9))


def _outlook_edits(world, dice, number):
    world.outlook_edits(number, dice.randrange(2))


def _outlook_edits_list(world, dice, number):
    world.outlook_edits_list(number, dice.choice(WAYS), dice.randrange(9))


HAPPENINGS = {
    _crm_edits: 6,
    _crm_edits_list: 5,
    _outlook_edits: 6,
    _outlook_edits_list: 4,
    (lambda world, dice, _: world.arrives(dice.randrange(9))): 4,
    (lambda world, dice, _: dice.choice((world.crm_reads, world.crm_works, world.crm_saves))()): 3,
    (lambda world, dice, number: world.pulls(number, lag=dice.choice((0, 0, 1, 2, 3)))): 6,
    (lambda world, _, number: world.pushes(number)): 14,
    (lambda world, _, number: world.is_killed(number)): 3,
    (lambda world, _, number: world.dies_before_the_note(number)): 2,
    (lambda world, dice, _: world.ticks(dice.choice((1, 1, 5, 30, 200)))): 4,
}


def play(cases, *, seed, hub_kind=Hub):
    """Play many cases; return how many ran, failed, and what happened in them."""
    totals = Counter()
    failures = []
    for number in range(cases):
        try:
            world = a_case(f"{seed}/{number}", hub_kind=hub_kind)
        except AssertionError as error:
            failures.append((f"{seed}/{number}", error))
        else:
            writes = sum(mailbox.writes for mailbox in world.mailboxes)
            totals += Counter(edits=world.edits, kills=world.kills, writes=writes)
    return totals, failures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--list-edits", type=int, default=200_000)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--seed", default="1")
    asked = parser.parse_args()
    failed = 0
    began = time.perf_counter()
    totals, failures = play_all(steps=asked.steps)
    took = time.perf_counter() - began
    sys.stdout.write(
        f"every history of {asked.steps} steps in {took:.0f} s ({totals['histories'] / took:.0f}/s): "
        f"{dict(totals)}, {len(failures)} failed\n"
    )
    for told, error in failures[:10]:
        sys.stdout.write(f"{', '.join(told)}: {type(error).__name__}: {error}\n")
    failed += len(failures)
    for what, number, game in (("cases", asked.cases, play), ("list edits", asked.list_edits, edit_lists)):
        began = time.perf_counter()
        totals, failures = game(number, seed=asked.seed)
        took = time.perf_counter() - began
        say = (
            f"{number} {what} in {took:.0f} s ({number / took:.0f}/s): {dict(totals)}, {len(failures)} failed"
        )
        sys.stdout.write(f"{say}\n")
        for seed, error in failures[:10]:
            sys.stdout.write(f"case {seed}: {type(error).__name__}: {error}\n")
        failed += len(failures)
    raise SystemExit(bool(failed))


if __name__ == "__main__":
    main()
