"""Rules for single fields: who wins a conflict over each, one optional choice per field of the entity."""

from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, WithJsonSchema, with_config
from typing_extensions import TypedDict

from app.records.contact import FIELDS
from app.records.event import MERGED
from app.records.task import FIELDS as TASK_FIELDS
from app.routers.settings_choices import OUTLOOK, TO_DO
from app.routers.shapes import Json, titled

ResolutionName = Literal["crm_wins", "microsoft_wins", "newest_wins", "ask"]


def _resolution(place: str) -> WithJsonSchema:
    return titled(
        ("crm_wins", "The CRM wins", "The CRM's value stays."),
        ("microsoft_wins", f"{place} wins", f"{place}'s value stays."),
        ("newest_wins", "The newest wins", "The later edit stays; where that can't be told, the CRM's."),
        ("ask", "Ask", "Both keep their value, and the conflict waits until somebody decides."),
    )


Resolution = Annotated[ResolutionName, _resolution(OUTLOOK)]
TaskResolution = Annotated[ResolutionName, _resolution(TO_DO)]
Choice = Resolution | None
THE_RULE: Final = {"type": "null", "title": "As for the others"}


@with_config(ConfigDict(extra="forbid", strict=True))
class ContactRules(TypedDict, total=False):
    """Who wins a conflict over each field of a contact; a field left out follows the rule for all."""

    display_name: Choice
    title: Choice
    given_name: Choice
    middle_name: Choice
    family_name: Choice
    suffix: Choice
    nickname: Choice
    company: Choice
    department: Choice
    job_title: Choice
    profession: Choice
    office: Choice
    manager: Choice
    assistant: Choice
    emails: Choice
    phones: Choice
    addresses: Choice
    im_addresses: Choice
    website: Choice
    birthday: Choice
    spouse: Choice
    children: Choice
    notes: Choice
    categories: Choice


@with_config(ConfigDict(extra="forbid", strict=True))
class EventRules(TypedDict, total=False):
    """Who wins a conflict over each field of an event; a field left out follows the rule for all."""

    title: Choice
    description: Choice
    location: Choice
    when: Choice
    exceptions: Choice
    attendees: Choice
    reminder: Choice
    show_as: Choice
    sensitivity: Choice
    categories: Choice


@with_config(ConfigDict(extra="forbid", strict=True))
class TaskRules(TypedDict, total=False):
    """Who wins a conflict over each field of a task; a field left out follows the rule for all."""

    title: Choice
    notes: Choice
    due: Choice
    start_date: Choice
    reminder: Choice
    status: Choice
    completed_date: Choice
    importance: Choice
    checklist: Choice
    categories: Choice


def _choice(name: str, *, order: int, options: list[Json]) -> Json:
    """Describe the choice of one field as ``api.md`` §4.1 wants it: nothing in it refers elsewhere."""
    title = name.replace("_", " ").capitalize()
    return {
        "type": ["string", "null"],
        "oneOf": [*options, THE_RULE],
        "title": title,
        "description": f"Which value of {title.lower()} stays where both sides changed it.",
        "default": None,
        "examples": ["crm_wins"],
        "x-order": order,
        "x-widget": "select",
    }


def rules_of(names: Any, place: str = OUTLOOK) -> WithJsonSchema:
    """Describe an object that has one optional choice for each of these fields, and no other key."""
    options = (_resolution(place).json_schema or {})["oneOf"]
    choices = {name: _choice(name, order=order, options=options) for order, name in enumerate(names, start=1)}
    return WithJsonSchema({"type": "object", "additionalProperties": False, "properties": choices})


ContactOverrides = Annotated[ContactRules, rules_of(FIELDS)]
EventOverrides = Annotated[EventRules, rules_of(MERGED)]
TaskOverrides = Annotated[TaskRules, rules_of(TASK_FIELDS, TO_DO)]
