"""What a contact looks like in requests and answers (``api.md`` §5)."""

from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from app.routers.shapes import Answer, Body, Moment
from app.sync.saying import CRM_ID, RESERVED


def _not_reserved(crm_id: str) -> str:
    if crm_id in RESERVED:
        raise ValueError("This word can't be an id.")
    return crm_id


def _a_date(text: str) -> str:
    date.fromisoformat(text)
    return text


def _each_user_once(owners: list[Any] | None) -> list[Any] | None:
    if owners and len({owner.user for owner in owners}) < len(owners):
        raise ValueError("A user can be named once.")
    return owners


CrmId = Annotated[
    str,
    StringConstraints(pattern=CRM_ID),
    AfterValidator(_not_reserved),
    Field(json_schema_extra={"not": {"enum": sorted(RESERVED)}}),
]
"""An id of the CRM's own."""

# What Outlook can't hold is stored all the same and parked there: the hub has no limits of a mailbox's.
Line = Annotated[str, StringConstraints(max_length=100_000)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Key = Annotated[str, StringConstraints(max_length=64)]
Value = Annotated[str, StringConstraints(max_length=1000)]
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\d$"), AfterValidator(_a_date)]


class Owner(Body):
    """A user in whose mailboxes a record belongs."""

    user: Word = Field(title="User", description="The user's id in the CRM.", examples=["agent-7"])
    access: Literal["primary", "full", "view_only"] = Field(
        title="Access",
        description="`view_only`: the record is written there, but an edit made there is put back.",
        examples=["primary"],
    )


class Email(Body):
    """An e-mail address."""

    address: str = Field(
        max_length=320, title="Address", description="The address.", examples=["ada@example.org"]
    )
    name: Line | None = Field(
        default=None, title="Name", description="The name shown with it.", examples=["Ada"]
    )


class Phone(Body):
    """A telephone number."""

    number: str = Field(
        max_length=100,
        title="Number",
        description="The number as it is written.",
        examples=["+44 20 7946 0000"],
    )
    label: Literal["business", "home", "mobile", "other", "fax"] = Field(
        default="business",
        title="Label",
        description="Which number it is. `other` and `fax` are kept here and not written to Outlook.",
        examples=["business"],
    )


class Address(Body):
    """A postal address."""

    label: Literal["business", "home", "other"] = Field(
        default="business", title="Label", description="Which address it is.", examples=["business"]
    )
    street: str | None = Field(
        default=None,
        max_length=1000,
        title="Street",
        description="Street and number.",
        examples=["12 High St"],
    )
    city: Line | None = Field(default=None, title="City", description="The town.", examples=["London"])
    region: Line | None = Field(
        default=None, title="Region", description="State, county or province.", examples=["Greater London"]
    )
    postal_code: Line | None = Field(
        default=None, title="Postal code", description="The postal code.", examples=["SW1A 1AA"]
    )
    country: Line | None = Field(
        default=None, title="Country", description="The country's name.", examples=["United Kingdom"]
    )


class ContactFields(BaseModel):
    """A contact. In a PUT or PATCH a field left out says nothing; null or an empty list clears it."""

    owners: Annotated[list[Owner] | None, AfterValidator(_each_user_once)] = Field(
        default=None,
        max_length=50,
        title="Owners",
        description="In whose mailboxes the contact belongs, and with which access.",
        examples=[[{"user": "agent-7", "access": "primary"}]],
    )
    classes: list[Word] | None = Field(
        default=None,
        max_length=100,
        title="Classes",
        description="The CRM's own words for what kind of contact this is; settings choose by them.",
        examples=[["buyer"]],
    )
    display_name: Line | None = Field(
        default=None,
        title="Display name",
        description="The whole name as it is shown.",
        examples=["Ada Lovelace"],
    )
    title: Line | None = Field(default=None, title="Title", description="A form of address.", examples=["Ms"])
    given_name: Line | None = Field(
        default=None, title="Given name", description="First name.", examples=["Ada"]
    )
    middle_name: Line | None = Field(
        default=None, title="Middle name", description="Middle names.", examples=["King"]
    )
    family_name: Line | None = Field(
        default=None, title="Family name", description="Last name.", examples=["Lovelace"]
    )
    suffix: Line | None = Field(
        default=None, title="Suffix", description="What follows the name.", examples=["Jr."]
    )
    nickname: Line | None = Field(
        default=None, title="Nickname", description="What friends say.", examples=["Countess"]
    )
    company: Line | None = Field(
        default=None, title="Company", description="Where the person works.", examples=["Analytical Engines"]
    )
    department: Line | None = Field(
        default=None, title="Department", description="The department there.", examples=["Research"]
    )
    job_title: Line | None = Field(
        default=None, title="Job title", description="The position there.", examples=["Programmer"]
    )
    profession: Line | None = Field(
        default=None, title="Profession", description="The person's profession.", examples=["Mathematician"]
    )
    office: Line | None = Field(
        default=None, title="Office", description="Where in the building.", examples=["2nd floor"]
    )
    manager: Line | None = Field(
        default=None, title="Manager", description="The manager's name.", examples=["Charles Babbage"]
    )
    assistant: Line | None = Field(
        default=None, title="Assistant", description="The assistant's name.", examples=["Mary Somerville"]
    )
    emails: list[Email] | None = Field(
        default=None,
        max_length=50,
        title="E-mail addresses",
        description="In order of importance; Outlook shows three.",
        examples=[[{"address": "ada@example.org", "name": "Ada"}]],
    )
    phones: list[Phone] | None = Field(
        default=None,
        max_length=50,
        title="Telephone numbers",
        description="Outlook shows two business, two home and one mobile number.",
        examples=[[{"number": "+44 20 7946 0000", "label": "business"}]],
    )
    addresses: list[Address] | None = Field(
        default=None,
        max_length=20,
        title="Postal addresses",
        description="Outlook shows one of each label.",
        examples=[[{"label": "business", "street": "12 High St", "city": "London"}]],
    )
    im_addresses: list[Line] | None = Field(
        default=None,
        max_length=50,
        title="Chat addresses",
        description="Instant messaging addresses.",
        examples=[["ada@chat.example"]],
    )
    website: str | None = Field(
        default=None,
        max_length=2048,
        title="Website",
        description="The person's or company's web page.",
        examples=["https://engines.example"],
    )
    birthday: Day | None = Field(
        default=None,
        title="Birthday",
        description="The date of birth.",
        examples=["1815-12-10"],
        json_schema_extra={"format": "date"},
    )
    spouse: Line | None = Field(
        default=None, title="Spouse", description="The spouse's name.", examples=["William King"]
    )
    children: list[Line] | None = Field(
        default=None,
        max_length=50,
        title="Children",
        description="Their names.",
        examples=[["Byron", "Anne"]],
    )
    notes: str | None = Field(
        default=None,
        max_length=1_000_000,
        title="Notes",
        description="Plain text.",
        examples=["Met in Turin."],
    )
    categories: list[Line] | None = Field(
        default=None,
        max_length=100,
        title="Categories",
        description="Outlook's coloured categories, by name.",
        examples=[["VIP"]],
    )
    metadata: dict[Key, Value] | None = Field(
        default=None,
        max_length=20,
        title="Metadata",
        description="Strings of the CRM's own, returned as sent and never synced.",
        examples=[{"source": "web form"}],
    )
    created_at: Moment | None = Field(
        default=None,
        title="Created",
        description="When the CRM created it.",
        examples=["2026-01-05T08:00:00Z"],
    )
    updated_at: Moment | None = Field(
        default=None,
        title="Updated",
        description="When the CRM last changed it. A write with an older time changes nothing.",
        examples=["2026-03-02T09:00:00Z"],
    )


class ContactIn(Body, ContactFields):
    """A contact as the CRM has it. What is left out says nothing; null or an empty list clears."""

    read_only: ClassVar[frozenset[str]] = frozenset(
        {"crm_id", "record_id", "revision", "deleted", "merged", "stale", "sync"}
    )

    def said(self) -> dict[str, Any]:
        """Return the fields that the caller mentioned; an element of a list is whole, its defaults too."""
        return {name: value for name, value in self.model_dump().items() if name in self.model_fields_set}


def _without_bounds(schema: dict[str, Any]) -> None:
    """Promise no bounds: what two sides hold together may be more than one of them may send."""
    for part in schema["properties"].values():
        for kind in (part, *part.get("anyOf", [])):
            for word in ("maxItems", "maxLength"):
                kind.pop(word, None)


StandName = Literal[
    "synced", "pending", "out_of_scope", "parked", "in_review", "conflict", "awaiting_approval", "rejected",
    "unnamed", "blocked", "disabled",
]  # fmt: skip


class SyncState(Answer):
    """How a record stands in one connection."""

    connection: str = Field(title="Connection", description="The connection's id.", examples=["con_06a2k3v9"])
    user: str = Field(title="User", description="The user whose mailbox it is.", examples=["agent-7"])
    state: StandName = Field(title="State", description="Where it stands.", examples=["synced"])
    reason: str | None = Field(
        title="Reason", description="Why, as a code; GET /reasons explains it.", examples=["in_scope"]
    )


class Contact(Answer, ContactFields):
    """A contact as Concord holds it. A field that was never given is null or an empty list."""

    model_config = ConfigDict(extra="allow", json_schema_extra=_without_bounds)

    crm_id: str | None = Field(
        title="CRM id", description="The CRM's id; null until the CRM has named it.", examples=["c-1001"]
    )
    record_id: str = Field(title="Record id", description="Concord's own id.", examples=["rec_06a2k3v9"])
    revision: int = Field(title="Revision", description="Counts its changes; the `ETag`.", examples=[7])
    deleted: bool = Field(
        title="Deleted", description="Deleted, and kept for 30 days to be restored.", examples=[False]
    )
    merged: list[str] = Field(
        default=[],
        title="Merged",
        description="After a write: the fields sent that now hold something else than was sent.",
        examples=[["phones"]],
    )
    stale: bool = Field(
        default=False,
        title="Stale",
        description="After a write: it was older than what is stored, and changed nothing.",
        examples=[True],
    )
    sync: list[SyncState] = Field(
        default=[],
        title="Sync",
        description="With `include=sync`: how it stands in each connection it belongs in.",
        examples=[
            [{"connection": "con_06a2k3v9", "user": "agent-7", "state": "synced", "reason": "in_scope"}]
        ],
    )


class SyncStates(Answer):
    """How a record stands in each connection it belongs in."""

    data: list[SyncState] = Field(title="States", description="One entry per connection.")


class ContactList(Answer):
    """One page of contacts."""

    data: list[Contact] = Field(title="Contacts", description="The contacts of this page.")
    next_cursor: str | None = Field(
        title="Next cursor",
        description="Send it as `cursor` for the next page; null on the last.",
        examples=[None],
    )
    feed_cursor: str = Field(
        title="Feed cursor",
        description="Where the feed stood when the first page was read: send it as `after` to /v1/changes.",
        examples=["Zjo0Mg"],
    )
