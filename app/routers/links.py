"""Links: which record is which item, and those that are parked."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field

from app.errors import LinkNotFound
from app.models import Link
from app.problems import problems
from app.routers.deps import Now, OnlyUser, Page, Session
from app.routers.shapes import Answer, EntityName, Listing, Moment
from app.sync.parked import Wanted, page_of, retry, shown_link, unlink

router = APIRouter(prefix="/v1/links", tags=["links"])
STATE = Literal[
    "parked", "wanted", "linked", "removed_by_us", "gone", "removed_there", "moved_out", "suspended",
    "severed", "in_review", "ignored", "unmatched",
]  # fmt: skip
LinkId = Annotated[
    str, Path(title="Link", max_length=64, description="The link's id.", examples=["lnk_06a2k3v9"])
]


class Item(Answer):
    """An item in Microsoft."""

    id: str = Field(title="Id", description="Graph's id of the item.", examples=["AAMkAGI2…"])
    container: str | None = Field(
        title="Container", description="Graph's id of its folder.", examples=["AAMkAGI2…="]
    )
    web_link: str | None = Field(
        title="Web link", description="Where a person can look at it, if anywhere.", examples=[None]
    )


class LinkAnswer(Answer):
    """One record and one item, in one connection."""

    id: str = Field(title="Id", description="The link's id.", examples=["lnk_06a2k3v9"])
    connection: str = Field(title="Connection", description="The mailbox.", examples=["con_06a2k3v9"])
    entity: EntityName = Field(title="Entity", description="What kind it is.", examples=["contacts"])
    crm_id: str | None = Field(title="CRM id", description="The record's id in the CRM.", examples=["c-1001"])
    record_id: str | None = Field(
        title="Record id", description="The record; null for an item without one.", examples=["rec_06a2k3v9"]
    )
    item: Item | None = Field(
        title="Item", description="The item; null before there is one.", examples=[None]
    )
    state: str = Field(title="State", description="Where the link is in its life.", examples=["linked"])
    problem: dict[str, Any] | None = Field(
        title="Problem", description="Why it is parked, with the cure.", examples=[None]
    )
    attempts: int = Field(title="Attempts", description="How often it went wrong in a row.", examples=[2])
    next_attempt_at: Moment | None = Field(
        title="Next attempt", description="When it is tried again by itself.", examples=[None]
    )


async def _link(session: Session, link_id: str) -> Link:
    found = await session.get(Link, (session.info["workspace"], link_id))
    if found is None:
        raise LinkNotFound
    return found


async def _shown(session: Session, link_id: str) -> LinkAnswer:
    session.expire_all()
    rows = await page_of(session, Wanted(only=link_id), after=None, limit=1)
    return LinkAnswer.model_validate(shown_link(*rows[0]))


@router.get("", operation_id="links.list", summary="List links")
async def list_links(
    session: Session,
    page: Page,
    only: OnlyUser,
    connection: Annotated[
        str | None, Query(title="Connection", description="Only of this one.", max_length=64)
    ] = None,
    entity: Annotated[EntityName | None, Query(title="Entity", description="Only of this entity.")] = None,
    state: Annotated[
        STATE | None, Query(title="State", description="Only in this state; `parked`: with a problem.")
    ] = None,
    since: Annotated[Moment | None, Query(title="Since", description="Only moved since then.")] = None,
) -> Listing[LinkAnswer]:
    """List links, the oldest first: which record is which item, and what went wrong with it."""
    parked = state == "parked"
    wanted = Wanted(connection, entity, None if parked else state, parked=parked, since=since, user=only)
    rows = await page_of(session, wanted, after=page.after, limit=page.limit + 1)
    cut, cursor = page.cut(rows, key=lambda row: row[0].id)
    return Listing[LinkAnswer](
        data=[LinkAnswer.model_validate(shown_link(*row)) for row in cut], next_cursor=cursor
    )


@router.post(
    "/{link_id}/retry", operation_id="links.retry", summary="Try a link again",
    responses=problems(LinkNotFound),
)  # fmt: skip
async def retry_link(session: Session, link_id: LinkId, now: Now) -> LinkAnswer:
    """Try a parked link again now."""
    await retry(session, await _link(session, link_id), now=now)
    return await _shown(session, link_id)


@router.post(
    "/{link_id}/unlink", operation_id="links.unlink", summary="Cut a link", responses=problems(LinkNotFound)
)
async def unlink_link(session: Session, link_id: LinkId, now: Now) -> LinkAnswer:
    """Cut a link. The record and the item stay where they are, and are synced no more."""
    await unlink(session, await _link(session, link_id), now=now)
    return await _shown(session, link_id)
