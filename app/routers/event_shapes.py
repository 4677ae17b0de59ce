"""What an event looks like in requests and answers (``api.md`` §5)."""

import re
from datetime import date, datetime
from typing import Annotated, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from app.records import when
from app.records.rrule import InvalidRule
from app.records.rrule import read as read_rule
from app.records.zones import is_zone
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
from app.routers.shapes import Answer, Body, only

DAY = r"^\d{4}-\d\d-\d\d$"
CLOCK = r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,7})?)?$"
OFFSET = re.compile(r"T.*([zZ]|[+-]\d\d:?\d\d)$")
DAYS = f"from {when.FIRST} to {when.LAST}"


def _a_clock(text: str) -> str:
    if OFFSET.search(text):
        raise ValueError("A clock on the wall has no offset: leave it out, and name the zone in time_zone.")
    try:
        datetime.fromisoformat(text)
    except ValueError:
        text = ""
    if not re.match(CLOCK, text):
        raise ValueError("This must be a time on the wall as in 2026-03-02T09:00:00.")
    return _in_a_calendar(text)


def _a_day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        text = ""
    if not re.match(DAY, text):
        raise ValueError("This must be a day as in 2026-03-02.")
    return _in_a_calendar(text)


def _in_a_calendar(text: str) -> str:
    if not when.FIRST <= text[:10] <= when.LAST:
        raise ValueError(f"A calendar has the days {DAYS}.")
    return text


def _a_zone(name: str) -> str:
    if not is_zone(name):
        raise ValueError("This must be a time zone by IANA's name, such as Europe/Berlin or UTC.")
    return name


def _a_rule(text: str) -> str:
    try:
        read_rule(text)
    except InvalidRule as wrong:
        raise ValueError(wrong.detail) from None
    return text


Clock = Annotated[str, AfterValidator(_a_clock), Field(json_schema_extra={"pattern": CLOCK})]
EventDay = Annotated[str, AfterValidator(_a_day)]
Zone = Annotated[str, Field(max_length=64), AfterValidator(_a_zone)]
Rrule = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_a_rule)]
ShowAs = Literal["free", "tentative", "busy", "out_of_office", "working_elsewhere"]
Sensitivity = Literal["normal", "personal", "private", "confidential"]
Response = Literal["none", "organizer", "accepted", "tentative", "declined", "no_response"]


class EventTime(Body):
    """A moment: a clock on the wall with its zone, or a whole day."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                only("date_time", "time_zone", without=("date",)),
                only("date", without=("date_time", "time_zone")),
            ],
            "examples": [{"date_time": "2026-03-02T09:00:00", "time_zone": "Europe/Berlin"}],
        }
    )

    date_time: Clock | None = Field(
        default=None,
        title="Clock",
        description=f"What the clock on the wall shows, without an offset, {DAYS}.",
        examples=["2026-03-02T09:00:00"],
    )
    time_zone: Zone | None = Field(
        default=None, title="Time zone", description="IANA's name of the zone.", examples=["Europe/Berlin"]
    )
    date: EventDay | None = Field(
        default=None,
        title="Day",
        description=f"The day, where it is a whole one, {DAYS}.",
        examples=["2026-03-02"],
        json_schema_extra={"format": "date"},
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        clock = self.date_time is not None and self.time_zone is not None
        if clock is (self.date is not None) or (self.date is not None and (self.date_time or self.time_zone)):
            raise ValueError("Give either date_time and time_zone, or date.")
        return self


def _after(start: EventTime | None, end: EventTime | None) -> EventTime | None:
    """Return an end that can follow a start, or refuse it."""
    wrong = when.wrong({"start": start and start.model_dump(), "end": end and end.model_dump()})
    if wrong is not None:
        raise ValueError(wrong)
    return end


class Attendee(Body):
    """Somebody who is to take part."""

    read_only: ClassVar[frozenset[str]] = frozenset({"response"})

    address: str = Field(
        min_length=1, max_length=320, title="Address", description="The e-mail address.",
        examples=["eve@example.org"],
    )  # fmt: skip
    name: Line | None = Field(default=None, title="Name", description="The name shown.", examples=["Eve"])
    role: Literal["required", "optional", "resource"] = Field(
        default="required", title="Role", description="Whether they must come; a room is a resource.",
        examples=["required"],
    )  # fmt: skip


class EventException(Body):
    """One occurrence that differs from its series."""

    original_start: EventTime = Field(
        title="Original start",
        description="When it would have begun: RFC 5545's RECURRENCE-ID, in the event's zone.",
    )
    cancelled: bool = Field(
        default=False, title="Cancelled", description="It does not take place.", examples=[True]
    )
    start: EventTime | None = Field(default=None, title="Start", description="When it begins instead.")
    end: EventTime | None = Field(default=None, title="End", description="When it ends instead.")
    title: Line | None = Field(
        default=None, title="Title", description="What it is called instead.", examples=["Stand-up (long)"]
    )
    location: Line | None = Field(
        default=None, title="Location", description="Where it takes place instead.", examples=["Room 2"]
    )
    description: str | None = Field(
        default=None, max_length=1_000_000, title="Description", description="What is said of it instead.",
        examples=["With slides."],
    )  # fmt: skip

    @field_validator("end")
    @classmethod
    def _ends_after_it_begins(cls, end: EventTime | None, known: ValidationInfo) -> EventTime | None:
        return _after(known.data.get("start") or known.data.get("original_start"), end)


def _each_occurrence_once(exceptions: list[EventException] | None) -> list[EventException] | None:
    starts = [repr(each.original_start) for each in exceptions or ()]
    if len(set(starts)) < len(starts):
        raise ValueError("An occurrence can differ once: this names one twice.")
    return exceptions


class Recurrence(Body):
    """A series, and what differs from it."""

    rrule: Rrule = Field(
        title="Rule",
        description="RFC 5545's rule, without `RRULE:`. One that Outlook can't hold is kept, and the event"
        " parked there.",
        examples=["FREQ=WEEKLY;BYDAY=MO;COUNT=10"],
    )
    exceptions: Annotated[list[EventException] | None, AfterValidator(_each_occurrence_once)] = Field(
        default=None,
        max_length=1000,
        title="Exceptions",
        description="All occurrences that differ; left out, they stay as they are.",
        examples=[[]],
    )


class EventFields(RecordFields):
    """An event. In a PUT or PATCH a field left out says nothing; null or an empty list clears it."""

    assigned_by: Word | None = Field(
        default=None, title="Assigned by",
        description="The user who gives it to its owners. The rule `require_calendar_edit_rights` asks"
        " whether they may edit the owners' calendars.",
        examples=["agent-3"],
    )  # fmt: skip
    activity_type: Word | None = Field(
        default=None, title="Type of activity",
        description="The CRM's own word for what it is; settings choose by it.", examples=["inspection"],
    )  # fmt: skip
    project: Word | None = Field(
        default=None, title="Project", description="The project it belongs to.", examples=["p-1"]
    )
    invite: bool | None = Field(
        default=None,
        title="Invite",
        description="Ask for invitations, where the settings leave that to the CRM (`when_asked`).",
        examples=[False],
    )
    completed: bool | None = Field(
        default=None, title="Completed", description="It is done.", examples=[False]
    )
    title: Line | None = Field(
        default=None, title="Title", description="What it is called.", examples=["Inspection"]
    )
    description: str | None = Field(
        default=None, max_length=1_000_000, title="Description", description="Plain text.",
        examples=["Bring the keys."],
    )  # fmt: skip
    location: Line | None = Field(
        default=None, title="Location", description="Where it takes place.", examples=["12 High St"]
    )
    start: EventTime | None = Field(default=None, title="Start", description="When it begins.")
    end: EventTime | None = Field(
        default=None,
        title="End",
        description="When it ends; of days the first that is over. Null: one day, or the default duration.",
    )
    attendees: list[Attendee] | None = Field(
        default=None, max_length=500, title="Attendees", description="Who is to take part.",
        examples=[[{"address": "eve@example.org", "name": "Eve", "role": "required"}]],
    )  # fmt: skip
    recurrence: Recurrence | None = Field(
        default=None, title="Recurrence", description="How it repeats; null: it takes place once."
    )
    reminder_minutes: int | None = Field(
        default=None, ge=0, le=2**31 - 1, title="Reminder", description="How long before its start.",
        examples=[15],
    )  # fmt: skip
    show_as: ShowAs | None = Field(
        default=None, title="Shown as", description="What others see of the time.", examples=["busy"]
    )
    sensitivity: Sensitivity | None = Field(
        default=None, title="Sensitivity", description="Whom it is for.", examples=["normal"]
    )
    categories: list[Line] | None = Field(
        default=None, max_length=100, title="Categories", description="Outlook's categories, by name.",
        examples=[["VIP"]],
    )  # fmt: skip
    cancelled: bool | None = Field(
        default=None, title="Cancelled", description="It does not take place.", examples=[False]
    )
    online_meeting: bool | None = Field(
        default=None, title="Online meeting", description="Have Outlook make a Teams meeting of it.",
        examples=[False],
    )  # fmt: skip

    @field_validator("end")
    @classmethod
    def _ends_after_it_begins(cls, end: EventTime | None, known: ValidationInfo) -> EventTime | None:
        return _after(known.data.get("start"), end)


class EventIn(RecordIn, EventFields):
    """An event as the CRM has it. What is left out says nothing; null or an empty list clears."""

    read_only: ClassVar[frozenset[str]] = READ_ONLY | {
        "organizer", "is_organizer", "editable", "my_response", "ical_uid", "meeting",
    }  # fmt: skip


class Organizer(Answer):
    """Who called a meeting."""

    address: str = Field(title="Address", description="The e-mail address.", examples=["ada@example.org"])
    name: str | None = Field(title="Name", description="The name shown.", examples=["Ada"])


class Meeting(Answer):
    """The online meeting of an event."""

    state: Literal["none", "pending", "ready", "unavailable"] = Field(
        title="State", description="Whether there is one to join.", examples=["ready"]
    )
    provider: str | None = Field(title="Provider", description="Who holds it.", examples=["teams"])
    join_url: str | None = Field(
        title="Join link", description="Where to join.", examples=["https://teams.example/l/meetup-join/1"]
    )
    conference_id: str | None = Field(
        title="Conference id", description="What to say on the telephone.", examples=["123456"]
    )


class Invited(Attendee):
    """Somebody who is to take part, and what they answered."""

    response: Response = Field(
        default="none", title="Response", description="What they answered.", examples=["accepted"]
    )


class Event(RecordState, EventFields):
    """An event as Concord holds it. A field that was never given is null or an empty list."""

    model_config = ConfigDict(extra="allow", json_schema_extra=without_bounds)

    attendees: list[Invited] | None = Field(  # type: ignore[assignment]
        default=None, title="Attendees", description="Who is to take part.",
        examples=[[{"address": "eve@example.org", "name": "Eve", "role": "required", "response": "none"}]],
    )  # fmt: skip
    organizer: Organizer | None = Field(title="Organizer", description="Who called it; null: the user.")
    is_organizer: bool = Field(
        title="Is organizer", description="Whether the user called it.", examples=[True]
    )
    editable: bool = Field(
        title="Editable", description="Whether edits of the CRM reach Outlook.", examples=[True]
    )
    my_response: Response | None = Field(
        title="My response", description="What the user answered.", examples=["organizer"]
    )
    ical_uid: str | None = Field(
        title="Uid", description="The meeting's uid, the same in every mailbox.", examples=["040000008200E0…"]
    )
    meeting: Meeting = Field(title="Meeting", description="The online meeting.")


class EventList(ListAnswer):
    """One page of events."""

    data: list[Event] = Field(title="Events", description="The events of this page.")
