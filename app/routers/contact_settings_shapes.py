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
from app.routers.settings_fields import CONTACTS
from app.routers.settings_shapes import (
    DEFAULTS_GROUPS,
    GROUPS,
    ON,
    PREVIEWED,
    READ_ONLY,
    Previewed,
    Standing,
    Whole,
    lockable,
    shown,
)
from app.routers.shapes import Body, merge_patch_of, unique


class ContactChoices(Body):
    """What can be chosen of contacts."""

    direction: Direction = CONTACTS.direction(1, "Whether contacts sync, and which way they travel.")
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
    ownership: Ownership = CONTACTS.ownership(4)
    existing_records: Existing = CONTACTS.existing_records(5)
    existing_since: Since = CONTACTS.existing_since(6)
    import_new: bool = CONTACTS.import_new(7)
    conflict_resolution: Resolution = CONTACTS.conflict_resolution(8)
    field_overrides: ContactOverrides = CONTACTS.field_overrides(9, ContactRules(), such_as="notes")
    removed_from_crm: Removed = CONTACTS.removed_from_crm(10)
    deleted_in_microsoft: Deleted = CONTACTS.deleted_in_microsoft(11)
    left_scope: LeftScope = CONTACTS.left_scope(12)


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
