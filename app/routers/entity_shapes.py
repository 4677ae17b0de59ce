"""The settings of each entity, and bodies that are about one of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import Field

from app.routers import calendar_settings_shapes as calendar
from app.routers import contact_settings_shapes as contacts
from app.routers import task_settings_shapes as tasks
from app.routers.bodies import one_of
from app.routers.shapes import Answer, Body

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SettingsShapes:
    """What the settings of one entity look like: shown, patched with and without a preview, put whole."""

    shown: type[Body]
    patch: type[Body]
    choice: type[Body]
    whole: type[Body]


SHAPES: Final[Mapping[str, SettingsShapes]] = {
    "contacts": SettingsShapes(
        contacts.ContactsSettings, contacts.ContactsSettingsPatch, contacts.ContactsSettingsChoice,
        contacts.ContactsSettingsPut,
    ),
    "calendar": SettingsShapes(
        calendar.CalendarSettings, calendar.CalendarSettingsPatch, calendar.CalendarSettingsChoice,
        calendar.CalendarSettingsPut,
    ),
    "tasks": SettingsShapes(
        tasks.TasksSettings, tasks.TasksSettingsPatch, tasks.TasksSettingsChoice, tasks.TasksSettingsPut
    ),
}  # fmt: skip
AnySettings = contacts.ContactsSettings | calendar.CalendarSettings | tasks.TasksSettings


class SettingsList(Answer):
    """The settings of each entity that can be configured."""

    data: list[AnySettings] = Field(title="Settings", description="One entry for each entity.")


def any_of(part: str, *, required: bool = True) -> Json:
    """Return what OpenAPI is to say of a body that is about one of the entities."""
    return one_of(*(getattr(shapes, part) for shapes in SHAPES.values()), required=required)
