"""What the CRM says of one record, and what came of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from http import HTTPStatus
from typing import Any, Final

from app.models import Record
from app.records import Fields
from app.records.types import RecordType
from app.sync.conflicts import Side, Stamp
from app.sync.shown import moment

Json = dict[str, Any]
Guard = Callable[[Record | None], None]

CRM_ID: Final = r"^[A-Za-z0-9._~:@-]{1,128}$"
RESERVED: Final = frozenset({".", "..", "batch"})


class Verb(StrEnum):
    PUT = "put"
    PATCH = "patch"
    DELETE = "delete"


def is_crm_id(text: str) -> bool:
    """Say whether the CRM may call a record this."""
    return text not in RESERVED and re.fullmatch(CRM_ID, text) is not None


def unconditionally(_: Record | None) -> None:
    """Accept a write whatever the record is now."""


@dataclass(frozen=True, kw_only=True)
class Says:
    """One write of the CRM. ``stated`` has what it mentioned, and only that, in the words of the API.

    ``guard`` raises the Problem of a condition that doesn't hold for the record as it is (None: there is
    none).
    ``names`` is the unnamed record that gets this crm_id.
    """

    crm_id: str
    verb: Verb
    type: RecordType
    stated: Json = field(default_factory=dict)
    base_revision: int | None = None
    names: str | None = None
    guard: Guard = unconditionally

    @cached_property
    def fields(self) -> Fields:
        """The document's fields that were mentioned; some perhaps in part (``RecordType.completed``)."""
        return self.type.stated(self.stated)

    @cached_property
    def extra(self) -> Json:
        """What was mentioned of the rest, null and empty alike."""
        said = {
            name: self.stated[name] or none for name, none in self.type.own.items() if name in self.stated
        }
        if "created_at" in said:
            said["created_at"] = moment(said["created_at"])
        return said

    @property
    def updated_at(self) -> datetime | None:
        return self.stated.get("updated_at")

    def stamp(self, *, now: datetime) -> Stamp:
        """Return when and by whom these values were given; a time in the future counts as now."""
        return Stamp(min(self.updated_at, now) if self.updated_at else None, Side.CRM)


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a write: the record as it is now, and what the caller should know about it."""

    record: Record | None
    status: HTTPStatus
    stale: bool = False
    merged: tuple[str, ...] = ()
