"""What conflicts and decisions on them look like (``api.md`` §8)."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from app.routers.shapes import Answer, Body, Moment, unique

Side = Literal["crm", "microsoft"]
ConflictId = Annotated[str, StringConstraints(min_length=1, max_length=64)]
ONE_OF_BOTH: Any = [
    {"required": ["take"], "properties": {"take": {"type": "string"}}, "not": {"required": ["value"]}},
    {"required": ["value"], "not": {"required": ["take"]}},
]
MOST = 200


class Other(Answer):
    """What another mailbox had."""

    connection: str | None = Field(
        title="Connection", description="The other mailbox's connection.", examples=["con_06a2k3v8"]
    )
    value: Any = Field(title="Value", description="What its user gave it.", examples=["Admiral"])


class Conflict(Answer):
    """One field that two sides gave different values. Both are kept here.

    Fields that are decided together (an event's start, end and recurrence) are one conflict: `fields` names
    them, and each value is an object with all of them, of `recurrence` the rule alone. Any other value is
    what the record itself has in `field`; where that is `recurrence`, its exceptions are in question.
    """

    id: str = Field(title="Id", description="The conflict's id.", examples=["cfl_06a2k3v9"])
    status: Literal["open", "resolved", "obsolete"] = Field(
        title="Status", description="Whether it still waits for a decision.", examples=["resolved"]
    )
    connection: str | None = Field(
        title="Connection", description="The mailbox on the other side.", examples=["con_06a2k3v9"]
    )
    crm_id: str | None = Field(title="CRM id", description="The record's id in the CRM.", examples=["c-1001"])
    record_id: str = Field(title="Record id", description="Concord's own id.", examples=["rec_06a2k3v9"])
    entity: str = Field(title="Entity", description="What kind of record it is.", examples=["contacts"])
    field: str = Field(
        title="Field",
        description="The field in question, as the record has it; of several the first. `deleted`: whether it"
        " is to live on.",
        examples=["job_title", "start"],
    )
    fields: list[str] = Field(
        title="Fields",
        description="All fields that are decided together.",
        examples=[["job_title"], ["start", "end", "recurrence"]],
    )
    base: Any = Field(title="Base", description="What both had before.", examples=["Engineer"])
    crm: Any = Field(title="CRM", description="What the CRM gave it.", examples=["Programmer"])
    microsoft: Any = Field(
        title="Microsoft",
        description="What the mailbox's user gave it.",
        examples=[
            "Poet",
            {
                "start": {"date_time": "2026-03-02T11:00:00", "time_zone": "Europe/Berlin"},
                "end": {"date_time": "2026-03-02T12:00:00", "time_zone": "Europe/Berlin"},
                "recurrence": {"rrule": "FREQ=WEEKLY;BYDAY=MO;COUNT=10"},
            },
        ],
    )
    other: Other | None = Field(
        title="Other", description="Where two mailboxes disagree: the other one.", examples=[None]
    )
    kept: Literal["crm", "microsoft", "neither"] = Field(
        title="Kept", description="Whose value stands in the record.", examples=["crm"]
    )
    reason: str = Field(title="Reason", description="What kind of conflict it is.", examples=["both_edited"])
    opened_at: Moment = Field(title="Opened", description="When both values were known.")
    resolved_at: Moment | None = Field(title="Resolved", description="When it was closed.", examples=[None])
    resolved_by: str | None = Field(title="Resolved by", description="What closed it.", examples=["policy"])


class Decision(Body):
    """Whose value a field gets, or another one for both sides."""

    model_config = ConfigDict(json_schema_extra={"oneOf": ONE_OF_BOTH})

    take: Side | None = Field(
        default=None,
        title="Take",
        description="The side whose value stands. Where one side deleted the record: `crm` deletes it after"
        " all, `microsoft` lets it live on.",
        examples=["crm"],
    )
    value: Any = Field(
        default=None,
        title="Value",
        description="What the field gets on both sides: as the record has it, null or [] to clear it. Where"
        " the conflict has several `fields`, an object with some of them: the others stay as the record has"
        " them. Of exceptions: `recurrence` with all of them.",
        examples=["Countess of Lovelace"],
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if ("value" in self.model_fields_set) == (self.take is not None):
            raise ValueError("Send either `take` or `value`.")
        return self


class Decisions(Body):
    """One side that many conflicts are decided for."""

    ids: Annotated[list[ConflictId], AfterValidator(unique)] = Field(
        min_length=1,
        max_length=MOST,
        title="Ids",
        description="The conflicts to decide.",
        examples=[["cfl_06a2k3v9"]],
        json_schema_extra={"uniqueItems": True},
    )
    take: Side = Field(title="Take", description="The side whose values stand.", examples=["crm"])


class DecisionResult(Answer):
    """What came of one conflict."""

    id: str = Field(title="Id", description="The conflict's id.", examples=["cfl_06a2k3v9"])
    status: int = Field(title="Status", description="200, or the problem's status.", examples=[200])
    problem: dict[str, Any] | None = Field(
        default=None,
        title="Problem",
        description="What is wrong with it.",
        examples=[{"type": "/problems/conflict-closed"}],
    )


class DecisionResults(Answer):
    """What came of each conflict, in the order given."""

    results: list[DecisionResult] = Field(title="Results", description="One for each conflict.")
    failed: int = Field(title="Failed", description="How many have a problem.", examples=[0])
