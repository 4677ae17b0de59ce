"""The settings of tasks: what can be chosen, how a screen shows it, and what an answer holds."""

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field

from app.routers.override_shapes import TaskOverrides, TaskResolution, TaskRules
from app.routers.settings_choices import (
    CompletedTasks,
    DeletedTask,
    Existing,
    FolderName,
    Include,
    LeftScopeTask,
    RemovedTask,
    Since,
    TaskDirection,
)
from app.routers.settings_fields import TASKS
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


class TaskChoices(Body):
    """What can be chosen of tasks."""

    direction: TaskDirection = TASKS.direction(
        1, "Whether tasks sync with Microsoft To Do, and which way they travel."
    )
    list_name: FolderName = Field(
        default="",
        title="List in To Do",
        description="The only list that is read and written; made if it is missing. Nothing is taken over"
        " from a list that To Do itself made. Empty: the organisation's name.",
        examples=["Acme Realty"],
        json_schema_extra=shown(2, "sync", "text", show_if={"direction": ON}),
    )
    include: Include = Field(
        default="opted_in",
        title="Which tasks",
        description="Which tasks of the CRM are written to To Do.",
        examples=["opted_in"],
        json_schema_extra=shown(3, "sync", "radio", show_if={"direction": SENDS}),
    )
    existing_records: Existing = TASKS.existing_records(4)
    existing_since: Since = TASKS.existing_since(5)
    import_new: bool = TASKS.import_new(6)
    conflict_resolution: TaskResolution = TASKS.conflict_resolution(7)
    field_overrides: TaskOverrides = TASKS.field_overrides(8, TaskRules(), such_as="notes")
    completed: CompletedTasks = Field(
        default="keep",
        title="Completed",
        description="What happens in To Do to tasks that are completed.",
        examples=["keep"],
        json_schema_extra=deletes(
            9,
            "microsoft",
            title="Delete completed tasks in To Do?",
            detail="Tasks that are completed will be deleted in the user's To Do.",
        ),
    )
    removed_from_crm: RemovedTask = TASKS.removed_from_crm(10)
    deleted_in_microsoft: DeletedTask = TASKS.deleted_in_microsoft(11)
    left_scope: LeftScopeTask = TASKS.left_scope(12)


TaskField = Literal[
    "direction", "list_name", "include", "existing_records", "existing_since", "import_new",
    "conflict_resolution", "field_overrides", "completed", "removed_from_crm", "deleted_in_microsoft",
    "left_scope",
]  # fmt: skip
Fields = Annotated[list[TaskField], AfterValidator(unique), lockable(TaskChoices)]


class TaskDefaults(TaskChoices):
    """The workspace's defaults of task settings, and which of them connections can't override."""

    model_config = ConfigDict(json_schema_extra={"x-groups": DEFAULTS_GROUPS})

    locked: Fields = Field(
        default=[],
        title="Locked",
        description="Fields that connections can't override.",
        examples=[["direction"]],
        json_schema_extra=shown(100, "locks", "checkboxes"),
    )


@merge_patch_of(TaskChoices)
class TasksSettingsPatch(Body):
    """A merge patch of task settings: what it leaves out stays, null returns to the default."""

    read_only = READ_ONLY


class TasksSettingsChoice(TasksSettingsPatch):
    """A merge patch of task settings, and the preview that showed what it will do."""

    previewed: Previewed = PREVIEWED


class TasksSettingsPut(Whole, TaskChoices):
    """All task settings at once: what is left out or named in ``inherited`` is the workspace's default."""

    read_only = READ_ONLY - {"inherited"}

    inherited: Fields = Field(
        default=[],
        title="Inherited",
        description="Fields that follow the workspace, whatever value stands here.",
        examples=[["list_name"]],
    )


class TasksSettings(TaskChoices, Standing):
    """How the tasks of one connection sync."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={"x-groups": GROUPS})
    read_only = frozenset()
