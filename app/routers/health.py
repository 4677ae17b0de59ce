"""Is the process alive, can it work, and how much does it do."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import Field
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.metrics import exposition
from app.routers.deps import Res
from app.routers.shapes import Answer
from app.sync.resources import Resources

router = APIRouter(tags=["operation"])
PATIENCE = 2.0


class Alive(Answer):
    """The process answers."""

    status: str = Field(title="Status", description="Always `ok`.", examples=["ok"])


class Ready(Answer):
    """Whether everything that requests need is there."""

    status: str = Field(
        title="Status", description="`ok`, or `unavailable` with status 503.", examples=["ok"]
    )
    missing: list[str] = Field(
        title="Missing", description="What doesn't answer: postgresql, redis.", examples=[["redis"]]
    )


@router.get("/livez", operation_id="health.live", summary="Is it alive")
async def live() -> Alive:
    """Answer, as long as the process can answer anything."""
    return Alive(status="ok")


async def missing(resources: Res) -> list[str]:
    """Ask each dependency for a sign of life, and return those that give none in time."""
    answers = {"postgresql": _postgresql(resources), "redis": _redis(resources)}
    there = await asyncio.gather(*answers.values())
    return [name for name, is_there in zip(answers, there, strict=True) if not is_there]


@router.get(
    "/readyz",
    operation_id="health.ready",
    summary="Is it ready",
    responses={503: {"model": Ready, "description": "Something is missing."}},
)
async def ready(missing: Annotated[list[str], Depends(missing)], response: Response) -> Ready:
    """Say whether requests can be served, and if not, which dependency is missing."""
    response.status_code = 503 if missing else 200
    return Ready(status="unavailable" if missing else "ok", missing=missing)


@router.get(
    "/metrics",
    operation_id="health.metrics",
    summary="Figures for Prometheus",
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "The figures."}
    },
)
async def metrics() -> Response:
    """Return what this process has counted, as Prometheus reads it."""
    body, content_type = exposition()
    return Response(body, media_type=content_type)


async def _postgresql(resources: Resources) -> bool:
    try:
        async with asyncio.timeout(PATIENCE), resources.db.transaction(None) as session:
            await session.execute(text("SELECT 1"))
    except (OSError, SQLAlchemyError, TimeoutError):
        return False
    return True


async def _redis(resources: Resources) -> bool:
    try:
        async with asyncio.timeout(PATIENCE):
            await resources.redis.ping()
    except (OSError, RedisError, TimeoutError):
        return False
    return True
