"""The settings screens, so that a front end shows a new entity or switch without any code of its own.

Those of users are the settings of one connection, those of administrators the organisation and its defaults.
"""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from app.routers.settings_shapes import shown
from app.routers.workspace_shapes import WorkspaceDocument

Json = dict[str, Any]
NAMES: Final = {
    "contacts": "Contacts", "calendar": "Calendar", "tasks": "Tasks", "mail": "E-mail", "files": "Files",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """One screen: the schema it draws, what it reads and writes by, and where in both its values are."""

    id: str
    title: str
    order: int
    schema: str
    audience: Literal["user", "administrator"]
    read: str
    write: str
    preview: str | None = None
    parameters: Json = field(default_factory=dict)
    pointer: str | None = None

    def document(self) -> Json:
        """Return the entry of ``x-screens``."""
        told: Json = {
            "id": self.id,
            "title": self.title,
            "order": self.order,
            "schema": f"#/components/schemas/{self.schema}",
            "audience": self.audience,
            "read": self.read,
            "write": self.write,
            "parameters": self.parameters,
        }
        more = {"preview": self.preview, "pointer": self.pointer}
        return told | {name: value for name, value in more.items() if value is not None}


def _of_entity(entity: str, *, order: int, schema: str) -> Screen:
    return Screen(
        id=entity, title=NAMES[entity], order=order, schema=schema, audience="user", read="settings.get",
        write="settings.patch", preview="settings.preview", parameters={"entity": entity},
    )  # fmt: skip


def _of_workspace(id_: str, title: str, *, order: int, schema: str, pointer: str | None = None) -> Screen:
    return Screen(
        id=id_, title=title, order=order, schema=schema, audience="administrator", read="workspace.get",
        write="workspace.patch", pointer=pointer,
    )  # fmt: skip


SCREENS: Final = (
    _of_entity("contacts", order=1, schema="ContactsSettings"),
    _of_entity("calendar", order=2, schema="CalendarSettings"),
    _of_entity("tasks", order=3, schema="TasksSettings"),
    _of_workspace("organisation", "Organisation", order=1, schema="OrganisationSettings"),
    _of_workspace(
        "contacts_defaults", "Contacts: defaults", order=2, schema="ContactDefaults",
        pointer="/defaults/contacts",
    ),
    _of_workspace(
        "calendar_defaults", "Calendar: defaults", order=3, schema="CalendarDefaults",
        pointer="/defaults/calendar",
    ),
    _of_workspace(
        "tasks_defaults", "Tasks: defaults", order=4, schema="TaskDefaults", pointer="/defaults/tasks"
    ),
)  # fmt: skip

ON_SCREEN: Final[dict[str, Json]] = {
    "enabled": shown(1, "switches", "switch"),
    "paused": shown(2, "switches", "switch"),
    "entities": shown(3, "switches", "checkboxes"),
    "self_management": shown(4, "people", "switch"),
    "sync_interval_minutes": shown(5, "sync", "number", unit="minutes"),
    "phone_region": shown(6, "sync", "text"),
    "record_url_template": shown(7, "sync", "text"),
}


def organisation() -> Json:
    """Return the schema of what an administrator decides for the whole organisation."""
    known = WorkspaceDocument.model_json_schema()["properties"]
    properties: Json = {name: known[name] | hints for name, hints in ON_SCREEN.items()}
    properties["entities"]["items"] = {
        "type": "string",
        "oneOf": [{"const": name, "title": title} for name, title in NAMES.items()],
    }
    del properties["phone_region"]["enum"]
    properties["phone_region"]["pattern"] = "^([A-Z]{2})?$"
    return {
        "type": "object",
        "title": "OrganisationSettings",
        "description": "What an administrator decides for the whole organisation.",
        "x-groups": [
            {"id": "switches", "title": "What is on", "order": 1},
            {"id": "people", "title": "Who decides", "order": 2},
            {"id": "sync", "title": "How it syncs", "order": 3},
        ],
        "properties": properties,
    }
