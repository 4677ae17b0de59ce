"""Watch a run: what it says of itself, as often as that changes, until it ends."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from app.db import Database
from app.models import Run
from app.sync.runs import OPEN, Runs

EVERY_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Glimpse:
    """A run as it was when it last moved. ``number`` rises with each move, also over reconnects."""

    run: Run
    number: int
    last: bool


async def watch(db: Database, workspace: str, run_id: str, *, seen: int = 0) -> AsyncIterator[Glimpse]:
    """Yield the run each time it has moved since ``seen``, and once more when it has ended.

    No transaction is open while nothing happens.
    """
    while True:
        async with db.transaction(workspace) as session:
            run = await Runs(session).get(run_id)
        if run is None:
            return
        number, ended = int(run.updated_at.timestamp() * 1000), run.status not in OPEN
        if number > seen or ended:
            yield Glimpse(run, max(number, seen), ended)
            seen = max(number, seen)
        if ended:
            return
        await asyncio.sleep(EVERY_SECONDS)
