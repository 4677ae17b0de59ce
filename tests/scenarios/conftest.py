"""The stage of every story: one running stack, a workspace and a person of its own."""

import pytest
from workers import Workers
from world import World


@pytest.fixture
def world(stack):
    world = World(stack)
    yield world
    world.close()


@pytest.fixture
def sandbox(world):
    return world.sandbox


@pytest.fixture
def crm(world):
    return world.new_crm()


@pytest.fixture
def ada(sandbox):
    return sandbox.person()


@pytest.fixture
def connected(crm, ada):
    """Ada's connection; nothing is switched on yet."""
    return crm.connects(ada)


@pytest.fixture
def syncing(crm, ada, connected):
    """Ada's connection, its contacts in sync both ways."""
    crm.awaits(crm.chooses(connected)["run"])
    return connected


@pytest.fixture
async def workers(request, world, crm, ada, tmp_path):
    """Workers of the test's own; the stack's stands still meanwhile."""
    if "syncing" in request.fixturenames:
        ada.is_watched()
    ada.is_left_alone(seconds=0.5)
    with world.frozen("worker") as stopped:
        workers = Workers(stopped.environ(), log=tmp_path / "workers.log")
        await workers.look_into(crm.workspace)
        yield workers
        await workers.close()
