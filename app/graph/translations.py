"""Which entity is reached and worded how."""

from collections.abc import Mapping
from typing import Final

from app.graph.contact_translation import Contacts
from app.graph.event_translation import Calendar
from app.graph.task_translation import Tasks
from app.graph.translation import Translation

TRANSLATIONS: Final[Mapping[str, Translation]] = {
    "contacts": Contacts(), "calendar": Calendar(), "tasks": Tasks(),
}  # fmt: skip


def translation(entity: str) -> Translation:
    """Return how the items of an entity are reached and worded."""
    return TRANSLATIONS[entity]
