"""What request and answer bodies are made of."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    create_model,
    model_validator,
)
from pydantic.fields import FieldInfo

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


def _whole(value: Any) -> Any:
    """Take 24.0 for 24. Quirk: JSON has one kind of number, and some languages write every number so.

    https://json-schema.org/draft/2020-12/json-schema-core#section-4.2.3
    """
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Body(BaseModel):
    """A request body: nothing unknown, no value of another type. Read-only fields are let in and ignored."""

    model_config = ConfigDict(extra="forbid", strict=True)
    read_only: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _leave_out_what_is_read_only(cls, body: Any) -> Any:
        if not isinstance(body, dict):
            return body
        return {name: _whole(value) for name, value in body.items() if name not in cls.read_only}

    def said(self) -> dict[str, Any]:
        """Return the fields that the caller mentioned, and only those."""
        return self.model_dump(exclude_unset=True)


class Answer(BaseModel):
    """An answer's body."""

    model_config = ConfigDict(from_attributes=True)


Item = TypeVar("Item")


class Listing(BaseModel, Generic[Item]):
    """One page of a list."""

    model_config = ConfigDict(json_schema_extra={"description": "One page of a list."})

    data: list[Item] = Field(title="Entries", description="The entries of this page.")
    next_cursor: str | None = Field(
        title="Next cursor",
        description="Send it as `cursor` for the next page; null on the last.",
        examples=[None],
    )


Json = dict[str, Any]
Made = TypeVar("Made", bound=Body)


LINE = r"^[^\x00-\x20\x7f-\xa0]([^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0])?$"
"""A line of text: no control characters, no space at either end."""


def matching(pattern: str, wrong: str) -> tuple[AfterValidator, FieldInfo]:
    """Take text of this pattern only; say to a person what is wrong, and to a program the pattern."""
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if not compiled.search(text) or text.endswith("\n"):
            raise ValueError(wrong)
        return text

    return AfterValidator(check), Field(json_schema_extra={"pattern": pattern})


def titled(*options: tuple[str, str, str]) -> WithJsonSchema:
    """Describe a choice as form renderers agree on it: const, title and description of each option."""
    return WithJsonSchema({"type": "string", "oneOf": [_option(*option) for option in options]})


def _option(const: str, title: str, description: str) -> Json:
    return {"const": const, "title": title, "description": description}


def only(*given: str, without: tuple[str, ...] = ()) -> Json:
    """Describe one of several ways to fill in a body: these fields, and none of the others."""
    absent: Json = {"type": "null"}
    there: Json = {"not": absent}
    return {"required": [*given], "properties": dict.fromkeys(given, there) | dict.fromkeys(without, absent)}


def unique(values: list[Any]) -> list[Any]:
    """Refuse a list that has an entry twice."""
    seen = [repr(value) for value in values]
    if len(set(seen)) != len(seen):
        raise ValueError("Each entry may occur once.")
    return values


def merge_patch_of(model: type[BaseModel]) -> Callable[[type[Made]], type[Made]]:
    """Make a class the merge patch (RFC 7396) of a document: every field optional, null takes it back."""

    def made(patch: type[Made]) -> type[Made]:
        return _patch_of(model, name=patch.__name__, base=patch, doc=patch.__doc__)

    return made


def _patch_of(model: type[BaseModel], *, name: str, base: type[Made], doc: str | None) -> type[Made]:
    fields: dict[str, Any] = {
        field: (_nullable(part), _like(part)) for field, part in model.model_fields.items()
    }
    made: type[Made] = create_model(name, __base__=base, __doc__=doc, __module__=base.__module__, **fields)
    made.read_only = base.read_only | getattr(model, "read_only", frozenset())
    return made


def _nullable(part: FieldInfo) -> Any:
    """Return the type of a field in a merge patch: null takes it back, unless it must be there."""
    kind: Any = part.annotation
    if part.is_required():
        return Annotated[(kind, *part.metadata)] if part.metadata else kind
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        kind = _patch_of(kind, name=f"{kind.__name__}Patch", base=Body, doc=kind.__doc__)
    return Annotated[(kind, *part.metadata)] | None if part.metadata else kind | None


def _like(part: FieldInfo) -> Any:
    extra = part.json_schema_extra if isinstance(part.json_schema_extra, dict) else {}

    def flat(schema: Json) -> None:
        schema.update(extra)
        inner, *others = schema.get("anyOf", [{}])
        if others == [{"type": "null"}] and "type" in inner:
            del schema["anyOf"]
            kinds = [inner["type"]] if isinstance(inner["type"], str) else inner["type"]
            schema.update(inner | {"type": [*(kind for kind in kinds if kind != "null"), "null"]})
            if "enum" in schema:
                schema["enum"] = [*schema["enum"], None]
            if "oneOf" in inner:
                schema["oneOf"] = [*inner["oneOf"], {"type": "null", "title": "The default"}]

    return Field(
        default=None,
        title=part.title,
        description=part.description,
        examples=part.examples,
        json_schema_extra=flat,
    )


def merged(document: Json, patch: Json) -> Json:
    """Apply a JSON merge patch (RFC 7396)."""
    result = dict(document)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            inner = result.get(name)
            result[name] = merged(inner if isinstance(inner, dict) else {}, value)
        else:
            result[name] = value
    return result
