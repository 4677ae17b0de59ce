"""What a task looks like in requests and answers (``api.md`` §5)."""

from typing import ClassVar, Final, Literal

from pydantic import ConfigDict, Field, field_validator
from pydantic.config import JsonDict

from app.routers.event_shapes import EventDay, EventTime, Rrule
from app.routers.record_shapes import (
    READ_ONLY,
    Line,
    ListAnswer,
    RecordFields,
    RecordIn,
    RecordState,
    Word,
    without_bounds,
)
from app.routers.shapes import Body

Status = Literal["not_started", "in_progress", "completed", "waiting", "deferred"]
Importance = Literal["low", "normal", "high"]
DATE: Final[JsonDict] = {"format": "date"}


class ChecklistItem(Body):
    """One step of a task."""

    title: str = Field(
        min_length=1, max_length=1000, title="Title", description="What is to be done.",
        examples=["Find number"],
    )  # fmt: skip
    done: bool = Field(default=False, title="Done", description="Whether it is done.", examples=[False])


class TaskRecurrence(Body):
    """How a task repeats."""

    rrule: Rrule = Field(
        title="Rule",
        description="RFC 5545's rule, without `RRULE:`, counted from the due date. One that To Do can't hold"
        " is kept, and the task parked there.",
        examples=["FREQ=DAILY"],
    )


class TaskFields(RecordFields):
    """A task. In a PUT or PATCH a field left out says nothing; null or an empty list clears it."""

    opted_in: bool | None = Field(
        default=None, title="Opted in", examples=[True],
        description="Whether it goes to To Do where the settings take only those that were opted in.",
    )  # fmt: skip
    project: Word | None = Field(
        default=None, title="Project", description="The project it belongs to.", examples=["p-1"]
    )
    title: Line | None = Field(
        default=None, title="Title", description="What it is called.", examples=["Call Ada"]
    )
    notes: str | None = Field(
        default=None, max_length=1_000_000, title="Notes", description="Plain text.",
        examples=["Ask about the keys."],
    )  # fmt: skip
    due_date: EventDay | None = Field(
        default=None, title="Due", description="The day on which it is due: a date, in no time zone.",
        examples=["2026-03-02"], json_schema_extra=DATE,
    )  # fmt: skip
    start_date: EventDay | None = Field(
        default=None, title="Start", description="The day on which it begins.", examples=["2026-03-01"],
        json_schema_extra=DATE,
    )  # fmt: skip
    reminder: EventTime | None = Field(
        default=None, title="Reminder", description="When its user is reminded: a clock in a time zone.",
        examples=[{"date_time": "2026-03-02T09:00:00", "time_zone": "Europe/Berlin"}],
    )  # fmt: skip
    status: Status | None = Field(
        default=None, title="Status", description="How far it is.", examples=["not_started"]
    )
    completed_date: EventDay | None = Field(
        default=None, title="Completed", description="The day on which it was completed; To Do sets its own.",
        examples=["2026-03-02"], json_schema_extra=DATE,
    )  # fmt: skip
    importance: Importance | None = Field(
        default=None, title="Importance", description="How much it matters.", examples=["normal"]
    )
    checklist: list[ChecklistItem] | None = Field(
        default=None, max_length=100, title="Checklist", description="Its steps.",
        examples=[[{"title": "Find number", "done": False}]],
    )  # fmt: skip
    recurrence: TaskRecurrence | None = Field(
        default=None, title="Recurrence", description="How it repeats; null: it is done once.",
        examples=[{"rrule": "FREQ=DAILY"}],
    )  # fmt: skip
    categories: list[Line] | None = Field(
        default=None, max_length=100, title="Categories", description="Outlook's categories, by name.",
        examples=[["VIP"]],
    )  # fmt: skip

    @field_validator("reminder")
    @classmethod
    def _at_a_clock(cls, reminder: EventTime | None) -> EventTime | None:
        if reminder is not None and reminder.date is not None:
            raise ValueError("A reminder comes at a clock: give date_time and time_zone.")
        return reminder


class TaskIn(RecordIn, TaskFields):
    """A task as the CRM has it. What is left out says nothing; null or an empty list clears."""

    read_only: ClassVar[frozenset[str]] = READ_ONLY


class Task(RecordState, TaskFields):
    """A task as Concord holds it. A field that was never given is null or an empty list."""

    model_config = ConfigDict(extra="allow", json_schema_extra=without_bounds)


class TaskList(ListAnswer):
    """One page of tasks."""

    data: list[Task] = Field(title="Tasks", description="The tasks of this page.")
