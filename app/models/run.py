"""Runs: one sync of one entity of one connection, with progress and counts."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import IdRow, Json


class Run(IdRow):
    """One sync. ``counts`` tell what happened, not what was intended."""

    __tablename__ = "runs"
    __table_args__ = (
        Index("ix_runs_connection_id", "workspace_id", "connection_id", "entity", "id"),
        Index(
            "ix_runs_open", "workspace_id", "collection_id",
            postgresql_where=text("status IN ('queued', 'running')"),
        ),
    )  # fmt: skip

    connection_id: Mapped[str]
    collection_id: Mapped[str]
    entity: Mapped[str]
    trigger: Mapped[str]
    direction: Mapped[str] = mapped_column(default="both")
    full: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str]
    phase: Mapped[str | None]
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    counts: Mapped[Json]
    problem: Mapped[Json | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]
