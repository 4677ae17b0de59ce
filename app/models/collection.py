"""Collections: one folder, list or calendar of one connection, worked on by one worker at a time."""

from datetime import datetime

from sqlalchemy import Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import IdRow, Json, WorkspaceRow


class Collection(IdRow):
    """One Outlook folder in one sync. Its container's id is its identity, never its name.

    ``hears`` and ``sends`` are the direction: neither while the entity is disabled.
    ``wanted`` counts rings and ``served`` those answered; the holder of the lease (``epoch``) alone may move
    ``delta_link`` and ``position`` (the next page of a round under way) and the bases of its links.
    Of a ``built_in`` container nothing is imported: it has been there for other ends.
    ``window`` is what its rounds look at, where its items have a time: {"begin", "end"}, in UTC.
    ``approved`` is what somebody saw in a preview before choosing: {"run", "at", "counts"}.
    """

    __tablename__ = "collections"
    __table_args__ = (
        Index("uq_collections_entity", "workspace_id", "connection_id", "entity", unique=True),
        Index("ix_collections_due_at", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    )

    connection_id: Mapped[str]
    entity: Mapped[str]
    hears: Mapped[bool] = mapped_column(default=False, server_default=false())
    sends: Mapped[bool] = mapped_column(default=False, server_default=false())
    container_id: Mapped[str | None]
    container_name: Mapped[str | None]
    built_in: Mapped[bool] = mapped_column(default=False, server_default=false())
    delta_link: Mapped[str | None]
    position: Mapped[str | None]
    round: Mapped[int] = mapped_column(default=0, server_default="0")
    round_full: Mapped[bool] = mapped_column(default=False, server_default=false())
    round_started_at: Mapped[datetime | None]
    pulled_at: Mapped[datetime | None]
    matched_at: Mapped[datetime | None]
    shape: Mapped[int] = mapped_column(default=0, server_default="0")
    wanted: Mapped[int] = mapped_column(default=0, server_default="0")
    served: Mapped[int] = mapped_column(default=0, server_default="0")
    due_at: Mapped[datetime | None]
    poll_at: Mapped[datetime | None]
    holder: Mapped[str | None]
    epoch: Mapped[int] = mapped_column(default=0, server_default="0")
    lease_until: Mapped[datetime | None]
    succeeded_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    problem: Mapped[Json | None]
    approved: Mapped[Json | None]
    window: Mapped[Json | None]
    created_at: Mapped[datetime]


class Subscription(WorkspaceRow):
    """Graph's change subscription for a collection, as Graph last told us of it.

    Without ``graph_id`` there is none that we know of. A renewal is due at ``renew_at``; ``failures`` counts
    attempts since the last that went well.
    """

    __tablename__ = "subscriptions"

    collection_id: Mapped[str] = mapped_column(primary_key=True)
    connection_id: Mapped[str] = mapped_column(index=True)
    route: Mapped[str]
    graph_id: Mapped[str | None]
    resource: Mapped[str | None]
    client_state: Mapped[str | None]
    expires_at: Mapped[datetime | None]
    renew_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    problem: Mapped[Json | None]
    updated_at: Mapped[datetime]
