"""A workspace as the API shows it and takes it."""

from typing import Annotated, Literal

from phonenumbers import SUPPORTED_REGIONS
from pydantic import AfterValidator, ConfigDict, Field
from pydantic.config import JsonDict

from app.routers.calendar_settings_shapes import CalendarDefaults
from app.routers.contact_settings_shapes import ContactDefaults
from app.routers.shapes import LINE, Answer, Body, EntityName, Moment, matching, merge_patch_of, unique
from app.routers.task_settings_shapes import TaskDefaults

NO_DOUBLES: JsonDict = {"uniqueItems": True}
BASE = r"(https://[A-Za-z0-9.-]+(:\d{1,5})?|http://(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?)"
PART, ID = r"[^\x00-\x20#{}]|\{kind\}", r"\{crm_id\}"
REGIONS: JsonDict = {"enum": ["", *sorted(SUPPORTED_REGIONS)]}


def region(code: str) -> str:
    if code and code not in SUPPORTED_REGIONS:
        raise ValueError("This is not a region with phone numbers: two capital letters such as AU.")
    return code


def as_browsers_say_it(origin: str) -> str:
    """Return an origin as browsers send it: in lower case, without the port that its scheme implies."""
    scheme, _, host = origin.lower().partition("://")
    return f"{scheme}://{host.removesuffix(':443' if scheme == 'https' else ':80')}"


def distinct_ids(terms: "list[Term]") -> "list[Term]":
    unique([term.id for term in terms])
    return terms


Name = Annotated[str, Field(min_length=1, max_length=200), *matching(LINE, "This must be a line of text.")]
CrmId = Annotated[
    str,
    Field(min_length=1, max_length=128),
    *matching(r"^[A-Za-z0-9._~:@-]+$", "Only letters, digits and ._~:@- are allowed."),
]
Word = Annotated[str, Field(min_length=1, max_length=128), *matching(LINE, "This must be a line of text.")]
Url = Annotated[
    str,
    Field(max_length=2000),
    *matching(rf"^{BASE}(/[^\x00-\x20#]*)?$", "This must be an https URL without credentials and fragment."),
]
Origin = Annotated[
    str,
    Field(max_length=300),
    *matching(rf"^{BASE}$", "An origin is https, host and port only: https://crm.example."),
    AfterValidator(as_browsers_say_it),
]
RecordUrl = Annotated[
    str,
    Field(max_length=2000),
    *matching(
        rf"^({BASE}/({PART})*{ID}({PART}|{ID})*)?$",
        "This must be an https URL that contains {crm_id}; it may contain {kind}.",
    ),
]
Region = Annotated[str, AfterValidator(region), Field(json_schema_extra=REGIONS)]
Entities = Annotated[
    list[EntityName], Field(max_length=5, json_schema_extra=NO_DOUBLES), AfterValidator(unique)
]


class Term(Body):
    """One word of the CRM's own vocabulary."""

    id: Word = Field(title="Id", description="How records name it.", examples=["buyer"])
    title: Name = Field(title="Title", description="How people read it.", examples=["Buyers"])


Terms = Annotated[
    list[Term], Field(max_length=1000, json_schema_extra=NO_DOUBLES), AfterValidator(distinct_ids)
]
Words = Annotated[list[Word], Field(max_length=1000, json_schema_extra=NO_DOUBLES), AfterValidator(unique)]


class Vocabulary(Body):
    """The CRM's own words, offered in settings screens."""

    read_only = frozenset({"unknown"})

    classes: Terms = Field(
        default=[], title="Classes", description="Classes of contacts.",
        examples=[[{"id": "buyer", "title": "Buyers"}]],
    )  # fmt: skip
    activity_types: Terms = Field(
        default=[], title="Activity types", description="Types of activities in the calendar.",
        examples=[[{"id": "inspection", "title": "Inspections"}]],
    )  # fmt: skip
    projects: Terms = Field(
        default=[], title="Projects", description="Projects that records belong to.",
        examples=[[{"id": "p-1", "title": "Harbour Street"}]],
    )  # fmt: skip


class ProjectRule(Body):
    """Which projects take part."""

    mode: Literal["all", "listed"] = Field(
        default="all", title="Mode", description="All projects, or those listed.", examples=["listed"]
    )
    active: Words = Field(
        default=[], title="Active", description="The projects that take part, by id.", examples=[["p-1"]]
    )


class Rules(Body):
    """Rules of the whole organisation."""

    shared_deletes: Literal["last_copy", "primary"] = Field(
        default="last_copy",
        title="Shared deletes",
        description="Whose removal in Outlook deletes a record that several mailboxes hold: that of the last"
        " copy, or the primary owner's.",
        examples=["last_copy"],
    )
    require_calendar_edit_rights: bool = Field(
        default=False,
        title="Require calendar edit rights",
        description="Assigning an activity needs edit rights on the assignee's calendar.",
        examples=[False],
    )
    projects: ProjectRule = Field(
        default=ProjectRule(), title="Projects", description="Which projects take part.",
        examples=[{"mode": "all", "active": []}],
    )  # fmt: skip


class Breaker(Body):
    """When to stop and ask before much is changed at once, within 24 hours, for each folder and side."""

    min_deletes: int = Field(
        default=10, ge=0, le=1_000_000, title="Deletions always allowed",
        description="As many removals don't stop a sync, unless they are half of its records (and three).",
        examples=[10],
    )  # fmt: skip
    max_delete_percent: int = Field(
        default=10, ge=0, le=100, title="Share of deletions allowed",
        description="More removals than this share of the linked records stop it, in percent.", examples=[10],
    )  # fmt: skip
    max_creates: int = Field(
        default=5000, ge=0, le=10_000_000, title="Creations allowed",
        description="More new records or items than this stop it.", examples=[5000],
    )  # fmt: skip
    max_invitations: int = Field(
        default=20, ge=0, le=1_000_000, title="Invitations allowed",
        description="More people mailed than this stop it.", examples=[20],
    )  # fmt: skip


class Defaults(Body):
    """What connections inherit where nothing was chosen for them."""

    contacts: ContactDefaults = Field(
        default=ContactDefaults(), title="Contacts", description="Defaults and locks of contact settings.",
        examples=[{"direction": "two_way", "locked": ["direction"]}],
    )  # fmt: skip
    calendar: CalendarDefaults = Field(
        default=CalendarDefaults(), title="Calendar", description="Defaults and locks of calendar settings.",
        examples=[{"direction": "crm_to_microsoft", "locked": ["invitations"]}],
    )  # fmt: skip
    tasks: TaskDefaults = Field(
        default=TaskDefaults(), title="Tasks", description="Defaults and locks of task settings.",
        examples=[{"direction": "two_way", "locked": ["include"]}],
    )  # fmt: skip


class WorkspaceDocument(Body):
    """What is configured of a workspace."""

    read_only = frozenset({"id", "revision", "created_at", "updated_at"})

    name: Name = Field(title="Name", description="The organisation's name.", examples=["Acme Realty"])
    crm_id: CrmId | None = Field(
        default=None, title="CRM id", description="The organisation's id in the CRM; one workspace has it.",
        examples=["org-55"],
    )  # fmt: skip
    enabled: bool = Field(
        default=True, title="Enabled", description="Whether the organisation has the integration on.",
        examples=[True],
    )  # fmt: skip
    entitled: bool = Field(
        default=True, title="Entitled",
        description="Whether the organisation is entitled to the integration; without it nobody connects and"
        " nothing syncs.",
        examples=[True],
    )  # fmt: skip
    paused: bool = Field(
        default=False, title="Paused", description="Pauses every sync of the workspace.", examples=[False]
    )
    entities: Entities = Field(
        default=["contacts", "calendar", "tasks", "mail", "files"], title="Entities",
        description="What may be synced in this workspace.", examples=[["contacts", "calendar"]],
    )  # fmt: skip
    self_management: bool = Field(
        default=True, title="Self-management", description="Whether users may change their own settings.",
        examples=[True],
    )  # fmt: skip
    sync_interval_minutes: int = Field(
        default=15, ge=5, le=1440, title="Interval",
        description="How often Microsoft is asked for changes, besides its notifications; in minutes.",
        examples=[15],
    )  # fmt: skip
    origins: Annotated[list[Origin], Field(max_length=50), AfterValidator(unique)] = Field(
        json_schema_extra=NO_DOUBLES,
        default=[], title="Origins", description="Origins whose pages may call the API from a browser.",
        examples=[["https://crm.example"]],
    )  # fmt: skip
    return_urls: Annotated[list[Url], Field(max_length=50), AfterValidator(unique)] = Field(
        json_schema_extra=NO_DOUBLES,
        default=[], title="Return URLs",
        description="Where a user may be sent after signing in: a `return_url` must begin with one of these.",
        examples=[["https://crm.example/"]],
    )  # fmt: skip
    record_url_template: RecordUrl = Field(
        default="", title="Record URL", description="Where the CRM shows a record; empty: nowhere.",
        examples=["https://crm.example/{kind}/{crm_id}"],
    )  # fmt: skip
    phone_region: Region = Field(
        default="", title="Phone region", description="The region of phone numbers without a country code.",
        examples=["AU"],
    )  # fmt: skip
    vocabulary: Vocabulary = Field(
        default=Vocabulary(), title="Vocabulary", description="The CRM's own words.",
        examples=[{"classes": [{"id": "buyer", "title": "Buyers"}]}],
    )  # fmt: skip
    settle_seconds: int = Field(
        default=120, ge=0, le=3600, title="Settling time",
        description="How long after an acknowledgement a late write of the CRM may hold the older value; in"
        " seconds.",
        examples=[120],
    )  # fmt: skip
    rules: Rules = Field(
        default=Rules(), title="Rules", description="Rules of the whole organisation.",
        examples=[{"shared_deletes": "last_copy"}],
    )  # fmt: skip
    breaker: Breaker = Field(
        default=Breaker(),
        title="Breaker",
        description="When to stop and ask.",
        examples=[{"min_deletes": 10}],
    )
    defaults: Defaults = Field(
        default=Defaults(), title="Defaults", description="What connections inherit.",
        examples=[{"contacts": {"removed_from_crm": "keep"}}],
    )  # fmt: skip


@merge_patch_of(WorkspaceDocument)
class WorkspacePatch(Body):
    """A merge patch of a workspace: what it leaves out stays, null returns to the default."""


class UnknownWords(Answer):
    """Words in use that the vocabulary doesn't have."""

    classes: list[str] = Field(
        title="Classes", description="Classes chosen in settings but unknown.", examples=[["seller"]]
    )
    activity_types: list[str] = Field(
        title="Activity types", description="Types chosen in settings but unknown.", examples=[[]]
    )
    projects: list[str] = Field(
        title="Projects", description="Projects named in the rules but unknown.", examples=[["p-9"]]
    )


class KnownWords(Vocabulary):
    """The CRM's own words, and those in use that are none of them."""

    read_only = frozenset()

    unknown: UnknownWords = Field(
        title="Unknown",
        description="Words in use that aren't in the vocabulary.",
        examples=[{"classes": ["seller"], "activity_types": [], "projects": []}],
    )


class WorkspaceAnswer(WorkspaceDocument):
    """A workspace."""

    model_config = ConfigDict(extra="ignore")
    read_only = frozenset()

    id: str = Field(title="Id", description="The workspace's id.", examples=["ws_06a2k3v9"])
    vocabulary: KnownWords = Field(
        title="Vocabulary",
        description="The CRM's own words.",
        examples=[{"classes": [], "unknown": {"classes": [], "activity_types": [], "projects": []}}],
    )
    revision: int = Field(title="Revision", description="Counts its changes; the `ETag`.", examples=[1])
    created_at: Moment = Field(title="Created", description="When it was made.")
    updated_at: Moment = Field(title="Updated", description="When it was last changed.")
