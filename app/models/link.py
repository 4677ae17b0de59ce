"""Links: one record and one item in one connection, with the merge bases between them."""

from datetime import datetime

from sqlalchemy import Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import IdRow, Json, JsonList, WorkspaceRow


class Link(IdRow):
    """One record ↔ one item. Without a record it is an unmatched item, without an item a creation still owed.

    ``graph_had`` is the item in Graph's wording as we last read it, ``graph_means`` the fields that mean
    something else to us than that wording. ``attempt`` stands from before a write until its note.
    ``due_at`` hints that something may be owed. ``cleared_at`` stands while its item was seen emptied and
    that isn't taken over yet, ``held_by`` names the run that asks whether to go on with it at all. Graph's
    ids are case-sensitive, hence the C collation.
    """

    __tablename__ = "links"
    __table_args__ = (
        Index(
            "uq_links_item_id", "workspace_id", "connection_id", "item_id", unique=True,
            postgresql_where=text("item_id IS NOT NULL"),
        ),
        Index(
            "uq_links_record_id", "workspace_id", "connection_id", "entity", "record_id", unique=True,
            postgresql_where=text("record_id IS NOT NULL"),
        ),
        Index("ix_links_record_id", "workspace_id", "record_id"),
        Index(
            "ix_links_due_at", "workspace_id", "collection_id", "due_at",
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index(
            "ix_links_gone_at", "workspace_id", "collection_id", "gone_at",
            postgresql_where=text("gone_at IS NOT NULL"),
        ),
        Index(
            "ix_links_cleared_at", "workspace_id", "collection_id", "cleared_at",
            postgresql_where=text("cleared_at IS NOT NULL"),
        ),
        Index(
            "ix_links_held_by", "workspace_id", "collection_id", "held_by",
            postgresql_where=text("held_by IS NOT NULL"),
        ),
        Index("ix_links_state", "workspace_id", "collection_id", "state"),
    )  # fmt: skip

    connection_id: Mapped[str]
    entity: Mapped[str]
    collection_id: Mapped[str]
    record_id: Mapped[str | None]
    item_id: Mapped[str | None] = mapped_column(Text(collation="C"))
    role: Mapped[str] = mapped_column(default="main")
    born: Mapped[str]
    state: Mapped[str]
    generation: Mapped[int] = mapped_column(default=1)
    attempt: Mapped[Json | None]
    etag: Mapped[str | None]
    graph_had: Mapped[Json | None]
    graph_means: Mapped[Json]
    shape: Mapped[int] = mapped_column(default=0)
    seen_round: Mapped[int] = mapped_column(default=0)
    gone_at: Mapped[datetime | None]
    cleared_at: Mapped[datetime | None]
    held_by: Mapped[str | None]
    due_at: Mapped[datetime | None]
    decision: Mapped[Json | None]
    decisions: Mapped[JsonList | None]
    problem: Mapped[Json | None]
    failures: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None]
    linked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Match(IdRow):
    """An item that several records could be, or the other way round: it waits for a person.

    ``candidates`` are as of ``looked_at``: one that moved since is looked at again. ``decision`` is what a
    person said; the holder of the collection's lease follows it, and notes when in ``followed_at``.
    """

    __tablename__ = "matches"
    __table_args__ = (
        Index(
            "ix_matches_unsettled", "workspace_id", "collection_id", "link_id",
            postgresql_where=text("followed_at IS NULL"),
        ),
    )  # fmt: skip

    connection_id: Mapped[str]
    entity: Mapped[str]
    collection_id: Mapped[str]
    link_id: Mapped[str]
    status: Mapped[str]
    summary: Mapped[Json]
    candidates: Mapped[JsonList]
    decision: Mapped[Json | None]
    opened_at: Mapped[datetime]
    looked_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None]
    followed_at: Mapped[datetime | None]


class MatchKey(WorkspaceRow):
    """One word by which a living record, or an item that has none, is found by who may be the same.

    ``side`` is ``record`` (``id`` is its record_id) or ``item`` (its link's id). The words are digests. Some
    are no evidence of who it is, and are looked up by explain alone: the addresses of an event's guests.
    """

    __tablename__ = "match_keys"
    __table_args__ = (Index("ix_match_keys_id", "workspace_id", "id"),)

    entity: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    side: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)


class Conflict(IdRow):
    """Two sides gave one field different values; both are kept here, whichever stayed.

    While it is open ``record.held`` has the branch it is about.
    """

    __tablename__ = "conflicts"
    __table_args__ = (
        Index("ix_conflicts_record_id", "workspace_id", "record_id"),
        Index(
            "ix_conflicts_open", "workspace_id", "connection_id", "id",
            postgresql_where=text("status = 'open'"),
        ),
    )  # fmt: skip

    connection_id: Mapped[str | None]
    record_id: Mapped[str]
    entity: Mapped[str]
    field: Mapped[str]
    status: Mapped[str]
    base: Mapped[JsonList | None]
    crm: Mapped[JsonList | None]
    microsoft: Mapped[JsonList | None]
    other: Mapped[Json | None]
    kept: Mapped[str]
    code: Mapped[str]
    opened_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None]
