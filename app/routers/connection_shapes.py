"""How connections look on the wire."""

from typing import Any, Literal

from pydantic import Field

from app.routers.shapes import Answer, Body, EntityName, Json, Moment

Status = Literal[
    "pending", "active", "needs_sign_in", "needs_admin_consent", "needs_confirmation", "needs_operator",
    "no_mailbox", "disconnecting", "disconnected",
]  # fmt: skip
EntityState = Literal[
    "not_requested", "not_permitted", "disabled", "paused", "blocked", "initial_sync", "in_sync", "behind",
    "resyncing", "awaiting_approval", "failing",
]  # fmt: skip
ADDRESS = "adele@contoso.example"
BEHIND: Json = {  # nothing in it is null: the framework leaves nulls out of the document
    "state": "behind",
    "granted": True,
    "missing_permissions": [],
    "direction": "two_way",
    "counts": {"linked": 480, "parked": 0, "in_review": 0, "conflicts": 0},
    "lag": {"microsoft_seconds": {"p50": 1.2, "p95": 4.0}, "concord_seconds": {"p50": 0.3, "p95": 0.9}},
    "last_success_at": "2026-03-02T09:00:00Z",
    "next_sync_at": "2026-03-02T09:15:00Z",
    "run": "run_06a2k3v9",
    "problem": {"type": "/problems/throttled", "title": "Microsoft asks us to slow down.", "who": "nobody"},
}


class ReconnectBody(Body):
    """What to ask for besides what was asked for already, and where the browser goes afterwards."""

    entities: list[EntityName] | None = Field(
        default=None,
        title="Entities",
        description="What to ask Microsoft's permission for; without it everything the workspace has.",
        min_length=1,
        max_length=5,
        examples=[["contacts", "calendar"]],
    )
    return_url: str | None = Field(
        default=None,
        title="Return URL",
        description="Where the browser goes after the sign-in: under one of the workspace's `return_urls`.",
        max_length=2048,
        examples=["https://crm.example/settings"],
        json_schema_extra={"format": "uri"},
    )
    state: str | None = Field(
        default=None,
        title="State",
        description="Any text; it comes back with the browser as `state`.",
        max_length=2000,
        examples=["xyz"],
    )


class ConnectionBody(ReconnectBody):
    """Whom to connect, and to what."""

    user: str = Field(
        title="User",
        description="The user's id in the CRM.",
        min_length=1,
        max_length=128,
        examples=["agent-7"],
    )
    login_hint: str | None = Field(
        default=None,
        title="Login hint",
        description="The e-mail address expected to sign in. Another one must be confirmed.",
        min_length=1,
        max_length=320,
        examples=[ADDRESS],
    )
    paused: bool | None = Field(
        default=None,
        title="Paused",
        description="Connect, but read and write nothing until it is set to false. Without it: false.",
        examples=[False],
    )


class ConnectionPatch(Body):
    """What may be changed of a connection."""

    paused: bool | None = Field(
        default=None,
        title="Paused",
        description="While paused nothing is read or written at Microsoft.",
        examples=[True],
    )


class Confirmation(Body):
    """Which account is the right one."""

    account: str = Field(
        title="Account",
        description="The e-mail address that the connection shows.",
        min_length=1,
        max_length=320,
        examples=[ADDRESS],
    )


class AccountAnswer(Answer):
    """The Microsoft account that signed in."""

    email: str = Field(title="E-mail", description="Its address.", examples=[ADDRESS])
    display_name: str = Field(title="Name", description="Its name.", examples=["Adele Vance"])
    tenant_id: str = Field(
        title="Tenant",
        description="The organisation's id at Microsoft.",
        examples=["9188040d-6c67-4c5b-b112-36a304b66dad"],
    )
    kind: Literal["work", "personal"] = Field(
        title="Kind", description="A work or school account, or a personal one.", examples=["work"]
    )


class CountsAnswer(Answer):
    """How many records of an entity stand how."""

    linked: int = Field(title="Linked", description="Records with an item in the mailbox.", examples=[480])
    parked: int = Field(title="Parked", description="Records that can't be written so.", examples=[0])
    in_review: int = Field(
        title="In review", description="Items that wait for a person's decision.", examples=[0]
    )
    conflicts: int = Field(title="Conflicts", description="Open conflicts.", examples=[0])


class Percentiles(Answer):
    """How long something takes, in seconds."""

    p50: float = Field(title="Median", description="Half of the changes were faster.", examples=[1.2])
    p95: float = Field(title="95th percentile", description="Nearly all were faster.", examples=[4.0])


class LagAnswer(Answer):
    """How late changes arrive, Microsoft's part and ours."""

    microsoft_seconds: Percentiles = Field(title="Microsoft", description="From edit to notification.")
    concord_seconds: Percentiles = Field(title="Concord", description="From the notification to the CRM.")


class EntityAnswer(Answer):
    """How one entity of a connection fares."""

    state: EntityState = Field(title="State", description="How it stands.", examples=["in_sync"])
    granted: bool | None = Field(
        title="Granted", description="Whether Microsoft allows it; null before the sign-in.", examples=[True]
    )
    missing_permissions: list[str] = Field(
        title="Missing permissions", description="What was asked for and not granted.", examples=[[]]
    )
    direction: Literal["disabled", "crm_to_microsoft", "microsoft_to_crm", "two_way"] = Field(
        title="Direction", description="Which way it syncs.", examples=["two_way"]
    )
    counts: CountsAnswer = Field(title="Counts", description="How many of what.")
    lag: LagAnswer | None = Field(
        title="Lag", description="How late changes arrive; null where it isn't known.", examples=[None]
    )
    last_success_at: Moment | None = Field(
        title="Last success", description="When everything was last in agreement."
    )
    next_sync_at: Moment | None = Field(title="Next sync", description="When it is next, at the latest.")
    run: str | None = Field(title="Run", description="The run under way.", examples=[None])
    problem: dict[str, Any] | None = Field(
        title="Problem", description="What is wrong, with the cure.", examples=[None]
    )


class ReceiptAnswer(Answer):
    """What a disconnection did."""

    subscriptions_removed: int = Field(
        title="Subscriptions removed", description="Graph subscriptions ended at Microsoft.", examples=[1]
    )
    subscriptions_left_to_expire: int = Field(
        title="Subscriptions left",
        description="Those that could not be ended, for want of a live sign-in; they expire within a week.",
        examples=[0],
    )
    tokens_erased: bool = Field(title="Tokens erased", description="Whether there were any.", examples=[True])
    bodies_purged: int = Field(
        title="Bodies purged", description="Message bodies dropped from memory.", examples=[0]
    )
    crm_deletions_announced: int = Field(
        title="Deletions announced", description="Records that the CRM was told to delete.", examples=[0]
    )
    microsoft_items_touched: Literal[0] = Field(
        title="Items touched", description="Items changed in the mailbox: none, ever.", examples=[0]
    )
    finished_at: Moment | None = Field(title="Finished", description="When it was done; null before that.")


class ConnectionAnswer(Answer):
    """One user's link to one Microsoft 365 account. Its id never changes."""

    id: str = Field(title="Id", description="The connection's id.", examples=["con_06a2k3v9"])
    user: str = Field(title="User", description="The user's id in the CRM.", examples=["agent-7"])
    status: Status = Field(title="Status", description="How it stands.", examples=["active"])
    paused: bool = Field(title="Paused", description="Whether it rests.", examples=[False])
    login_hint: str | None = Field(title="Login hint", description="Who was expected.", examples=[ADDRESS])
    login_hint_mismatch: bool | None = Field(
        title="Mismatch", description="Whether somebody else signed in; null before that.", examples=[False]
    )
    account: AccountAnswer | None = Field(title="Account", description="Who signed in; null before that.")
    authorize_url: str | None = Field(
        title="Authorize URL",
        description="Microsoft's sign-in page for this connection; only in the answer that began it.",
        examples=["https://login.microsoftonline.com/common/oauth2/v2.0/authorize?client_id=…"],
    )
    authorize_url_expires_at: Moment | None = Field(
        title="Authorize URL expires", description="Until when that link is good."
    )
    connect_url: str | None = Field(
        title="Connect URL",
        description="A link of ours, good for 7 days, that begins a fresh sign-in at each click.",
        examples=["https://concord.example/connect/2fQ…"],
    )
    entities: dict[EntityName, EntityAnswer] = Field(
        title="Entities",
        description="How each entity fares, by its name.",
        examples=[{"contacts": BEHIND}],
    )
    created_at: Moment = Field(title="Created", description="When it was made.")
    problem: dict[str, Any] | None = Field(
        title="Problem", description="What keeps it from working, with the cure.", examples=[None]
    )
    receipt: ReceiptAnswer | None = Field(
        title="Receipt", description="What the disconnection did; null before that.", examples=[None]
    )
