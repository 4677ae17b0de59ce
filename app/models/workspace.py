"""Workspaces, what opens them, and what they configure."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Json, JsonList, WorkspaceRow


class Workspace(Base):
    """One organisation of the host CRM; the isolation boundary. Global: found before it is known."""

    __tablename__ = "workspaces"
    __table_args__ = (
        Index("uq_workspaces_crm_id", "crm_id", unique=True, postgresql_where=text("crm_id IS NOT NULL")),
        Index("ix_workspaces_origins", "origins", postgresql_using="gin"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    crm_id: Mapped[str | None]
    entities: Mapped[list[str]]
    enabled: Mapped[bool] = mapped_column(default=True)
    entitled: Mapped[bool] = mapped_column(default=True)
    paused: Mapped[bool] = mapped_column(default=False)
    self_management: Mapped[bool] = mapped_column(default=True)
    sync_interval_minutes: Mapped[int] = mapped_column(default=15)
    origins: Mapped[list[str]]
    return_urls: Mapped[list[str]]
    record_url_template: Mapped[str] = mapped_column(default="")
    phone_region: Mapped[str] = mapped_column(default="")
    vocabulary: Mapped[Json]
    settle_seconds: Mapped[int] = mapped_column(default=120)
    rules: Mapped[Json]
    breaker: Mapped[Json]
    defaults: Mapped[Json]
    revision: Mapped[int] = mapped_column(default=1)
    erasing_since: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Credential(Base):
    """A key of a workspace. Only its hash is kept; the hash is how a request finds its workspace. Global."""

    __tablename__ = "credentials"
    __table_args__ = (Index("uq_credentials_workspace_id_id", "workspace_id", "id", unique=True),)

    hash: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str]
    workspace_id: Mapped[str]
    kind: Mapped[str]
    name: Mapped[str]
    created_at: Mapped[datetime]


class Route(Base):
    """An opaque word in a URL or state of ours that leads to a workspace. Global."""

    __tablename__ = "routes"

    route: Mapped[str] = mapped_column(primary_key=True)
    workspace_id: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    target: Mapped[str]
    expires_at: Mapped[datetime | None]


class Timer(Base):
    """Something of a workspace that is due at a time. Global, so that one sweep sees all."""

    __tablename__ = "timers"

    workspace_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    target: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime] = mapped_column(index=True)


class MicrosoftApp(WorkspaceRow):
    """The workspace's own Entra application; its secret or key is sealed."""

    __tablename__ = "microsoft_apps"

    client_id: Mapped[str]
    tenant: Mapped[str]
    cloud: Mapped[str]
    credential_kind: Mapped[str]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    thumbprint: Mapped[str | None]
    expires_at: Mapped[datetime | None]
    state: Mapped[str]
    checks: Mapped[JsonList | None]
    updated_at: Mapped[datetime]


class IdempotencyKey(WorkspaceRow):
    """The first answer to a POST that carried a key, so that its repetition gets the same.

    The operator's own requests stand under the workspace ``operator``.
    """

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("ix_idempotency_keys_expires_at", "workspace_id", "expires_at"),)

    credential_id: Mapped[str] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    body_hash: Mapped[str]
    status: Mapped[int | None]
    headers: Mapped[Json | None]
    body: Mapped[str | None]
    claimed_at: Mapped[datetime]
    expires_at: Mapped[datetime]
