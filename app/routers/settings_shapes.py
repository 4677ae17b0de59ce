"""How settings screens show what can be chosen: groups, places, what a field puts at risk (``x-…``)."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field, WithJsonSchema

from app.routers.shapes import Body

GROUPS: Final[list[Any]] = [
    {"id": "sync", "title": "What syncs", "order": 1},
    {"id": "conflicts", "title": "When both sides change", "order": 2},
    {"id": "removal", "title": "When something is removed", "order": 3},
    {"id": "state", "title": "State", "order": 4},
]
DEFAULTS_GROUPS: Final[list[Any]] = [
    *(group for group in GROUPS if group["id"] != "state"),
    {"id": "locks", "title": "What people can't change", "order": 9},
]
ON: Final = ["crm_to_microsoft", "microsoft_to_crm", "two_way"]
SENDS: Final = ["crm_to_microsoft", "two_way"]
HEARS: Final = ["microsoft_to_crm", "two_way"]


def shown(order: int, group: str, widget: str | None = None, **more: Any) -> dict[str, Any]:
    """Say where and how a screen shows a field (None: by its parts); ``more`` gets its ``x-`` here."""
    return {
        "x-order": order,
        "x-group": group,
        **({"x-widget": widget} if widget else {}),
        **{f"x-{name.replace('_', '-')}": value for name, value in more.items()},
    }


def deletes(order: int, side: Literal["crm", "microsoft"], *, title: str, detail: str) -> dict[str, Any]:
    """Say where a screen shows a choice that can delete on one side, and what it asks before."""
    return shown(
        order, "removal", "radio", show_if={"direction": SENDS if side == "microsoft" else HEARS},
        danger=f"deletes_in_{side}", confirm={"values": ["delete"], "title": title, "detail": detail},
    )  # fmt: skip


def lockable(choices: type[Body]) -> WithJsonSchema:
    """Describe a list of fields that can be chosen, each by its title."""
    return WithJsonSchema(
        {
            "type": "array",
            "uniqueItems": True,
            "items": {
                "type": "string",
                "oneOf": [
                    {"const": name, "title": str(part.title)} for name, part in choices.model_fields.items()
                ],
            },
        }
    )


READ_ONLY: Final = frozenset({"entity", "inherited", "locked", "revision", "run"})


def hidden(order: int, *, read_only: bool = True) -> dict[str, Any]:
    """Say that a field is not for the screen."""
    return {**shown(order, "state", "hidden"), **({"readOnly": True} if read_only else {})}


NAMES: Final = WithJsonSchema({"type": "array", "uniqueItems": True, "items": {"type": "string"}})


class Whole(Body):
    """All settings of an entity at once."""

    def said(self) -> dict[str, Any]:
        """Return the fields that the caller mentioned; a rule of null is none."""
        said = super().said()
        if "field_overrides" in said:
            said["field_overrides"] = {name: rule for name, rule in said["field_overrides"].items() if rule}
        return said


class Standing(Body):
    """What an answer says of settings besides what is chosen."""

    entity: str = Field(
        default="",
        title="Entity",
        description="What these settings are about.",
        examples=["contacts"],
        json_schema_extra=hidden(101),
    )
    inherited: Annotated[list[str], NAMES] = Field(
        default=[],
        title="Inherited",
        description="Fields that nobody chose here, so that the workspace's default counts.",
        examples=[["folder_name"]],
        json_schema_extra=hidden(102, read_only=False),
    )
    locked: Annotated[list[str], NAMES] = Field(
        default=[],
        title="Locked",
        description="Fields that the workspace doesn't let connections choose.",
        examples=[["direction"]],
        json_schema_extra=hidden(103),
    )
    revision: int = Field(
        default=0,
        title="Revision",
        description="Counts the changes of this choice; the `ETag`.",
        examples=[3],
        json_schema_extra=hidden(104),
    )
    run: Annotated[str | None, WithJsonSchema({"type": ["string", "null"]})] = Field(
        default=None,
        title="Run",
        description="The run that this change started, or the one under way.",
        examples=["run_06a2k3v9"],
        json_schema_extra=hidden(105),
    )


PREVIEWED: Final[Any] = Field(
    default=None,
    title="Previewed",
    description="The run of the preview of this very change: its counts are approved. Refused where the plan"
    " has grown since.",
    examples=["run_06a2k3v9"],
)
Previewed = Annotated[
    str | None, Field(max_length=64), WithJsonSchema({"type": ["string", "null"], "maxLength": 64})
]
