"""The stage of every story: one running stack, a workspace and a person of its own."""

import pytest
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
