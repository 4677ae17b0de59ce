"""A record as the API shows it: in answers, in lists, and frozen in the feed."""

from datetime import UTC, datetime
from typing import Any

from app.models import Record
from app.records.types import record_type

Json = dict[str, Any]


def shown(record: Record) -> Json:
    """Return the record in the words of the API; what it was never given is null or an empty list."""
    extra, kind = record.extra, record_type(record.entity)
    return {
        "crm_id": record.crm_id,
        "record_id": record.record_id,
        "revision": record.revision,
        "deleted": record.deleted_at is not None,
        **{name: extra.get(name) or none for name, none in kind.own.items()},
        **kind.worded(record.doc),
        "updated_at": moment(record.crm_updated_at),
    }


def moment(at: datetime | None) -> str | None:
    """Return a time as RFC 3339 in UTC."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")
