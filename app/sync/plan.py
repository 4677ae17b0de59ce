"""A plan: what a choice of settings would do, step by step, in the words of the API (``api.md`` §7). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.records import Fields
from app.records.link import LinkState
from app.records.reasons import Reason
from app.sync.conflicts import Side
from app.sync.runs import no_counts

Json = dict[str, Any]


class Doing(StrEnum):
    """What a step does. ``skip`` and ``review`` write nothing on their side, and say why."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    LINK = "link"
    UNLINK = "unlink"
    REVIEW = "review"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that would happen to one record or item. ``fields`` are the values that would move."""

    step: Doing
    side: Side
    because: str
    record_id: str | None = None
    crm_id: str | None = None
    title: str | None = None
    fields: Sequence[Json] = ()
    mails: Sequence[str] = ()


def moves(before: Fields, after: Fields) -> list[Json]:
    """Return the fields whose value would be another one, with both values, in the words of the API."""
    return [
        {"field": name, "from": before.get(name), "to": after.get(name)}
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name) and (before.get(name) or after.get(name))
    ]


@dataclass(frozen=True, slots=True)
class Standing:
    """A link at one moment, as far as a plan looks at it."""

    state: str | None = None
    record_id: str | None = None
    code: str | None = None


LIVE = frozenset({LinkState.LINKED, LinkState.SUSPENDED, LinkState.MOVED_OUT})


def turned(was: Standing, now: Standing, *, existed: bool, written: bool) -> Doing | None:
    """Return what became of a link besides being written; None where other steps tell it all.

    ``existed``: its record was there before. ``written``: a step of its own creates or deletes its item.
    """
    if now.state == LinkState.LINKED and was.state != LinkState.LINKED:
        return Doing.LINK if existed and not written else None
    if now.state == LinkState.IN_REVIEW and was.state != LinkState.IN_REVIEW:
        return Doing.REVIEW
    if was.state == LinkState.LINKED and now.state != LinkState.LINKED:
        return None if written else Doing.UNLINK
    if now.state == "unmatched":
        return Doing.SKIP if was.state is None else None
    held_back = now.code not in {None, Reason.IN_SCOPE} and now.code != was.code
    return Doing.SKIP if held_back and not written else None


def counted(steps: Mapping[tuple[str, str], int], *, pulled: int, conflicts: int) -> Json:
    """Return a run's counts as its plan has them (step and side: how many)."""
    counts = no_counts() | {"pulled": pulled, "conflicts": conflicts}
    for side, place in ((Side.CRM, "to_crm"), (Side.MICROSOFT, "to_microsoft")):
        counts[place] = {
            "created": steps.get((Doing.CREATE, side), 0),
            "updated": steps.get((Doing.UPDATE, side), 0),
            "deleted": steps.get((Doing.DELETE, side), 0),
        }
    counts["linked"] = steps.get((Doing.LINK, Side.MICROSOFT), 0)
    counts["in_review"] = steps.get((Doing.REVIEW, Side.CRM), 0)
    return counts
