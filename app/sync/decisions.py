"""Why a record was or wasn't written: the last reason of a link, and the twenty before it."""

from datetime import datetime

from app.models import Link
from app.records.reasons import Reason

KEPT = 20


def decide(
    link: Link, reason: Reason | str, *, now: datetime, run: str | None = None, detail: str | None = None
) -> None:
    """Note a decision on a link; the same one again only moves nothing."""
    code = str(reason)
    last = link.decision or {}
    if last.get("code") == code and last.get("detail") == detail:
        return
    decision = {"at": now.isoformat(), "code": code, "detail": detail, "run": run}
    link.decision = decision
    link.decisions = [decision, *(link.decisions or [])][:KEPT]
