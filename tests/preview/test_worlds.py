"""Plan and run agree, in worlds made by the dice: ``make simulate`` plays thousands of them."""

import re
from pathlib import Path
from random import Random

import pytest

from tests.preview.agreement import agrees
from tests.preview.lives import watch, watched
from tests.preview.worlds import World

WORLDS = 8


@pytest.fixture(scope="module", autouse=True)
async def told_in_the_docs(cleaner):
    """Whatever becomes of a link here is in docs/how-concord-decides.md."""
    page = (Path(__file__).parents[2] / "docs" / "how-concord-decides.md").read_text()
    told = set(re.findall(r"^\| `(\w+)` \| `(\w+)` \|", page.partition("<!-- life -->")[2], re.MULTILINE))
    await watch(cleaner)
    yield
    assert await watched(cleaner) <= told


@pytest.mark.feature("F2")
@pytest.mark.parametrize("seed", range(WORLDS))
async def test_the_run_does_what_the_plan_said_and_the_preview_did_nothing(one_of_many, seed):
    world = World(one_of_many, Random(f"suite/{seed}"))
    await world.begins()

    await agrees(world)
