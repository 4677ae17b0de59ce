"""What every record looks like in requests and answers (``api.md`` §5)."""

from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from app.routers.shapes import Answer, Body, Moment
from app.sync.saying import CRM_ID, RESERVED


def _not_reserved(crm_id: str) -> str:
    if crm_id in RESERVED:
        raise ValueError("This word can't be an id.")
    return crm_id


def _a_date(text: str) -> str:
    date.fromisoformat(text)
    return text


def _each_user_once(owners: list[Any] | None) -> list[Any] | None:
    if owners and len({owner.user for owner in owners}) < len(owners):
        raise ValueError("A user can be named once.")
    return owners


CrmId = Annotated[
    str,
    StringConstraints(pattern=CRM_ID),
    AfterValidator(_not_reserved),
    Field(json_schema_extra={"not": {"enum": sorted(RESERVED)}}),
]
"""An id of the CRM's own."""

# What Outlook can't hold is stored all the same and parked there: the hub has no limits of a mailbox's.
Line = Annotated[str, StringConstraints(max_length=100_000)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Key = Annotated[str, StringConstraints(max_length=64)]
Value = Annotated[str, StringConstraints(max_length=1000)]
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\d$"), AfterValidator(_a_date)]


class Owner(Body):
    """A user in whose mailboxes a record belongs."""

    user: Word = Field(title="User", description="The user's id in the CRM.", examples=["agent-7"])
    access: Literal["primary", "full", "view_only"] = Field(
        title="Access",
        description="`view_only`: the record is written there, but an edit made there is put back.",
        examples=["primary"],
    )


class RecordFields(BaseModel):
    """What every record has besides its own fields."""

    owners: Annotated[list[Owner] | None, AfterValidator(_each_user_once)] = Field(
        default=None,
        max_length=50,
        title="Owners",
        description="In whose mailboxes the record belongs, and with which access.",
        examples=[[{"user": "agent-7", "access": "primary"}]],
    )
    metadata: dict[Key, Value] | None = Field(
        default=None,
        max_length=20,
        title="Metadata",
        description="Strings of the CRM's own, returned as sent and never synced.",
        examples=[{"source": "web form"}],
    )
    created_at: Moment | None = Field(
        default=None,
        title="Created",
        description="When the CRM created it.",
        examples=["2026-01-05T08:00:00Z"],
    )
    updated_at: Moment | None = Field(
        default=None,
        title="Updated",
        description="When the CRM last changed it. A write with an older time changes nothing.",
        examples=["2026-03-02T09:00:00Z"],
    )


READ_ONLY = frozenset({"crm_id", "record_id", "revision", "deleted", "merged", "stale", "sync"})


class RecordIn(Body):
    """What the CRM has of a record."""

    read_only: ClassVar[frozenset[str]] = READ_ONLY

    def said(self) -> dict[str, Any]:
        """Return the fields that the caller mentioned; an element of a list is whole, its defaults too."""
        return {name: value for name, value in self.model_dump().items() if name in self.model_fields_set}


def without_bounds(schema: dict[str, Any]) -> None:
    """Promise no bounds: what two sides hold together may be more than one of them may send."""
    for part in schema["properties"].values():
        for kind in (part, *part.get("anyOf", [])):
            for word in ("maxItems", "maxLength"):
                kind.pop(word, None)


StandName = Literal[
    "synced", "pending", "out_of_scope", "parked", "in_review", "conflict", "awaiting_approval", "rejected",
    "unnamed", "blocked", "disabled",
]  # fmt: skip


class SyncState(Answer):
    """How a record stands in one connection."""

    connection: str = Field(title="Connection", description="The connection's id.", examples=["con_06a2k3v9"])
    user: str = Field(title="User", description="The user whose mailbox it is.", examples=["agent-7"])
    state: StandName = Field(title="State", description="Where it stands.", examples=["synced"])
    reason: str | None = Field(
        title="Reason", description="Why, as a code; GET /reasons explains it.", examples=["in_scope"]
    )


class RecordState(Answer):
    """What an answer says of a record besides what the CRM and its user say."""

    crm_id: str | None = Field(
        title="CRM id", description="The CRM's id; null until the CRM has named it.", examples=["c-1001"]
    )
    record_id: str = Field(title="Record id", description="Concord's own id.", examples=["rec_06a2k3v9"])
    revision: int = Field(title="Revision", description="Counts its changes; the `ETag`.", examples=[7])
    deleted: bool = Field(
        title="Deleted", description="Deleted, and kept for 30 days to be restored.", examples=[False]
    )
    merged: list[str] = Field(
        default=[],
        title="Merged",
        description="After a write: the fields sent that now hold something else than was sent.",
        examples=[["phones"]],
    )
    stale: bool = Field(
        default=False,
        title="Stale",
        description="After a write: it was older than what is stored, and changed nothing.",
        examples=[True],
    )
    sync: list[SyncState] = Field(
        default=[],
        title="Sync",
        description="With `include=sync`: how it stands in each connection it belongs in.",
        examples=[
            [{"connection": "con_06a2k3v9", "user": "agent-7", "state": "synced", "reason": "in_scope"}]
        ],
    )


class SyncStates(Answer):
    """How a record stands in each connection it belongs in."""

    data: list[SyncState] = Field(title="States", description="One entry per connection.")


class ListAnswer(Answer):
    """One page of records."""

    next_cursor: str | None = Field(
        title="Next cursor",
        description="Send it as `cursor` for the next page; null on the last.",
        examples=[None],
    )
    feed_cursor: str = Field(
        title="Feed cursor",
        description="Where the feed stood when the first page was read: send it as `after` to /v1/changes.",
        examples=["Zjo0Mg"],
    )
