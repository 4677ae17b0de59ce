"""A record as the API shows it: in answers, in lists, and frozen in the feed."""

from datetime import UTC, datetime
from typing import Any

from app.models import Record
from app.records.contact import FIELDS, empty

Json = dict[str, Any]


def shown(record: Record) -> Json:
    """Return the record in the words of the API; what it was never given is null or an empty list."""
    extra = record.extra
    return {
        "crm_id": record.crm_id,
        "record_id": record.record_id,
        "revision": record.revision,
        "deleted": record.deleted_at is not None,
        "owners": extra.get("owners") or [],
        "classes": extra.get("classes") or [],
        **{name: record.doc.get(name, empty(name)) for name in FIELDS},
        "metadata": extra.get("metadata") or {},
        "created_at": extra.get("created_at"),
        "updated_at": moment(record.crm_updated_at),
    }


def moment(at: datetime | None) -> str | None:
    """Return a time as RFC 3339 in UTC."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")
