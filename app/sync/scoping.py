"""Scope where rows meet it: the reason of a record's row, and what a link becomes by it."""

from datetime import datetime

from app.models import Link, Record
from app.records.link import Attempt, LinkState, Role
from app.records.reasons import Reason
from app.sync.decisions import decide
from app.sync.policy import Direction, LeftScope, left_scope
from app.sync.scope import Facts, Scope, scope
from app.sync.settings import SyncSettings

MICROSOFT = "microsoft"


def has_met(link: Link | None) -> bool:
    """Say whether the link's mailbox has an item of its record, or had one."""
    return link is not None and (link.item_id is not None or link.linked_at is not None)


def reason_of(mailbox: Scope, record: Record, link: Link | None) -> Reason:
    """Return why a living record does or doesn't belong in the mailbox of this link (None: none yet)."""
    facts = Facts(
        said=record.extra,
        doc=record.doc,
        born_at=record.first_at if record.origin == MICROSOFT else None,
        rejected=record.rejected_at is not None,
        met=has_met(link),
        mirror=link is not None and link.role == Role.MIRROR,
    )
    return scope(mailbox, facts)


def what_follows(reason: Reason, settings: SyncSettings) -> LeftScope:
    """Return what leaving means: of time it is never deletion, and completed entries have their own rule."""
    match reason:
        case Reason.OUTSIDE_WINDOW:
            return LeftScope.KEEP
        case Reason.COMPLETED_EXCLUDED:
            return LeftScope.DELETE
        case _:
            return LeftScope(settings.left_scope)


def leave(
    link: Link,
    reason: Reason,
    *,
    settings: SyncSettings,
    run: str | None,
    now: datetime,
    edited: bool = False,
) -> bool:
    """Let a link rest whose record is out of scope; say whether its item is to be deleted instead.

    Both copies stay, and the bases are frozen: coming back is an ordinary merge. Only an item that was linked
    is ever deleted: one that merely matched belongs to the mailbox's user.
    """
    if link.state == LinkState.SUSPENDED:
        link.due_at = link.gone_at = None
        decide(link, reason, run=run, now=now)
        return False
    linked = link.state == LinkState.LINKED
    happening = left_scope(
        reason, attempt=Attempt.parse(link.attempt).kind if link.attempt else None,
        direction=Direction(settings.direction), edited=edited,
        setting=what_follows(reason, settings) if linked else LeftScope.KEEP,
    )  # fmt: skip
    if happening.state is LinkState.SUSPENDED:
        link.state, link.updated_at = happening.state.value, now
        link.due_at = link.gone_at = link.held_by = link.cleared_at = None
        decide(link, happening.reason or reason, run=run, now=now)
        decide(link, reason, run=run, now=now)
    return happening.deletes_item
