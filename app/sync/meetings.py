"""Meetings: one record for all copies of it, whichever connected mailbox shows one (``engine.md`` §13).

A meeting's uid is the same in every mailbox. Whoever imports a copy first makes the record; the other copies
are linked to it, and their users become owners.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Collection, Connection, Link, Record
from app.records.link import LinkState
from app.sync.accounts import addresses_of
from app.sync.linking import link_items
from app.sync.links import Links
from app.sync.mails import Invitations, may_mail
from app.sync.meetings_rows import Meetings, uid_of
from app.sync.news import announce_record
from app.sync.page import Page
from app.sync.policy import Access
from app.sync.records import Records, Step
from app.sync.settings import EffectiveSettings
from app.sync.work import Work


async def join_meetings(work: Work, items: Mapping[str, Link]) -> set[str]:
    """Link copies of meetings whose record there is; return their links' ids."""
    uids = {link_id: uid for link_id, link in items.items() if (uid := uid_of(link.graph_had))}
    if not uids:
        return set()
    async with work.transaction() as session:
        known = await Meetings(session).records(uids.values())
        pairs = {link_id: known[uid] for link_id, uid in uids.items() if uid in known}
        taken = await Links(session).taken(work.connection.id, pairs.values())
        pairs = {link_id: record for link_id, record in pairs.items() if record not in taken}
        await _share(work, session, pairs.values())
        await work.move(session)
    await link_items(work, items, pairs)
    return set(pairs)


async def _share(work: Work, session: AsyncSession, record_ids: Iterable[str]) -> None:
    """Let these records belong in this user's mailbox, too."""
    user = work.connection.user
    steps: list[Step] = []
    for record in (await Records(session).locked(record_ids)).values():
        owners = record.extra.get("owners") or []
        if user not in {owner["user"] for owner in owners}:
            record.extra = {**record.extra, "owners": [*owners, {"user": user, "access": Access.FULL.value}]}
            record.revision, record.last_at = record.revision + 1, work.now
            steps.append(Step(record=record, origin="microsoft", at=work.now, previous={}, owners=True))
            _tell(session, record, work)
    await Records(session).write(steps)


def _tell(session: AsyncSession, record: Record, work: Work) -> None:
    announce_record(
        session, record, "updated", origin="microsoft", connection_id=work.connection.id, now=work.now,
        changed=("owners",),
    )  # fmt: skip


async def invited_elsewhere(page: Page, links: Iterable[Link]) -> set[str]:
    """Return the records that come into this mailbox by invitation: they aren't made there.

    Their primary owner's mailbox invites this one's user, or is about to.
    """
    connection = page.work.connection
    mine = addresses_of(connection) or {(connection.login_hint or "").casefold()}
    attending = {
        record.record_id: record
        for link in links
        if link.state == LinkState.WANTED
        and page.access.get((record := page.record_of(link)).record_id) != Access.PRIMARY
        and not mine.isdisjoint(guest["address"].casefold() for guest in record.doc.get("attendees") or ())
    }
    found = {each for each in attending if not mine.isdisjoint(page.organized.get(each, ()))}
    users = {record_id: _primary(record) for record_id, record in attending.items() if record_id not in found}
    policies = await _policies(page.session, {user for user in users.values() if user is not None})
    for record_id, user in users.items():
        record = attending[record_id]
        invite = bool(record.extra.get("invite"))
        if any(
            may_mail(p, invite=invite, doc=record.doc, now=page.now) for p in policies.get(user or "", ())
        ):
            found.add(record_id)
    return found


def _primary(record: Record) -> str | None:
    owners = record.extra.get("owners") or ()
    return next((owner["user"] for owner in owners if owner["access"] == Access.PRIMARY), None)


async def _policies(session: AsyncSession, users: set[str]) -> dict[str, list[Invitations]]:
    """Return whether the calendars of these users that are written to invite anybody."""
    if not users:
        return {}
    query = (
        select(Connection.id, Connection.user)
        .join(
            Collection,
            (Collection.workspace_id == session.info["workspace"])
            & (Collection.connection_id == Connection.id),
        )
        .where(
            Connection.workspace_id == session.info["workspace"],
            Connection.user.in_(sorted(users)),
            Collection.entity == "calendar",
            Collection.sends,
        )
    )
    rows = (await session.execute(query)).all()
    settings = await EffectiveSettings(session).of_many([row.id for row in rows], "calendar")
    found: dict[str, list[Invitations]] = {}
    for row in rows:
        found.setdefault(row.user, []).append(settings[row.id].invitation_policy)
    return found
