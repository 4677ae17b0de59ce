"""Applications, each built once: what its routes take and answer is worked out at its first requests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

from fastapi import FastAPI

from app.config import Settings
from app.main import create_app

built = cache(create_app)


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[FastAPI]:
    """Run the application that is told this; what it opens is opened anew, and routes of a test go with it."""
    app = built(settings)
    own = list(app.router.routes)
    async with app.router.lifespan_context(app):
        yield app
    app.router.routes[:] = own
