"""docs/sandbox.md keeps its word: the tests and controls it names are there, and none is left out."""

import re
from pathlib import Path

import httpx
import pytest

from sandbox.founding import Registration, found
from sandbox.main import create_app
from sandbox.settings import Settings
from sandbox.world import World

PAGE = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text()
TESTS = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))

pytestmark = pytest.mark.feature("F8")


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(test_\w+)`", PAGE))))
def test_every_test_it_names_exists(name: str):
    assert re.search(rf"def {name}\(", TESTS)


def test_every_control_is_described():
    routes = [
        route for route in create_app(World()).routes if getattr(route, "path", "").startswith("/_sandbox/")
    ]
    controls = {
        f"{method} {route.path.removeprefix('/_sandbox/')}"
        for route in routes
        for method in route.methods - {"HEAD"}
        if "{" not in route.path
    }

    assert controls == set(re.findall(r"`((?:GET|POST|DELETE) [a-z-]+)`", PAGE)) - {"GET /_sandbox/ca"}


def test_every_setting_is_described():
    assert " ".join(Settings.__struct_fields__) in PAGE


async def test_the_people_it_names_live_there():
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(create_app(founded())), base_url="http://localhost"
    ) as http:
        page = (await http.get("/mailbox")).text

    assert set(re.findall(r"`(\w+\.example)`", PAGE)) <= set(re.findall(r"\w+\.example", page))


def founded() -> World:
    world = World()
    world.found = lambda: found(world, Registration())
    return world
