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
from app.routers.settings_shapes import (
    DEFAULTS_GROUPS,
    GROUPS,
    HEARS,
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

    direction: Direction = Field(
        default="disabled",
        title="Direction",
        description="Whether the calendar syncs, and which way events travel.",
        examples=["two_way"],
        json_schema_extra=shown(1, "sync", "radio"),
    )
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
        description="Whether the CRM's tasks appear in the calendar, as whole days on which they are due.",
        examples=[False],
        json_schema_extra=shown(5, "sync", "switch", show_if={"direction": SENDS}),
    )
    ownership: Ownership = Field(
        default="all_assigned",
        title="Whose events",
        description="Which of the events that the user is assigned to sync with this mailbox.",
        examples=["all_assigned"],
        json_schema_extra=shown(6, "sync", "radio", show_if={"direction": ON}),
    )
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
    existing_records: Existing = Field(
        default="all",
        title="Existing events",
        description="Which events of the CRM sync by when they were created there. What is in the mailbox"
        " already goes on syncing; an event without a time of creation counts as an existing one.",
        examples=["all"],
        json_schema_extra=shown(10, "sync", "radio", show_if={"direction": ON}),
    )
    existing_since: Since = Field(
        default=None,
        title="First day",
        description="From which day on events must have been created (UTC) to sync. Empty: since this sync"
        " was first switched on.",
        examples=["2026-01-01"],
        json_schema_extra=shown(
            11, "sync", "date", show_if={"direction": ON, "existing_records": ["from_date"]}
        ),
    )
    import_new: bool = Field(
        default=True,
        title="Take over new events",
        description="Whether an event that is added in Outlook is made in the CRM.",
        examples=[True],
        json_schema_extra=shown(12, "sync", "switch", show_if={"direction": HEARS}),
    )
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
    conflict_resolution: Resolution = Field(
        default="newest_wins",
        title="Who wins",
        description="Which value stays where both sides changed the same field of an event.",
        examples=["newest_wins"],
        json_schema_extra=shown(15, "conflicts", "radio", show_if={"direction": ["two_way"]}),
    )
    field_overrides: EventOverrides = Field(
        default=EventRules(),
        title="Except for these fields",
        description="Who wins instead where both sides changed one of these fields.",
        examples=[{"description": "crm_wins"}],
        json_schema_extra=shown(16, "conflicts", show_if={"direction": ["two_way"]}),
    )
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
    removed_from_crm: Removed = Field(
        default="keep",
        title="Removed from the CRM",
        description="What happens in Outlook to an event that was deleted in the CRM.",
        examples=["keep"],
        json_schema_extra=deletes(
            18,
            "microsoft",
            title="Delete events in Outlook?",
            detail="Events that are deleted in the CRM will be deleted in the user's Outlook too.",
        ),
    )
    deleted_in_microsoft: Deleted = Field(
        default="delete",
        title="Deleted in Outlook",
        description="What happens in the CRM to an event that its user deleted in Outlook. Where it is many"
        " at once, somebody is asked first.",
        examples=["delete"],
        json_schema_extra=deletes(
            19,
            "crm",
            title="Delete events in the CRM?",
            detail="Events that are deleted in the user's Outlook will be deleted in the CRM too.",
        ),
    )
    left_scope: LeftScope = Field(
        default="keep",
        title="No longer among them",
        description="What happens in Outlook to an event that no longer fits: its type or owners changed, or"
        " what is chosen here. Time that passes is no reason.",
        examples=["keep"],
        json_schema_extra=deletes(
            20,
            "microsoft",
            title="Delete events in Outlook?",
            detail="Events that no longer fit what is chosen will be deleted in the user's Outlook.",
        ),
    )


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
