"""What runs look like, and what is asked and answered about them (``api.md`` §7)."""

from typing import Any, Literal

from pydantic import Field

from app.routers.shapes import Answer, Body, EntityName, Moment

DIRECTION = Literal["both", "to_microsoft", "to_crm"]
STATUS = Literal["queued", "running", "awaiting_approval", "succeeded", "failed", "cancelled"]
TRIGGER = Literal[
    "manual", "initial", "notification", "schedule", "crm", "settings", "reconnect", "restore", "retry",
    "audit", "preview",
]  # fmt: skip


class Written(Answer):
    """How many were written on one side."""

    created: int = Field(title="Created", description="Made.", examples=[3])
    updated: int = Field(title="Updated", description="Changed.", examples=[12])
    deleted: int = Field(title="Deleted", description="Deleted.", examples=[0])


class Counts(Answer):
    """What a run did, counted as it happened."""

    pulled: int = Field(title="Pulled", description="Items read from Microsoft.", examples=[480])
    linked: int = Field(
        title="Linked", description="Records and items recognised as the same.", examples=[12]
    )
    to_crm: Written = Field(title="To the CRM", description="Records moved because of Microsoft.")
    to_microsoft: Written = Field(title="To Microsoft", description="Items written in Microsoft.")
    invitations: int = Field(title="Invitations", description="Invitations mailed.", examples=[0])
    conflicts: int = Field(title="Conflicts", description="Fields that both sides had changed.", examples=[1])
    in_review: int = Field(
        title="In review", description="Items that wait for a person's decision.", examples=[0]
    )
    parked: int = Field(title="Parked", description="Records that Microsoft refused.", examples=[0])


class Progress(Answer):
    """How far a run has come."""

    done: int = Field(title="Done", description="Items and records dealt with.", examples=[120])
    total: int | None = Field(title="Total", description="How many there are, once known.", examples=[480])
    rate_per_second: float | None = Field(
        title="Rate", description="Done per second so far.", examples=[31.2]
    )
    seconds_left: int | None = Field(title="Seconds left", description="At that rate.", examples=[12])


class Sample(Answer):
    """One of the records that a decision is about."""

    crm_id: str | None = Field(title="CRM id", description="The record's id in the CRM.", examples=["c-1001"])
    record_id: str | None = Field(
        title="Record id", description="The record; null for an item that is new.", examples=["rec_06a2k3v9"]
    )
    title: str = Field(title="Title", description="What it is called.", examples=["Ada Lovelace"])


class Would(Answer):
    """What is done once it is approved, counted."""

    to_crm: Written = Field(title="To the CRM", description="Records that would move.")
    to_microsoft: Written = Field(title="To Microsoft", description="Items that would be written.")
    invitations: int = Field(
        default=0, title="Invitations", description="People whom Outlook would mail.", examples=[0]
    )


class Approval(Answer):
    """So much at once that somebody is asked first, and what they said."""

    reason: Literal["deletions", "creations", "clears", "invitations", "collection_gone", "direction"] = (
        Field(title="Reason", description="What there is too much of.", examples=["deletions"])
    )
    side: Literal["crm", "microsoft"] = Field(
        title="Side", description="Where it would be done.", examples=["crm"]
    )
    as_of: Moment = Field(
        title="As of", description="The set is what was known then; what comes later is asked separately."
    )
    would: Would = Field(title="Would", description="What approving it does.")
    samples: list[Sample] = Field(title="Samples", description="Up to ten of the records concerned.")
    expires_at: Moment = Field(
        title="Expires", description="Without a word by then, each side keeps what it has."
    )
    decision: Literal["apply", "put_back"] | None = Field(
        default=None, title="Decision", description="What was decided, if anything.", examples=["apply"]
    )
    decided_at: Moment | None = Field(
        default=None, title="Decided", description="When it was decided.", examples=[None]
    )


class Decide(Body):
    """What is to become of what waits; without a body it is applied."""

    decision: Literal["apply", "put_back"] = Field(
        default="apply",
        title="Decision",
        description=(
            "`apply`: do it. `put_back`: undo what led to it. Deleted in Outlook: it is written there again."
            " Deleted by the CRM: restored and offered as created. Created: ignored. Emptied: the old values"
            " return."
        ),
        examples=["put_back"],
    )


class RunAnswer(Answer):
    """One sync of one entity of one connection."""

    id: str = Field(title="Id", description="The run's id.", examples=["run_06a2k3v9"])
    connection: str = Field(title="Connection", description="Whose sync it is.", examples=["con_06a2k3v9"])
    entity: EntityName = Field(title="Entity", description="What is synced.", examples=["contacts"])
    trigger: TRIGGER = Field(title="Trigger", description="What it was begun by.", examples=["manual"])
    direction: DIRECTION = Field(title="Direction", description="Which way it goes.", examples=["both"])
    full: bool = Field(title="Full", description="Compares everything, not only changes.", examples=[False])
    status: STATUS = Field(title="Status", description="How it stands.", examples=["running"])
    phase: Literal["pull", "match", "plan", "push"] | None = Field(
        title="Phase", description="What it is doing; null before and after.", examples=["push"]
    )
    progress: Progress = Field(title="Progress", description="How far it has come.")
    counts: Counts = Field(title="Counts", description="What it has done so far.")
    approval: Approval | None = Field(
        title="Approval",
        description="What waits for somebody's decision, or was decided; null for an ordinary run.",
        examples=[None],
    )
    problem: dict[str, Any] | None = Field(
        title="Problem", description="Why it failed, with the cure.", examples=[None]
    )
    created_at: Moment = Field(title="Created", description="When it was asked for.")
    started_at: Moment | None = Field(title="Started", description="When it began.", examples=[None])
    finished_at: Moment | None = Field(title="Finished", description="When it ended.", examples=[None])


class SyncOne(Body):
    """What to do, and which way; without a body everything that changed, both ways."""

    direction: DIRECTION = Field(
        default="both",
        title="Direction",
        description="One way only moves nothing the other way.",
        examples=["both"],
    )
    full: bool = Field(
        default=False,
        title="Full",
        description="Compare everything instead of only what changed. Deletes nothing unverified.",
        examples=[False],
    )


class SyncMany(SyncOne):
    """Which entities to sync, and which way."""

    entities: list[EntityName] | None = Field(
        default=None,
        min_length=1,
        max_length=5,
        title="Entities",
        description="What to sync; without it everything that is switched on.",
        examples=[["contacts"]],
    )


class NotRun(Answer):
    """An entity that could not run, and why."""

    entity: EntityName = Field(title="Entity", description="What was not synced.", examples=["tasks"])
    problem: dict[str, Any] = Field(
        title="Problem",
        description="What stands in the way, with its cure.",
        examples=[{"type": "/problems/sync-disabled"}],
    )


class Started(Answer):
    """What was queued and what was not."""

    runs: list[RunAnswer] = Field(title="Runs", description="The runs that were queued.")
    skipped: list[NotRun] = Field(title="Skipped", description="What could not run, and why.")
