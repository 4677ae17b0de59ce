"""Whole worlds: the real engine, database and sandbox, and everything that can go wrong (engine.md §19).

``make simulate`` plays more of them.
"""

import pytest

from tests.simulation.whole.dice import play
from tests.simulation.whole.stage import staged
from tests.simulation.whole.world import World

CASES = 2


@pytest.fixture
async def stage(settings):
    async with staged(settings) as opened:
        yield opened


@pytest.mark.feature("F10")
async def test_whole_worlds_agree_and_fall_silent(stage):
    for number in range(CASES):
        await play(World(stage, f"suite/{number}"), steps=40)
