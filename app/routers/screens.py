"""The screens of the settings, so that a front end shows a new entity without any code of its own."""

from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Screen:
    """One settings screen: which schema it renders, and which operations it reads and writes by."""

    id: str
    title: str
    order: int
    schema: str

    def document(self) -> dict[str, Any]:
        """Return the entry of ``x-screens``."""
        return {
            "id": self.id,
            "title": self.title,
            "order": self.order,
            "schema": f"#/components/schemas/{self.schema}",
            "audience": "user",
            "read": "settings.get",
            "write": "settings.patch",
            "preview": "settings.preview",
            "parameters": {"entity": self.id},
        }


SCREENS: Final = (Screen("contacts", "Contacts", 1, "ContactsSettings"),)
