"""Records: what the workspace holds, and what the CRM was last known to have of it."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Json, WorkspaceRow


class Record(WorkspaceRow):
    """One CRM object as we hold it (the hub). ``crm_id`` is null until the CRM has named it.

    ``doc`` is our state, ``crm_had`` with ``crm_revision`` what the CRM had: the merge base towards the CRM.
    ``held`` has the fields that somebody must decide on, each with what the mailboxes in question have;
    ``swings`` those that moved lately, to notice two sides that keep putting each other's value back.
    ``extra`` is what no mailbox ever sees: classes, metadata, the CRM's own times.
    """

    __tablename__ = "records"
    __table_args__ = (
        Index(
            "uq_records_crm_id", "workspace_id", "entity", "crm_id", unique=True,
            postgresql_where=text("crm_id IS NOT NULL"),
        ),
        Index(
            "ix_records_deleted_at", "workspace_id", "deleted_at",
            postgresql_where=text("deleted_at IS NOT NULL"),
        ),
        Index("ix_records_unnamed", "workspace_id", "entity", postgresql_where=text("crm_id IS NULL")),
    )  # fmt: skip

    record_id: Mapped[str] = mapped_column(primary_key=True)
    entity: Mapped[str]
    crm_id: Mapped[str | None]
    doc: Mapped[Json]
    extra: Mapped[Json]
    revision: Mapped[int]
    deleted_at: Mapped[datetime | None]
    deleted_because: Mapped[str | None]
    field_at: Mapped[Json]
    crm_had: Mapped[Json]
    crm_revision: Mapped[int]
    crm_put_at: Mapped[datetime | None]
    crm_updated_at: Mapped[datetime | None]
    offers: Mapped[Json]
    held: Mapped[Json] = mapped_column(server_default=text("'{}'::jsonb"))
    swings: Mapped[Json] = mapped_column(server_default=text("'{}'::jsonb"))
    origin: Mapped[str]
    origin_connection: Mapped[str | None]
    rejected_at: Mapped[datetime | None]
    held_until: Mapped[datetime | None]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]


class Revision(WorkspaceRow):
    """One step of a record: the fields it moved and what they were before. Kept 30 days."""

    __tablename__ = "revisions"

    record_id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    origin: Mapped[str]
    patch: Mapped[Json]
    previous: Mapped[Json]
    at: Mapped[datetime]


class Meeting(WorkspaceRow):
    """The record of a meeting, by the uid that all its copies share."""

    __tablename__ = "meetings"
    __table_args__ = (Index("ix_meetings_record_id", "workspace_id", "record_id"),)

    ical_uid: Mapped[str] = mapped_column(primary_key=True)
    record_id: Mapped[str]


class Owner(WorkspaceRow):
    """A user in whose mailboxes a record belongs, and with which access."""

    __tablename__ = "owners"
    __table_args__ = (Index("ix_owners_workspace_id_record_id", "workspace_id", "record_id"),)

    user: Mapped[str] = mapped_column(primary_key=True)
    record_id: Mapped[str] = mapped_column(primary_key=True)
    access: Mapped[str]
