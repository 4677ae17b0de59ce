"""A record as the API shows it: in answers, in lists, and frozen in the feed."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from app.models import Record
from app.records.types import record_type

Json = dict[str, Any]


def shown(record: Record) -> Json:
    """Return the record in the words of the API; what it was never given is null or an empty list."""
    extra, kind = record.extra, record_type(record.entity)
    unsaid = {name: value for name, value in kind.born.items() if name not in extra}
    born = unsaid if record.origin == "microsoft" else {}
    return {
        "crm_id": record.crm_id,
        "record_id": record.record_id,
        "revision": record.revision,
        "deleted": record.deleted_at is not None,
        **{name: extra.get(name) or none for name, none in {**kind.own, **born}.items()},
        **kind.worded(record.doc),
        "updated_at": moment(record.crm_updated_at),
    }


def record_url(template: str, record: Record) -> str | None:
    """Return where the CRM shows a record, if it has said where it shows records."""
    if not template or record.crm_id is None:
        return None
    kind, crm_id = record_type(record.entity).word, quote(record.crm_id, safe="")
    return template.replace("{kind}", kind).replace("{crm_id}", crm_id)


def moment(at: datetime | None) -> str | None:
    """Return a time as RFC 3339 in UTC."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")
