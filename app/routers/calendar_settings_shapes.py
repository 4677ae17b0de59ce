"""The settings of a calendar: what can be chosen, how a screen shows it, and what an answer holds."""

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field

from app.routers.override_shapes import EventOverrides, EventRules, Resolution
from app.routers.settings_choices import (
    Completed,
    Deleted,
    Direction,
    Existing,
    FolderName,
    Invitations,
    LeftScope,
    Ownership,
    PrivateEvents,
    Removed,
    Since,
    Which,
    Words,
)
from app.routers.settings_fields import EVENTS
from app.routers.settings_shapes import (
    DEFAULTS_GROUPS,
    GROUPS,
    ON,
    PREVIEWED,
    READ_ONLY,
    SENDS,
    Previewed,
    Standing,
    Whole,
    deletes,
    lockable,
    shown,
)
from app.routers.shapes import Body, merge_patch_of, unique


class CalendarChoices(Body):
    """What can be chosen of a calendar."""

    direction: Direction = EVENTS.direction(1, "Whether the calendar syncs, and which way events travel.")
    calendar: Which = Field(
        default="default",
        title="Calendar in Outlook",
        description="The only Outlook calendar that is read and written.",
        examples=["default"],
        json_schema_extra=shown(2, "sync", "radio", show_if={"direction": ON}),
    )
    calendar_name: FolderName = Field(
        default="",
        title="Name of the calendar",
        description="What that calendar is called. Empty: the organisation's name.",
        examples=["Acme Realty"],
        json_schema_extra=shown(3, "sync", "text", show_if={"direction": ON, "calendar": ["named"]}),
    )
    activity_types: Words = Field(
        default=[],
        title="Types of activities",
        description="Only activities of these types sync; with none chosen, all do. An event that is new in"
        " Outlook has no type and syncs until the CRM gives it one.",
        examples=[["inspection"]],
        json_schema_extra=shown(
            4, "sync", "checkboxes", show_if={"direction": ON},
            options={
                "operation": "workspace.get",
                "pointer": "/vocabulary/activity_types",
                "value": "id",
                "title": "title",
            },
        ),
    )  # fmt: skip
    include_tasks: bool = Field(
        default=False,
        title="Tasks as well",
        description=(
            "Whether the CRM's tasks appear in the calendar, as whole days on which they are due. What"
            " becomes of them in Outlook changes no task; one that is deleted there isn't made again."
        ),
        examples=[False],
        json_schema_extra=shown(5, "sync", "switch", show_if={"direction": SENDS}),
    )
    ownership: Ownership = EVENTS.ownership(6)
    window_past_days: int = Field(
        default=30,
        ge=0,
        le=730,
        title="Days back",
        description="How far into the past events are taken over that were not synced before.",
        examples=[30],
        json_schema_extra=shown(7, "sync", "number", show_if={"direction": ON}, unit="days"),
    )
    window_future_days: int = Field(
        default=365,
        ge=1,
        le=1095,
        title="Days ahead",
        description="How far into the future events sync; later ones follow as their time comes near.",
        examples=[365],
        json_schema_extra=shown(8, "sync", "number", show_if={"direction": ON}, unit="days"),
    )
    default_duration_minutes: int = Field(
        default=30,
        ge=1,
        le=1440,
        title="Planned duration",
        description="How long an event is shown in Outlook that has no end in the CRM.",
        examples=[30],
        json_schema_extra=shown(9, "sync", "number", show_if={"direction": SENDS}, unit="minutes"),
    )
    existing_records: Existing = EVENTS.existing_records(10)
    existing_since: Since = EVENTS.existing_since(11)
    import_new: bool = EVENTS.import_new(12)
    private_events: PrivateEvents = Field(
        default="as_private",
        title="Private events",
        description="What the other side sees of events that are personal, private or confidential.",
        examples=["as_private"],
        json_schema_extra=shown(13, "sync", "radio", show_if={"direction": ON}),
    )
    invitations: Invitations = Field(
        default="never",
        title="Invitations",
        description="Whether Outlook may mail the guests of events that the CRM writes.",
        examples=["never"],
        json_schema_extra=shown(
            14, "sync", "radio", show_if={"direction": SENDS}, danger="mails_people",
            confirm={
                "values": ["when_asked", "always"],
                "title": "Let Outlook mail your guests?",
                "detail": "Guests of events from the CRM will get invitations, updates and cancellations.",
            },
        ),
    )  # fmt: skip
    conflict_resolution: Resolution = EVENTS.conflict_resolution(15)
    field_overrides: EventOverrides = EVENTS.field_overrides(16, EventRules(), such_as="description")
    completed: Completed = Field(
        default="keep",
        title="Completed",
        description="What happens in Outlook to events that the CRM marks as completed.",
        examples=["keep"],
        json_schema_extra=deletes(
            17,
            "microsoft",
            title="Delete completed events in Outlook?",
            detail="Events that are completed in the CRM will be deleted in the user's Outlook.",
        ),
    )
    removed_from_crm: Removed = EVENTS.removed_from_crm(18)
    deleted_in_microsoft: Deleted = EVENTS.deleted_in_microsoft(19)
    left_scope: LeftScope = EVENTS.left_scope(20)


CalendarField = Literal[
    "direction", "calendar", "calendar_name", "activity_types", "include_tasks", "ownership",
    "window_past_days", "window_future_days", "default_duration_minutes", "existing_records",
    "existing_since", "import_new", "private_events", "invitations", "conflict_resolution",
    "field_overrides", "completed", "removed_from_crm", "deleted_in_microsoft", "left_scope",
]  # fmt: skip
Fields = Annotated[list[CalendarField], AfterValidator(unique), lockable(CalendarChoices)]


class CalendarDefaults(CalendarChoices):
    """The workspace's defaults of calendar settings, and which of them connections can't override."""

    model_config = ConfigDict(json_schema_extra={"x-groups": DEFAULTS_GROUPS})

    locked: Fields = Field(
        default=[],
        title="Locked",
        description="Fields that connections can't override.",
        examples=[["invitations"]],
        json_schema_extra=shown(100, "locks", "checkboxes"),
    )


@merge_patch_of(CalendarChoices)
class CalendarSettingsPatch(Body):
    """A merge patch of calendar settings: what it leaves out stays, null returns to the default."""

    read_only = READ_ONLY


class CalendarSettingsChoice(CalendarSettingsPatch):
    """A merge patch of calendar settings, and the preview that showed what it will do."""

    previewed: Previewed = PREVIEWED


class CalendarSettingsPut(Whole, CalendarChoices):
    """All calendar settings at once: what is left out or in ``inherited`` is the workspace's default."""

    read_only = READ_ONLY - {"inherited"}

    inherited: Fields = Field(
        default=[],
        title="Inherited",
        description="Fields that follow the workspace, whatever value stands here.",
        examples=[["calendar_name"]],
    )


class CalendarSettings(CalendarChoices, Standing):
    """How the calendar of one connection syncs."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={"x-groups": GROUPS})
    read_only = frozenset()
