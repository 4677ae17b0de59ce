"""Plan and run agree, in worlds made by the dice: ``PREVIEW_WORLDS=2000`` for more, ``PREVIEW_SEED`` for one."""

import os
from random import Random

import pytest
from worlds import Before, World, done, told

WORLDS = int(os.environ.get("PREVIEW_WORLDS", "8"))
FIRST = int(os.environ.get("PREVIEW_SEED", "0"))
CONTACTS = 12


def summed(runs):
    """Return what these runs counted together."""
    total = {}
    for run in runs:
        for name, value in run["counts"].items():
            if isinstance(value, dict):
                held = total.setdefault(name, dict.fromkeys(value, 0))
                total[name] = {verb: held[verb] + number for verb, number in value.items()}
            else:
                total[name] = total.get(name, 0) + value
    return total


@pytest.mark.feature("F2")
@pytest.mark.parametrize("seed", range(FIRST, FIRST + WORLDS))
async def test_the_run_does_what_the_plan_said_and_the_preview_did_nothing(stage, seed):
    dice = Random(seed)
    ada = await stage.newcomer()
    await ada.crm("PATCH", "/v1/workspace", {"breaker": {"min_deletes": 1000}})
    world = World(ada, dice, CONTACTS)
    await world.begins()
    running = dice.random() < 0.7
    if running:
        await ada.crm("PATCH", ada.settings, world.choice())
        await ada.syncs()
        await world.goes_on()
    choice = world.choice(off=running)
    untouched = await ada.everything()
    before = await Before.of(ada)

    run = await ada.previews(**choice)
    plan = await ada.plan(run)

    assert (run["status"], run["problem"]) == ("succeeded", None)
    assert await ada.everything() == untouched
    assert {entry["method"] for entry in await ada.journal(after=before.place)} <= {"GET", "POST"}
    before = await Before.of(ada)
    earlier = {one["id"] for one in await ada.runs()}
    await ada.crm("PATCH", ada.settings, choice)
    await ada.syncs()
    assert told(plan) == await done(ada, before), choice
    real = summed(one for one in await ada.runs() if one["id"] not in earlier)
    names = ("to_crm", "to_microsoft", "in_review", "conflicts")
    if choice["direction"] != "disabled":
        assert {name: run["counts"][name] for name in names} == {
            name: real.get(name, run["counts"][name] if not real else None) for name in names
        }
