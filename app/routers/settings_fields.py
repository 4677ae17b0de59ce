"""The settings that every entity has, in the words of each: what they are, and how a screen shows them."""

from dataclasses import dataclass
from typing import Any, Final

from pydantic import Field

from app.routers.settings_shapes import HEARS, ON, deletes, shown


@dataclass(frozen=True, slots=True)
class SettingsFields:
    """Fields of settings about things called so: ``one`` with its article, and ``many`` of them.

    ``place`` is where they are, ``added`` how that is said of one that is put there, ``unfit`` why
    one no longer belongs. Each method takes the field's place on its screen.
    """

    one: str
    many: str
    added: str
    unfit: str
    place: str = "Outlook"

    @property
    def _all(self) -> str:
        return self.many.capitalize()

    def direction(self, order: int, description: str) -> Any:
        return Field(
            default="disabled",
            title="Direction",
            description=description,
            examples=["two_way"],
            json_schema_extra=shown(order, "sync", "radio"),
        )

    def ownership(self, order: int) -> Any:
        return Field(
            default="all_assigned",
            title=f"Whose {self.many}",
            description=f"Which of the {self.many} that the user is assigned to sync with this mailbox.",
            examples=["all_assigned"],
            json_schema_extra=shown(order, "sync", "radio", show_if={"direction": ON}),
        )

    def existing_records(self, order: int) -> Any:
        return Field(
            default="all",
            title=f"Existing {self.many}",
            description=f"Which {self.many} of the CRM sync by when they were created there. What is in the"
            f" mailbox already goes on syncing; {self.one} without a time of creation counts as an"
            " existing one.",
            examples=["all"],
            json_schema_extra=shown(order, "sync", "radio", show_if={"direction": ON}),
        )

    def existing_since(self, order: int) -> Any:
        return Field(
            default=None,
            title="First day",
            description=f"From which day on {self.many} must have been created (UTC) to sync. Empty: since"
            " this sync was first switched on.",
            examples=["2026-01-01"],
            json_schema_extra=shown(
                order, "sync", "date", show_if={"direction": ON, "existing_records": ["from_date"]}
            ),
        )

    def import_new(self, order: int) -> Any:
        return Field(
            default=True,
            title=f"Take over new {self.many}",
            description=f"Whether {self.one} that is added {self.added} is made in the CRM.",
            examples=[True],
            json_schema_extra=shown(order, "sync", "switch", show_if={"direction": HEARS}),
        )

    def conflict_resolution(self, order: int) -> Any:
        return Field(
            default="newest_wins",
            title="Who wins",
            description=f"Which value stays where both sides changed the same field of {self.one}.",
            examples=["newest_wins"],
            json_schema_extra=shown(order, "conflicts", "radio", show_if={"direction": ["two_way"]}),
        )

    def field_overrides(self, order: int, default: Any, *, such_as: str) -> Any:
        return Field(
            default=default,
            title="Except for these fields",
            description="Who wins instead where both sides changed one of these fields.",
            examples=[{such_as: "crm_wins"}],
            json_schema_extra=shown(order, "conflicts", show_if={"direction": ["two_way"]}),
        )

    def removed_from_crm(self, order: int) -> Any:
        return Field(
            default="keep",
            title="Removed from the CRM",
            description=f"What happens in {self.place} to {self.one} that was deleted in the CRM.",
            examples=["keep"],
            json_schema_extra=deletes(
                order,
                "microsoft",
                title=f"Delete {self.many} in {self.place}?",
                detail=f"{self._all} that are deleted in the CRM will be deleted in the user's {self.place}"
                " too.",
            ),
        )

    def deleted_in_microsoft(self, order: int) -> Any:
        return Field(
            default="delete",
            title=f"Deleted in {self.place}",
            description=f"What happens in the CRM to {self.one} that its user deleted in {self.place}. Where"
            " it is many at once, somebody is asked first.",
            examples=["delete"],
            json_schema_extra=deletes(
                order,
                "crm",
                title=f"Delete {self.many} in the CRM?",
                detail=f"{self._all} that are deleted in the user's {self.place} will be deleted in the CRM"
                " too.",
            ),
        )

    def left_scope(self, order: int) -> Any:
        return Field(
            default="keep",
            title="No longer among them",
            description=f"What happens in {self.place} to {self.one} that no longer fits: {self.unfit}",
            examples=["keep"],
            json_schema_extra=deletes(
                order,
                "microsoft",
                title=f"Delete {self.many} in {self.place}?",
                detail=f"{self._all} that no longer fit what is chosen will be deleted in the user's"
                f" {self.place}.",
            ),
        )


CONTACTS: Final = SettingsFields(
    "a contact", "contacts", "to the folder in Outlook",
    "its classes or owners changed, or what is chosen here.",
)  # fmt: skip
EVENTS: Final = SettingsFields(
    "an event", "events", "in Outlook",
    "its type or owners changed, or what is chosen here. Time that passes is no reason.",
)  # fmt: skip
TASKS: Final = SettingsFields(
    "a task", "tasks", "to the list in To Do",
    "its owners changed or it was opted out, or what is chosen here.", "To Do",
)  # fmt: skip
