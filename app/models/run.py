"""Runs: one sync of one entity of one connection, what it did that can hurt, and the plans of previews."""

from datetime import datetime

from sqlalchemy import Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import IdRow, Json, JsonList, WorkspaceRow


class Run(IdRow):
    """One sync. ``counts`` tell what happened, not what was intended.

    With an ``approval`` it is a set of links that waits for somebody's decision, or follows it. ``subject``
    is the run that a restore brings the deletions of back.
    A preview is of no collection (``""``), but of a choice: ``preview`` has it, and what held when it looked.
    """

    __tablename__ = "runs"
    __table_args__ = (
        Index("ix_runs_connection_id", "workspace_id", "connection_id", "entity", "id"),
        Index(
            "ix_runs_open", "workspace_id", "collection_id",
            postgresql_where=text("status IN ('queued', 'running')"),
        ),
        Index(
            "ix_runs_awaiting", "workspace_id", "collection_id",
            postgresql_where=text("status = 'awaiting_approval'"),
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
    approval: Mapped[Json | None]
    subject: Mapped[str | None]
    problem: Mapped[Json | None]
    preview: Mapped[Json | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class Effect(IdRow):
    """Something that a run did on one side and that hurts where it is much: deletions, creations, clears.

    The breaker counts those of a day that nobody approved; a restore reads which records a run deleted.
    """

    __tablename__ = "effects"
    __table_args__ = (
        Index("ix_effects_collection_id", "workspace_id", "collection_id", "side", "kind", "at"),
        Index("ix_effects_run_id", "workspace_id", "run_id"),
        Index("ix_effects_at", "workspace_id", "at"),
    )

    collection_id: Mapped[str]
    run_id: Mapped[str]
    side: Mapped[str]
    kind: Mapped[str]
    number: Mapped[int] = mapped_column(default=1, server_default="1")
    record_id: Mapped[str | None]
    approved: Mapped[bool] = mapped_column(default=False, server_default=false())
    at: Mapped[datetime]


class PlanStep(WorkspaceRow):
    """One thing that a previewed choice would do, in the order in which it would. Kept 7 days."""

    __tablename__ = "plan_steps"
    __table_args__ = (Index("ix_plan_steps_at", "workspace_id", "at"),)

    run_id: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    step: Mapped[str]
    side: Mapped[str]
    record_id: Mapped[str | None]
    crm_id: Mapped[str | None]
    title: Mapped[str | None]
    fields: Mapped[JsonList]
    because: Mapped[str]
    mails: Mapped[list[str]]
    at: Mapped[datetime]
