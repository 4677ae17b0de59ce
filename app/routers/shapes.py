"""What request and answer bodies are made of."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.IGNORECASE)


def _rfc3339(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not RFC_3339.fullmatch(value):
        raise ValueError("This must be a time as in 2026-03-02T09:00:00Z.")
    return value


Moment = Annotated[
    datetime,
    BeforeValidator(_rfc3339),
    AfterValidator(lambda moment: moment.astimezone(UTC)),
    Field(strict=False, examples=["2026-03-02T09:00:00Z"]),
]
"""A time, RFC 3339; whatever its offset, it is kept and told in UTC."""

EntityName = Literal["contacts", "calendar", "tasks", "mail", "files"]


class Body(BaseModel):
    """A request body: nothing unknown, no value of another type. Read-only fields are let in and ignored."""

    model_config = ConfigDict(extra="forbid", strict=True)
    read_only: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _leave_out_what_is_read_only(cls, body: Any) -> Any:
        if not isinstance(body, dict):
            return body
        return {name: value for name, value in body.items() if name not in cls.read_only}

    def said(self) -> dict[str, Any]:
        """Return the fields that the caller mentioned, and only those."""
        return self.model_dump(exclude_unset=True)


class Answer(BaseModel):
    """An answer's body."""

    model_config = ConfigDict(from_attributes=True)


Item = TypeVar("Item")


class Listing(BaseModel, Generic[Item]):
    """One page of a list."""

    data: list[Item] = Field(title="Entries", description="The entries of this page.")
    next_cursor: str | None = Field(
        title="Next cursor",
        description="Send it as `cursor` for the next page; null on the last.",
        examples=[None],
    )
