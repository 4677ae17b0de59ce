"""Items that may be a record that there is, where nobody should guess."""

from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Path, Query, Response
from pydantic import ConfigDict, Field, model_validator

from app.errors import MatchClosed, MatchNotFound
from app.problems import problems
from app.routers.answers import as_json
from app.routers.deps import Now, OnlyUser, Page, Session
from app.routers.shapes import Answer, Body, EntityName, Listing, Moment, only
from app.sync.match_rows import MatchRows, shown_match
from app.sync.resolving import Choice, resolve

router = APIRouter(prefix="/v1/matches", tags=["matches"])
BY_THE_CRM = "crm"
PERSON: dict[str, Any] = {
    "display_name": "Grace Hopper", "given_name": "Grace", "family_name": "Hopper", "company": "Navy",
    "job_title": None, "emails": [{"address": "grace@example.org", "name": None}], "phones": [],
}  # fmt: skip

InPath = Annotated[
    str, Path(title="Match", max_length=64, description="The match's id.", examples=["mat_06a2k3v9"])
]


class Candidate(Answer):
    """A record that the item may be."""

    record_id: str = Field(title="Record id", description="Concord's own id.", examples=["rec_06a2k3v9"])
    crm_id: str | None = Field(
        title="CRM id", description="The record's id in the CRM; null until it is named.", examples=["c-1001"]
    )
    summary: dict[str, Any] = Field(
        title="Summary", description="Who the record is about, as it is now.", examples=[PERSON]
    )
    because: list[Literal["email", "name_and_company", "name_and_phone"]] = Field(
        title="Because", description="What the item has in common with its candidates.", examples=[["email"]]
    )
    in_scope: bool = Field(
        title="In scope",
        description="Whether the record belongs in this mailbox. One that doesn't is not shown to its user.",
        examples=[True],
    )


class Match(Answer):
    """An item of a mailbox that may be one of several records. Nothing is created until it is decided."""

    id: str = Field(title="Id", description="The match's id.", examples=["mat_06a2k3v9"])
    status: Literal["open", "resolved", "obsolete"] = Field(
        title="Status",
        description="Whether it waits, was decided, or came to nothing because one of both sides moved.",
        examples=["open"],
    )
    connection: str = Field(
        title="Connection", description="The mailbox of the item.", examples=["con_06a2k3v9"]
    )
    entity: str = Field(title="Entity", description="What kind of item it is.", examples=["contacts"])
    item: dict[str, Any] = Field(
        title="Item", description="Who the item is about, as we read it last.", examples=[PERSON]
    )
    candidates: list[Candidate] = Field(
        title="Candidates", description="The records that it may be, but for deleted ones."
    )
    decision: dict[str, Any] | None = Field(
        title="Decision", description="What a person decided.", examples=[None, {"create": True}]
    )
    opened_at: Moment = Field(title="Opened", description="When it was found.")
    resolved_at: Moment | None = Field(title="Resolved", description="When it was closed.", examples=[None])
    resolved_by: str | None = Field(
        title="Resolved by",
        description="Who closed it: `crm`; `evidence` or `item_removed` where nothing was left to decide.",
        examples=[None, "crm"],
    )


class Resolution(Body):
    """What is to become of the item: one of three."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [only("link"), only("create"), only("ignore")]})

    link: Annotated[str, Field(min_length=1, max_length=64)] | None = Field(
        default=None,
        title="Link",
        description="It is this record (Concord's own id): they are linked and fill each other's blanks.",
        examples=["rec_06a2k3v9"],
    )
    create: Literal[True] | None = Field(
        default=None,
        title="Create",
        description="It is somebody new: the CRM gets a record of it, the candidates get items of their own.",
        examples=[True],
    )
    ignore: Literal[True] | None = Field(
        default=None,
        title="Ignore",
        description="It stays in the mailbox and is left alone for good.",
        examples=[True],
    )

    @model_validator(mode="after")
    def _one_of_three(self) -> Self:
        if sum(said is not None for said in (self.link, self.create, self.ignore)) != 1:
            raise ValueError("Send one of `link`, `create` and `ignore`.")
        return self


@router.get("", operation_id="matches.list", summary="List matches", response_model=Listing[Match])
async def list_matches(
    session: Session,
    page: Page,
    only: OnlyUser,
    status: Annotated[
        Literal["open", "resolved", "obsolete"] | None,
        Query(title="Status", description="Only those in this state.", examples=["open"]),
    ] = None,
    connection: Annotated[
        str | None,
        Query(
            title="Connection", max_length=64, description="Only those of this mailbox.",
            examples=["con_06a2k3v9"],
        ),
    ] = None,
    entity: Annotated[
        EntityName | None,
        Query(title="Entity", description="Only those of this kind of item.", examples=["contacts"]),
    ] = None,
) -> Response:  # fmt: skip
    """List items that may be a record that there is, the oldest first."""
    matches = MatchRows(session)
    rows = await matches.page(
        after=page.after_id, limit=page.limit + 1, status=status, connection=connection, entity=entity,
        only_user=only,
    )  # fmt: skip
    found, cursor = page.cut(rows, key=lambda row: row.id)
    records = await matches.known(found)
    shown = [shown_match(row, records, in_scope_only=only is not None) for row in found]
    return as_json({"data": shown, "next_cursor": cursor})


@router.post(
    "/{match_id}/resolve",
    operation_id="matches.resolve",
    summary="Resolve a match",
    response_model=Match,
    responses=problems(MatchNotFound, MatchClosed),
)
async def resolve_match(match_id: InPath, body: Resolution, session: Session, now: Now) -> Response:
    """Decide what an item is: a record that there is, somebody new, or nothing to sync."""
    choice = Choice(body.link, create=body.create is not None, ignore=body.ignore is not None)
    row = await resolve(session, match_id, choice, by=BY_THE_CRM, now=now)
    return as_json(shown_match(row, await MatchRows(session).known([row])))
