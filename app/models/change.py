"""The ordered feed Concord → CRM and the endpoints it is delivered to."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import IdRow, Json, WorkspaceRow


class Feed(WorkspaceRow):
    """The counter of a workspace's changes: numbers are gapless and in commit order."""

    __tablename__ = "feeds"

    next: Mapped[int] = mapped_column(BigInteger, default=1)
    delivered: Mapped[int] = mapped_column(BigInteger, default=0)
    acked: Mapped[int] = mapped_column(BigInteger, default=0)


class Change(WorkspaceRow):
    """One entry of the feed, as it was when it happened."""

    __tablename__ = "changes"
    __table_args__ = (
        Index("uq_changes_change_id", "workspace_id", "change_id", unique=True),
        Index("ix_changes_record_id", "workspace_id", "record_id", "revision"),
        Index("ix_changes_at", "workspace_id", "at"),
    )

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    change_id: Mapped[str]
    type: Mapped[str]
    subject: Mapped[str]
    record_id: Mapped[str | None]
    crm_id: Mapped[str | None]
    revision: Mapped[int | None]
    connection_id: Mapped[str | None]
    origin: Mapped[str]
    reason: Mapped[str | None]
    changed: Mapped[list[str]]
    previous: Mapped[Json]
    snapshot: Mapped[Json]
    extra: Mapped[Json | None]
    acked_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    at: Mapped[datetime]


class Webhook(IdRow):
    """An endpoint of the CRM. ``position`` is the last change that it has dealt with, in order."""

    __tablename__ = "webhooks"

    url: Mapped[str]
    types: Mapped[list[str]]
    acknowledges: Mapped[bool]
    status: Mapped[str]
    problem: Mapped[Json | None]
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    previous_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    previous_valid_until: Mapped[datetime | None]
    position: Mapped[int] = mapped_column(BigInteger)
    failing_since: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Delivery(IdRow):
    """One batch of changes for one endpoint; its ``body`` is frozen at the first attempt.

    A change that fails alone is set aside in the ``lane`` of its record, where later ones wait behind it.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_webhook_id", "workspace_id", "webhook_id", "id"),
        Index(
            "ix_deliveries_open", "workspace_id", "webhook_id", "status",
            postgresql_where=text("status IN ('pending', 'aside', 'behind')"),
        ),
    )  # fmt: skip

    webhook_id: Mapped[str]
    lane: Mapped[str | None]
    seqs: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    body: Mapped[str | None]
    status: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None]
    response_status: Mapped[int | None]
    error: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
