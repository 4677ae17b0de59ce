"""The CRM names a record that was born in Microsoft, or says that it is one it has already."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Record
from app.records import Fields
from app.records.types import record_type
from app.sync.candidates import Candidates
from app.sync.copies import applied
from app.sync.match_keys import MatchKeys, keys_of
from app.sync.matching import match
from app.sync.records import Records, Step
from app.sync.revisions import History, Revisions, crm_view
from app.sync.spread import spread
from app.sync.uniting import merge_into
from app.sync.workspaces import Workspaces


async def name(
    session: AsyncSession,
    record: Record,
    crm_id: str,
    *,
    taken: Record | None,
    known: int | None,
    now: datetime,
) -> Record:
    """Give an unnamed record its crm_id; return the record that has it then.

    ``taken`` is the record that has this crm_id already: it takes over the newcomer's items. ``known`` is the
    revision that the CRM has seen (None: the last one it was told of). Both records are locked.
    """
    if taken is not None and taken.deleted_at is not None:
        await Records(session).forget_names([taken])
        taken = None
    if taken is not None and taken.record_id != record.record_id:
        await merge_into(session, kept=taken, gone=record, now=now)
        return taken
    rejected = record.rejected_at is not None
    history = (await Revisions(session).since({record.record_id: 0})).get(record.record_id, History())
    record.crm_id, record.rejected_at, record.held_until = crm_id, None, None
    up_to = known or history.heard(record) or record.revision
    record.crm_had = applied(crm_view(record, history), up_to=up_to)
    record.crm_revision = up_to
    step = Step(record=record, origin="crm", at=now, previous={}, quiet=True)
    await Records(session).write([step])
    if rejected:  # its item was left alone until now
        await spread(session, [record.record_id], now=now)
    return record


async def matching_unnamed(
    session: AsyncSession, entity: str, newcomers: Mapping[str, Fields]
) -> Mapping[str, str]:
    """Return the one unnamed record that each newcomer (a document by any id) is taken to be."""
    kind = record_type(entity)
    unnamed = await MatchKeys(session).unnamed(entity, keys_of(kind, newcomers.values()))
    if not unnamed:
        return {}
    region = await Workspaces(session).phone_region(session.info["workspace"])
    docs = await Candidates(session).documents(unnamed)
    return match(
        {newcomer: kind.evidence_of(doc, region=region) for newcomer, doc in newcomers.items()},
        {record_id: kind.evidence_of(doc, region=region) for record_id, doc in docs.items()},
    ).links
