"""What a contact looks like in requests and answers (``api.md`` §5)."""

from typing import Literal

from pydantic import ConfigDict, Field

from app.routers.record_shapes import (
    Day,
    Line,
    ListAnswer,
    RecordFields,
    RecordIn,
    RecordState,
    Word,
    without_bounds,
)
from app.routers.shapes import Body


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


class ContactFields(RecordFields):
    """A contact. In a PUT or PATCH a field left out says nothing; null or an empty list clears it."""

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


class ContactIn(RecordIn, ContactFields):
    """A contact as the CRM has it. What is left out says nothing; null or an empty list clears."""


class Contact(RecordState, ContactFields):
    """A contact as Concord holds it. A field that was never given is null or an empty list."""

    model_config = ConfigDict(extra="allow", json_schema_extra=without_bounds)


class ContactList(ListAnswer):
    """One page of contacts."""

    data: list[Contact] = Field(title="Contacts", description="The contacts of this page.")
