"""One sandbox for the whole session, begun again for each test that asks."""

from collections.abc import AsyncIterator

import pytest
from entra_stage import Entra, entra_at_hand
from graph_stage import IMMUTABLE, Listener, Outlook, Stage, Switchboard, listening, staged


@pytest.fixture(scope="session")
async def running() -> AsyncIterator[Stage]:
    async with staged() as stage:
        yield stage


@pytest.fixture
async def stage(running: Stage) -> Stage:
    """The sandbox as it was founded; only its clock goes on."""
    await running.control("reset")
    return running


@pytest.fixture
async def adele(stage: Stage) -> AsyncIterator[Outlook]:
    """Adele's Outlook, with default ids."""
    async with await stage.outlook() as client:
        yield client


@pytest.fixture
async def immutable(stage: Stage) -> AsyncIterator[Outlook]:
    """Adele's Outlook, with immutable ids."""
    async with await stage.outlook(**IMMUTABLE) as client:
        yield client


@pytest.fixture(scope="session")
async def switchboard() -> AsyncIterator[Switchboard]:
    async with listening() as board:
        yield board


@pytest.fixture
def listener(switchboard: Switchboard) -> Listener:
    """An endpoint for notifications, of this test alone."""
    return switchboard.listener()


@pytest.fixture
async def entra() -> AsyncIterator[Entra]:
    """A sandbox of this test alone, without a socket."""
    async with entra_at_hand() as founded:
        yield founded
