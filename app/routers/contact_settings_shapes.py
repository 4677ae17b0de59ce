"""The settings of contacts: what can be chosen, how a screen shows it, and what an answer holds.

The schema of ``ContactsSettings`` is what front ends render, so it stands on its own and says of each field
where it goes, when it shows and what it puts at risk (``x-…``).
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field

from app.routers.override_shapes import ContactOverrides, ContactRules, Resolution
from app.routers.settings_choices import (
    Deleted,
    Direction,
    Existing,
    FolderName,
    LeftScope,
    Ownership,
    Removed,
    Since,
    Words,
)
from app.routers.settings_shapes import (
    DEFAULTS_GROUPS,
    GROUPS,
    HEARS,
    ON,
    PREVIEWED,
    READ_ONLY,
    Previewed,
    Standing,
    Whole,
    deletes,
    lockable,
    shown,
)
from app.routers.shapes import Body, merge_patch_of, unique


class ContactChoices(Body):
    """What can be chosen of contacts."""

    direction: Direction = Field(
        default="disabled",
        title="Direction",
        description="Whether contacts sync, and which way they travel.",
        examples=["two_way"],
        json_schema_extra=shown(1, "sync", "radio"),
    )
    folder_name: FolderName = Field(
        default="",
        title="Folder in Outlook",
        description="The only Outlook folder that is read and written; made if it is missing. Empty: the"
        " organisation's name.",
        examples=["Acme Realty"],
        json_schema_extra=shown(2, "sync", "text", show_if={"direction": ON}),
    )
    classes: Words = Field(
        default=[],
        title="Classes",
        description="Only contacts of these classes sync; with none chosen, all do. A contact that is new in"
        " Outlook has no class and syncs until the CRM gives it some.",
        examples=[["buyer"]],
        json_schema_extra=shown(
            3, "sync", "checkboxes", show_if={"direction": ON},
            options={
                "operation": "workspace.get",
                "pointer": "/vocabulary/classes",
                "value": "id",
                "title": "title",
            },
        ),
    )  # fmt: skip
    ownership: Ownership = Field(
        default="all_assigned",
        title="Whose contacts",
        description="Which of the contacts that the user is assigned to sync with this mailbox.",
        examples=["all_assigned"],
        json_schema_extra=shown(4, "sync", "radio", show_if={"direction": ON}),
    )
    existing_records: Existing = Field(
        default="all",
        title="Existing contacts",
        description="Which contacts of the CRM sync by when they were created there. What is in the mailbox"
        " already goes on syncing; a contact without a time of creation counts as an existing one.",
        examples=["all"],
        json_schema_extra=shown(5, "sync", "radio", show_if={"direction": ON}),
    )
    existing_since: Since = Field(
        default=None,
        title="First day",
        description="From which day on contacts must have been created (UTC) to sync. Empty: since this sync"
        " was first switched on.",
        examples=["2026-01-01"],
        json_schema_extra=shown(
            6, "sync", "date", show_if={"direction": ON, "existing_records": ["from_date"]}
        ),
    )
    import_new: bool = Field(
        default=True,
        title="Take over new contacts",
        description="Whether a contact that is added to the folder in Outlook is made in the CRM.",
        examples=[True],
        json_schema_extra=shown(7, "sync", "switch", show_if={"direction": HEARS}),
    )
    conflict_resolution: Resolution = Field(
        default="newest_wins",
        title="Who wins",
        description="Which value stays where both sides changed the same field of a contact.",
        examples=["newest_wins"],
        json_schema_extra=shown(8, "conflicts", "radio", show_if={"direction": ["two_way"]}),
    )
    field_overrides: ContactOverrides = Field(
        default=ContactRules(),
        title="Except for these fields",
        description="Who wins instead where both sides changed one of these fields.",
        examples=[{"notes": "crm_wins"}],
        json_schema_extra=shown(9, "conflicts", show_if={"direction": ["two_way"]}),
    )
    removed_from_crm: Removed = Field(
        default="keep",
        title="Removed from the CRM",
        description="What happens in Outlook to a contact that was deleted in the CRM.",
        examples=["keep"],
        json_schema_extra=deletes(
            10,
            "microsoft",
            title="Delete contacts in Outlook?",
            detail="Contacts that are deleted in the CRM will be deleted in the user's Outlook too.",
        ),
    )
    deleted_in_microsoft: Deleted = Field(
        default="delete",
        title="Deleted in Outlook",
        description=(
            "What happens in the CRM to a contact that its user deleted in Outlook. Where it is many at once,"
            " somebody is asked first."
        ),
        examples=["delete"],
        json_schema_extra=deletes(
            11,
            "crm",
            title="Delete contacts in the CRM?",
            detail="Contacts that are deleted in the user's Outlook will be deleted in the CRM too.",
        ),
    )
    left_scope: LeftScope = Field(
        default="keep",
        title="No longer among them",
        description="What happens in Outlook to a contact that no longer fits: its classes or owners changed,"
        " or what is chosen here.",
        examples=["keep"],
        json_schema_extra=deletes(
            12,
            "microsoft",
            title="Delete contacts in Outlook?",
            detail="Contacts that no longer fit what is chosen will be deleted in the user's Outlook.",
        ),
    )


ContactField = Literal[
    "direction",
    "folder_name",
    "classes",
    "ownership",
    "existing_records",
    "existing_since",
    "import_new",
    "conflict_resolution",
    "field_overrides",
    "removed_from_crm",
    "deleted_in_microsoft",
    "left_scope",
]
Fields = Annotated[list[ContactField], AfterValidator(unique), lockable(ContactChoices)]


class ContactDefaults(ContactChoices):
    """The workspace's defaults of contact settings, and which of them connections can't override."""

    model_config = ConfigDict(json_schema_extra={"x-groups": DEFAULTS_GROUPS})

    locked: Fields = Field(
        default=[],
        title="Locked",
        description="Fields that connections can't override.",
        examples=[["direction"]],
        json_schema_extra=shown(100, "locks", "checkboxes"),
    )


@merge_patch_of(ContactChoices)
class ContactsSettingsPatch(Body):
    """A merge patch of contact settings: what it leaves out stays, null returns to the default."""

    read_only = READ_ONLY


class ContactsSettingsChoice(ContactsSettingsPatch):
    """A merge patch of contact settings, and the preview that showed what it will do."""

    previewed: Previewed = PREVIEWED


class ContactsSettingsPut(Whole, ContactChoices):
    """All contact settings at once: what is left out or named in ``inherited`` is the workspace's default."""

    read_only = READ_ONLY - {"inherited"}

    inherited: Fields = Field(
        default=[],
        title="Inherited",
        description="Fields that follow the workspace, whatever value stands here.",
        examples=[["folder_name"]],
    )


class ContactsSettings(ContactChoices, Standing):
    """How the contacts of one connection sync."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={"x-groups": GROUPS})
    read_only = frozenset()
