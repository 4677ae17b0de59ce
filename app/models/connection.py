"""Connections to Microsoft accounts: who, with which rights, and what of it syncs how."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import IdRow, Json, WorkspaceRow


class Connection(IdRow):
    """One CRM user's link to one Microsoft 365 account. The id never changes, also over re-authorisation."""

    __tablename__ = "connections"
    __table_args__ = (
        Index("ix_connections_workspace_id_user", "workspace_id", "user"),
        Index(
            "uq_connections_mailbox",
            "workspace_id",
            "tenant_id",
            "oid",
            unique=True,
            postgresql_where=text("oid IS NOT NULL AND status NOT IN ('disconnected', 'needs_confirmation')"),
        ),
    )

    user: Mapped[str]
    status: Mapped[str]
    paused: Mapped[bool] = mapped_column(default=False)
    login_hint: Mapped[str | None]
    login_hint_mismatch: Mapped[bool | None]
    requested: Mapped[list[str]]
    granted_scopes: Mapped[list[str] | None]
    tenant_id: Mapped[str | None]
    oid: Mapped[str | None]
    account: Mapped[Json | None]
    unconfirmed: Mapped[Json | None]
    problem: Mapped[Json | None]
    return_url: Mapped[str | None]
    return_state: Mapped[str | None]
    connect_route: Mapped[str | None]
    receipt: Mapped[Json | None]
    revision: Mapped[int] = mapped_column(default=1)
    connected_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Authorization(IdRow):
    """One visit to Microsoft's sign-in page: what we asked, and what the answer must match. Used once."""

    __tablename__ = "authorizations"

    connection_id: Mapped[str] = mapped_column(index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    scopes: Mapped[list[str]]
    entities: Mapped[list[str]]
    return_url: Mapped[str | None]
    return_state: Mapped[str | None]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Token(WorkspaceRow):
    """The sealed tokens of a connection. ``version`` moves with each refresh, whose maker holds a lease."""

    __tablename__ = "tokens"

    connection_id: Mapped[str] = mapped_column(primary_key=True)
    refresh_token: Mapped[bytes] = mapped_column(LargeBinary)
    access_token: Mapped[bytes | None] = mapped_column(LargeBinary)
    access_expires_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    refreshing_until: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class EntitySettings(WorkspaceRow):
    """What was chosen for one entity of a connection; what isn't is the workspace's default."""

    __tablename__ = "entity_settings"

    connection_id: Mapped[str] = mapped_column(primary_key=True)
    entity: Mapped[str] = mapped_column(primary_key=True)
    chosen: Mapped[Json]
    revision: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime]
