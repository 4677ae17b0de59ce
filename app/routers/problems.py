"""The catalogue of problems and reasons, for programs and for the person who follows a problem's link."""

from html import escape
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import Field

from app.errors import NotFound
from app.problems import every_problem, problems
from app.reasons import REASONS
from app.routers.shapes import Answer
from app.states import KINDS

router = APIRouter(tags=["problems"])

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>body {{ font: 1rem/1.5 system-ui; max-width: 38rem; margin: 4rem auto; padding: 0 1rem }}</style>
<h1>{title}</h1>
<p>{detail}</p>
<p><strong>What to do:</strong> {cure}</p>
<p><small>{slug}{status}. <a href="/problems">All problems</a></small></p>
</html>
"""


class Explained(Answer):
    """One kind of problem: what it means and what to do about it."""

    type: str = Field(
        title="Type",
        description="How a problem of this kind names itself.",
        examples=["/problems/no-mailbox"],
    )
    title: str = Field(
        title="Title", description="The problem in one sentence.", examples=["There is no such record."]
    )
    status: int | None = Field(
        title="Status",
        description="The status code of an answer with this problem; null where it is only a state.",
        examples=[404],
    )
    detail: str = Field(title="Detail", description="More about it.", examples=["There is no such record."])
    who: str | None = Field(
        title="Who", description="Who can do something about it, where it is a state.", examples=["user"]
    )
    cure: str = Field(title="Cure", description="What to do about it.", examples=["Create it with PUT."])


class Problems(Answer):
    """Every kind of problem."""

    data: list[Explained] = Field(title="Problems", description="All of them, by type.")


class ReasonAnswer(Answer):
    """One reason code: why a record was or wasn't written."""

    code: str = Field(title="Code", description="The code as it appears in answers.", examples=["in_scope"])
    title: str = Field(
        title="Title",
        description="What it means, for a person.",
        examples=["The record belongs in this mailbox."],
    )
    entities: list[str] = Field(
        title="Entities", description="Which entities' records know it.", examples=[["contacts"]]
    )


class Reasons(Answer):
    """Every reason code."""

    data: list[ReasonAnswer] = Field(title="Reasons", description="All of them.")


def catalogue() -> dict[str, Explained]:
    """Return every problem by its slug, whether an answer carries it or something is in that state."""
    known: dict[str, Explained] = {}
    for slug, kind in KINDS.items():
        known[slug] = Explained(
            type=f"/problems/{slug}",
            title=kind.title,
            status=None,
            detail=kind.detail,
            who=kind.who,
            cure=f"{kind.label}.",
        )
    for problem in every_problem():
        state = known.get(problem.slug)
        known[problem.slug] = Explained(
            type=f"/problems/{problem.slug}",
            title=problem.title,
            status=problem.status.value,
            detail=state.detail if state else problem.title,
            who=state.who if state else None,
            cure=problem.cure,
        )
    return dict(sorted(known.items()))


@router.get("/problems", operation_id="problems.list", summary="List problems")
async def list_problems() -> Problems:
    """List every kind of problem that an answer or a state may name."""
    return Problems(data=list(catalogue().values()))


@router.get(
    "/problems/{slug}",
    operation_id="problems.get",
    summary="Explain a problem",
    response_model=Explained,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}, **problems(NotFound)},
)
async def explain_problem(
    request: Request,
    slug: Annotated[
        str, Path(title="Slug", description="The problem's name.", examples=["record-not-found"])
    ],
) -> Response | Explained:
    """Explain one kind of problem: as JSON, or to a browser as a page."""
    known = catalogue().get(slug)
    if known is None:
        raise NotFound("There is no problem of this name.")
    return page(slug, known) if "text/html" in request.headers.get("accept", "") else known


def page(slug: str, known: Explained) -> HTMLResponse:
    """Return the page for a person."""
    status = "" if known.status is None else f", status {known.status}"
    texts = {"title": known.title, "detail": known.detail, "cure": known.cure, "slug": slug, "status": status}
    return HTMLResponse(PAGE.format(**{name: escape(text) for name, text in texts.items()}))


@router.get("/reasons", operation_id="reasons.list", summary="List reasons")
async def list_reasons() -> Reasons:
    """List the codes that say why a record was or wasn't written."""
    told = [
        ReasonAnswer(code=code, title=meaning.title, entities=list(meaning.entities))
        for code, meaning in REASONS.items()
    ]
    return Reasons(data=told)
