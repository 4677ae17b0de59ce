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


class TaskChoices(Body):
    """What can be chosen of tasks."""

    direction: TaskDirection = Field(
        default="disabled",
        title="Direction",
        description="Whether tasks sync with Microsoft To Do, and which way they travel.",
        examples=["two_way"],
        json_schema_extra=shown(1, "sync", "radio"),
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
    existing_records: Existing = Field(
        default="all",
        title="Existing tasks",
        description="Which tasks of the CRM sync by when they were created there. What is in the mailbox"
        " already goes on syncing; a task without a time of creation counts as an existing one.",
        examples=["all"],
        json_schema_extra=shown(4, "sync", "radio", show_if={"direction": ON}),
    )
    existing_since: Since = Field(
        default=None,
        title="First day",
        description="From which day on tasks must have been created (UTC) to sync. Empty: since this sync was"
        " first switched on.",
        examples=["2026-01-01"],
        json_schema_extra=shown(
            5, "sync", "date", show_if={"direction": ON, "existing_records": ["from_date"]}
        ),
    )
    import_new: bool = Field(
        default=True,
        title="Take over new tasks",
        description="Whether a task that is added to the list in To Do is made in the CRM.",
        examples=[True],
        json_schema_extra=shown(6, "sync", "switch", show_if={"direction": HEARS}),
    )
    conflict_resolution: TaskResolution = Field(
        default="newest_wins",
        title="Who wins",
        description="Which value stays where both sides changed the same field of a task.",
        examples=["newest_wins"],
        json_schema_extra=shown(7, "conflicts", "radio", show_if={"direction": ["two_way"]}),
    )
    field_overrides: TaskOverrides = Field(
        default=TaskRules(),
        title="Except for these fields",
        description="Who wins instead where both sides changed one of these fields.",
        examples=[{"notes": "crm_wins"}],
        json_schema_extra=shown(8, "conflicts", show_if={"direction": ["two_way"]}),
    )
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
    removed_from_crm: RemovedTask = Field(
        default="keep",
        title="Removed from the CRM",
        description="What happens in To Do to a task that was deleted in the CRM.",
        examples=["keep"],
        json_schema_extra=deletes(
            10,
            "microsoft",
            title="Delete tasks in To Do?",
            detail="Tasks that are deleted in the CRM will be deleted in the user's To Do too.",
        ),
    )
    deleted_in_microsoft: DeletedTask = Field(
        default="delete",
        title="Deleted in To Do",
        description="What happens in the CRM to a task that its user deleted in To Do. Where it is many at"
        " once, somebody is asked first.",
        examples=["delete"],
        json_schema_extra=deletes(
            11,
            "crm",
            title="Delete tasks in the CRM?",
            detail="Tasks that are deleted in the user's To Do will be deleted in the CRM too.",
        ),
    )
    left_scope: LeftScopeTask = Field(
        default="keep",
        title="No longer among them",
        description="What happens in To Do to a task that no longer fits: its owners changed or it was opted"
        " out, or what is chosen here.",
        examples=["keep"],
        json_schema_extra=deletes(
            12,
            "microsoft",
            title="Delete tasks in To Do?",
            detail="Tasks that no longer fit what is chosen will be deleted in the user's To Do.",
        ),
    )


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
