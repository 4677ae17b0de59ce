"""The choices that settings offer, each option as a screen shows it to a person."""

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema

from app.routers.shapes import LINE, matching, titled, unique

DAY: Final = r"^\d{4}-\d\d-\d\d$"


def a_day(text: str) -> str:
    """Refuse what looks like a day and is none."""
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValueError("This must be a day as in 2026-03-02.") from None
    return text


def _direction(place: str) -> WithJsonSchema:
    return titled(
        ("disabled", "Off", "Nothing syncs. What is there stays on both sides."),
        (
            "crm_to_microsoft",
            f"CRM to {place}",
            f"What the CRM has is written to {place}; edits made there stay there.",
        ),
        (
            "microsoft_to_crm",
            f"{place} to CRM",
            f"What is in {place} reaches the CRM; the CRM's edits stay there.",
        ),
        ("two_way", "Both ways", "What is new and what was edited travels in both directions."),
    )


def _removed(place: str, *, deleted: str) -> WithJsonSchema:
    return titled(
        ("keep", f"Keep it in {place}", f"It stays in {place} and is synced no more."),
        ("delete", f"Delete it in {place}", f"It is {deleted}."),
    )


def _deleted(place: str) -> WithJsonSchema:
    return titled(
        ("keep", "Keep it in the CRM", f"It stays in the CRM and is not written to {place} again."),
        (
            "delete",
            "Delete it in the CRM",
            "The CRM is told to delete it, unless another mailbox has it.",
        ),
        ("recreate", f"Put it back into {place}", f"It is written to {place} again."),
    )


def _left_scope(place: str, *, deleted: str) -> WithJsonSchema:
    return titled(
        (
            "keep",
            f"Keep it in {place}",
            "It rests: it stays on both sides, and edits travel no more.",
        ),
        ("delete", f"Delete it in {place}", f"It is {deleted}, unless its user edited it meanwhile."),
    )


OUTLOOK: Final = "Outlook"
TO_DO: Final = "To Do"
TO_THE_BIN: Final = "moved to Deleted Items in Outlook"
FOR_GOOD: Final = "deleted in To Do, which has no bin"
DirectionName = Literal["disabled", "crm_to_microsoft", "microsoft_to_crm", "two_way"]
KeepOrDelete = Literal["keep", "delete"]
DeletedName = Literal["keep", "delete", "recreate"]
Direction = Annotated[DirectionName, _direction(OUTLOOK)]
TaskDirection = Annotated[DirectionName, _direction(TO_DO)]
Removed = Annotated[KeepOrDelete, _removed(OUTLOOK, deleted=TO_THE_BIN)]
RemovedTask = Annotated[KeepOrDelete, _removed(TO_DO, deleted=FOR_GOOD)]
Deleted = Annotated[DeletedName, _deleted(OUTLOOK)]
DeletedTask = Annotated[DeletedName, _deleted(TO_DO)]
LeftScope = Annotated[KeepOrDelete, _left_scope(OUTLOOK, deleted=TO_THE_BIN)]
LeftScopeTask = Annotated[KeepOrDelete, _left_scope(TO_DO, deleted=FOR_GOOD)]
Ownership = Annotated[
    Literal["primary_only", "all_assigned"],
    titled(
        ("primary_only", "Their own", "Only what the user is the primary owner of."),
        ("all_assigned", "All assigned", "Also what they have full or view-only access to."),
    ),
]
Existing = Annotated[
    Literal["all", "only_new", "from_date"],
    titled(
        ("all", "All", "They sync whenever they were created."),
        ("only_new", "Only new ones", "What was created since this sync was first switched on."),
        ("from_date", "From a day on", "What was created on that day or later."),
    ),
]
Words = Annotated[
    list[
        Annotated[str, Field(min_length=1, max_length=128), *matching(LINE, "This must be a line of text.")]
    ],
    Field(max_length=200, json_schema_extra={"uniqueItems": True}),
    AfterValidator(unique),
]
Since = Annotated[
    Annotated[str, StringConstraints(pattern=DAY), AfterValidator(a_day)] | None,
    WithJsonSchema({"type": ["string", "null"], "format": "date", "pattern": DAY}),
]
FolderName = Annotated[
    str, Field(max_length=200), *matching(rf"^$|{LINE}", "This must be a line of text, or empty.")
]

Which = Annotated[
    Literal["default", "named"],
    titled(
        ("default", "Their main calendar", "Everything in the calendar that Outlook opens first."),
        ("named", "One of its own", "A calendar of the name below; it is made if it is missing."),
    ),
]
PrivateEvents = Annotated[
    Literal["as_private", "busy_only", "skip"],
    titled(
        ("as_private", "Sync them as private", "They travel whole, marked as private on both sides."),
        (
            "busy_only",
            "Show only that time is taken",
            "Their times travel, and nothing of what they are about.",
        ),
        ("skip", "Leave them out", "They stay where they are."),
    ),
]
Invitations = Annotated[
    Literal["never", "when_asked", "always"],
    titled(
        (
            "never",
            "Never",
            "Nobody is ever mailed: attendees stay in the CRM, and meetings with guests as they are.",
        ),
        ("when_asked", "Where the CRM asks for it", "Guests are invited to events that the CRM marks so."),
        ("always", "Always", "Guests are invited to every future event, and told of its changes."),
    ),
]
Include = Annotated[
    Literal["opted_in", "all"],
    titled(
        ("opted_in", "Those opted in", "Tasks that the CRM marks for To Do, one by one."),
        ("all", "All", "Every task that the user is assigned to."),
    ),
]
CompletedTasks = Annotated[
    Literal["keep", "delete"],
    titled(
        ("keep", "Keep them", "They stay in the list."),
        ("delete", "Remove them", "They are deleted in To Do, which has no bin, once they are completed."),
    ),
]
Completed = Annotated[
    Literal["keep", "delete"],
    titled(
        ("keep", "Keep them", "They stay in the calendar."),
        ("delete", "Remove them", "They are moved to Deleted Items in Outlook once they are completed."),
    ),
]
