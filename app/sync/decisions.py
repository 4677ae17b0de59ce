"""Why a record was or wasn't written: the last reason of a link, and the twenty before it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, case, cast, func, literal, literal_column
from sqlalchemy.dialects.postgresql import JSONB

from app.models import Link
from app.records.reasons import Reason

KEPT: Final = 20
LAST: Final[ColumnElement[Any]] = literal_column(f"'$[0 to {KEPT - 1}]'::jsonpath")


def decide(
    link: Link, reason: Reason, *, now: datetime, run: str | None = None, detail: str | None = None
) -> None:
    """Note a decision on a link; the same one again only moves nothing."""
    last = link.decision or {}
    if last.get("code") == reason and last.get("detail") == detail:
        return
    link.decision = _decision(reason, now=now, run=run, detail=detail)
    link.decisions = [link.decision, *(link.decisions or [])][:KEPT]


def decided(reason: Reason, *, now: datetime, run: str | None = None) -> dict[str, Any]:
    """Return the columns of a new link with its first decision."""
    decision = _decision(reason, now=now, run=run)
    return {"decision": decision, "decisions": [decision]}


def deciding(reason: Reason, *, now: datetime) -> Mapping[str, Any]:
    """Return the values by which ``Links.move`` notes the same decision on many links, as ``decide`` does."""
    decision = _decision(reason, now=now)
    same = func.coalesce(Link.decision["code"].astext == reason.value, False)
    kept = func.coalesce(Link.decisions, cast(literal([], JSONB), JSONB))
    more = func.jsonb_path_query_array(cast(literal([decision], JSONB), JSONB).op("||")(kept), LAST)
    return {
        "decision": case((same, Link.decision), else_=cast(literal(decision, JSONB), JSONB)),
        "decisions": case((same, Link.decisions), else_=more),
    }


def _decision(
    reason: Reason, *, now: datetime, run: str | None = None, detail: str | None = None
) -> dict[str, Any]:
    return {"at": now.isoformat(), "code": reason.value, "detail": detail, "run": run}
