"""Plan and run agree, in worlds made by the dice: ``make simulate`` plays thousands of them."""

from random import Random

import pytest

from tests.preview.agreement import agrees
from tests.preview.worlds import World

WORLDS = 20


@pytest.mark.feature("F2")
@pytest.mark.parametrize("seed", range(WORLDS))
async def test_the_run_does_what_the_plan_said_and_the_preview_did_nothing(one_of_many, seed):
    world = World(one_of_many, Random(f"suite/{seed}"))
    await world.begins()

    await agrees(world)
