"""What the CRM is told of a record: one wording for whoever moved it, the CRM itself or a mailbox."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Record
from app.records.types import TYPES, record_type
from app.sync.feed import News, announce
from app.sync.shown import shown

WORDS: Final[Mapping[str, str]] = {entity: kind.word for entity, kind in TYPES.items()}


def announce_record(
    session: AsyncSession,
    record: Record,
    verb: str,
    *,
    origin: str,
    connection_id: str | None,
    now: datetime,
    **said: Any,
) -> str | None:
    """Tell the CRM that this record was created, updated, deleted or merged; return the change's id.

    ``said`` is what ``News`` says besides: changed, previous (both by the fields of the document), reason,
    extra. A record whose creation the CRM
    has rejected is not spoken of again.
    """
    if record.rejected_at is not None:
        return None
    kind = record_type(record.entity)
    if said.get("previous"):
        said["previous"] = kind.told(record.doc, said["previous"])
    said["changed"] = kind.words_of(said.get("changed", ()))
    news = News(
        type=f"{WORDS[record.entity]}.{verb}",
        subject=record.record_id,
        at=now,
        origin=origin,
        record_id=record.record_id,
        crm_id=record.crm_id,
        revision=record.revision,
        connection_id=connection_id,
        snapshot=shown(record),
        **said,
    )
    return announce(session, news)
