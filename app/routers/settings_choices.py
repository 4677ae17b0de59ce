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


Direction = Annotated[
    Literal["disabled", "crm_to_microsoft", "microsoft_to_crm", "two_way"],
    titled(
        ("disabled", "Off", "Nothing syncs. What is there stays on both sides."),
        (
            "crm_to_microsoft",
            "CRM to Outlook",
            "The CRM's contacts are written to Outlook; edits there stay there.",
        ),
        (
            "microsoft_to_crm",
            "Outlook to CRM",
            "The folder's contacts reach the CRM; the CRM's edits stay there.",
        ),
        ("two_way", "Both ways", "Contacts and edits travel in both directions."),
    ),
]
Removed = Annotated[
    Literal["keep", "delete"],
    titled(
        ("keep", "Keep it in Outlook", "The contact stays in Outlook and is synced no more."),
        ("delete", "Delete it in Outlook", "The contact is moved to Deleted Items in Outlook."),
    ),
]
Deleted = Annotated[
    Literal["keep", "delete", "recreate"],
    titled(
        ("keep", "Keep it in the CRM", "The contact stays in the CRM and is not written to Outlook again."),
        (
            "delete",
            "Delete it in the CRM",
            "The CRM is told to delete the contact, unless another mailbox has it.",
        ),
        ("recreate", "Put it back into Outlook", "The contact is written to Outlook again."),
    ),
]
LeftScope = Annotated[
    Literal["keep", "delete"],
    titled(
        (
            "keep",
            "Keep it in Outlook",
            "The contact rests: it stays on both sides, and edits travel no more.",
        ),
        (
            "delete",
            "Delete it in Outlook",
            "The contact is moved to Deleted Items in Outlook, unless its user edited it meanwhile.",
        ),
    ),
]
Ownership = Annotated[
    Literal["primary_only", "all_assigned"],
    titled(
        ("primary_only", "Their own", "Contacts of which the user is the primary owner."),
        ("all_assigned", "All assigned", "Also contacts to which they have full or view-only access."),
    ),
]
Existing = Annotated[
    Literal["all", "only_new", "from_date"],
    titled(
        ("all", "All", "Contacts sync whenever they were created."),
        ("only_new", "Only new ones", "Contacts that were created since this sync was first switched on."),
        ("from_date", "From a day on", "Contacts that were created on that day or later."),
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
