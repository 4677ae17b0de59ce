"""What changes and their acknowledgements look like (``api.md`` §6)."""

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from app.routers.record_shapes import CrmId
from app.routers.shapes import Answer, Body, Moment, only

ChangeId = Annotated[str, StringConstraints(min_length=1, max_length=64)]
ChangeType = Annotated[str, StringConstraints(pattern=r"^([a-z]+\.[a-z_]+|[a-z]+\.\*|\*)$", max_length=64)]
"""A type as in ``contact.created``, all of a kind as in ``contact.*``, or ``*``."""


class Change(Answer):
    """One entry of the feed, as it was when it happened."""

    model_config = ConfigDict(extra="allow")

    id: str = Field(title="Id", description="The change's id.", examples=["chg_06a2k3v9"])
    type: str = Field(
        title="Type",
        description="What happened: the kind of thing and what became of it.",
        examples=["contact.updated"],
    )
    crm_id: str | None = Field(
        title="CRM id", description="The record's id in the CRM; null until it is named.", examples=["c-1001"]
    )
    record_id: str | None = Field(
        title="Record id", description="The record, where it is about one.", examples=["rec_06a2k3v9"]
    )
    revision: int | None = Field(
        title="Revision",
        description="The record's revision. Drop a change that is not above the one you hold.",
        examples=[4],
    )
    connection: str | None = Field(
        title="Connection", description="The connection it came from.", examples=["con_06a2k3v9"]
    )
    origin: Literal["microsoft", "concord", "crm"] = Field(
        title="Origin", description="Which side it began on.", examples=["microsoft"]
    )
    changed: list[str] = Field(title="Changed", description="The fields to take over.", examples=[["emails"]])
    previous: dict[str, Any] = Field(
        title="Previous", description="What these fields held before.", examples=[{"emails": []}]
    )
    reason: str | None = Field(
        title="Reason",
        description="Why, where it isn't an ordinary edit.",
        examples=["crm_keeps_older_value"],
    )
    record: dict[str, Any] | None = Field(
        title="Record",
        description="The whole of what the type's first word names, as it was then.",
        examples=[{"crm_id": "c-1001", "display_name": "Ada Lovelace"}],
    )
    merged: str | None = Field(
        default=None,
        title="Merged",
        description="With `contact.merged`: the record that ended because this one took its place.",
        examples=["rec_06a2k3v8"],
    )
    at: Moment = Field(title="At", description="When it happened.", examples=["2026-03-02T09:00:00Z"])


class Changes(Answer):
    """A stretch of the feed."""

    changes: list[Change] = Field(title="Changes", description="The next changes, in order.")
    next_cursor: str = Field(
        title="Next cursor",
        description="Send it as `after` to go on; it is never null.",
        examples=["d3NfMDZhOjQy"],
    )
    has_more: bool = Field(title="More", description="There is more to read at once.", examples=[False])


class Rejection(Body):
    """Why the CRM won't have a change."""

    reason: str = Field(
        max_length=100, title="Reason", description="A word of the CRM's own.", examples=["duplicate"]
    )
    detail: str | None = Field(
        default=None,
        max_length=1000,
        title="Detail",
        description="A sentence for a person.",
        examples=["This is a supplier."],
    )


class AckItem(Body):
    """What the CRM says of one change."""

    id: ChangeId = Field(title="Id", description="The change's id.", examples=["chg_06a2k3v9"])
    crm_id: CrmId | None = Field(
        default=None,
        title="CRM id",
        description="What the CRM calls the record from now on; of a record that it has already, its id.",
        examples=["c-2001"],
    )
    rejected: Rejection | None = Field(
        default=None,
        title="Rejected",
        description="The CRM won't have this change.",
        examples=[{"reason": "duplicate", "detail": "This is a supplier."}],
    )


class AckIn(Body):
    """Changes that the CRM has applied: all up to a cursor, or one by one."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [only("up_to"), only("changes")]})

    up_to: str | None = Field(
        default=None,
        max_length=200,
        title="Up to",
        description="Everything up to this cursor is applied, but for new records that have no name yet.",
        examples=["d3NfMDZhOjQy"],
    )
    changes: list[AckItem] | None = Field(
        default=None,
        max_length=1000,
        title="Changes",
        description="What there is to say of single changes.",
        examples=[[{"id": "chg_06a2k3v9", "crm_id": "c-2001"}]],
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.up_to is None) == (self.changes is None):
            raise ValueError("Send either `up_to` or `changes`.")
        return self


class AckResult(Answer):
    """What came of one item."""

    id: str = Field(title="Id", description="The change's id.", examples=["chg_06a2k3v9"])
    status: int = Field(title="Status", description="200, or the problem's status.", examples=[200])
    problem: dict[str, Any] | None = Field(
        default=None,
        title="Problem",
        description="What is wrong with it.",
        examples=[{"type": "/problems/already-named"}],
    )


class AckResults(Answer):
    """What came of each item, in the order given."""

    results: list[AckResult] = Field(title="Results", description="One for each item.")
    failed: int = Field(title="Failed", description="How many have a problem.", examples=[0])
