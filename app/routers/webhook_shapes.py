"""What webhooks and their deliveries look like (``api.md`` §6)."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from app.routers.change_shapes import ChangeType
from app.routers.shapes import Answer, Body, Moment

Types = Annotated[list[ChangeType], Field(min_length=1, max_length=50)]
READ_ONLY = frozenset(
    {"id", "status", "problem", "oldest_undelivered_at", "created_at", "updated_at", "secret"}
)


class WebhookIn(Body):
    """An endpoint of the CRM that changes are delivered to."""

    read_only: ClassVar[frozenset[str]] = READ_ONLY

    url: str = Field(
        min_length=1,
        max_length=2048,
        title="URL",
        description="Where changes are posted: https, on a public address.",
        examples=["https://crm.example/concord"],
        json_schema_extra={"format": "uri"},
    )
    types: Types = Field(
        default=["*"],
        title="Types",
        description="Which changes are delivered; `contact.*` is all of a kind.",
        examples=[["contact.*"]],
    )
    acknowledges: bool = Field(
        default=False,
        title="Acknowledges",
        description="Its answers acknowledge, name and reject: it is the system of record for its types.",
        examples=[True],
    )


class WebhookPatch(Body):
    """What to change of an endpoint."""

    read_only: ClassVar[frozenset[str]] = READ_ONLY - {"status"}

    url: str | None = Field(
        default=None,
        min_length=1,
        max_length=2048,
        title="URL",
        description="Where changes are posted.",
        examples=["https://crm.example/concord"],
        json_schema_extra={"format": "uri"},
    )
    types: Types | None = Field(
        default=None, title="Types", description="Which changes are delivered.", examples=[["contact.*"]]
    )
    acknowledges: bool | None = Field(
        default=None, title="Acknowledges", description="Its answers acknowledge changes.", examples=[True]
    )
    status: Literal["active", "failing", "disabled"] | None = Field(
        default=None,
        title="Status",
        description="`active` switches a disabled endpoint on again, `disabled` switches it off.",
        examples=["active"],
    )


class Webhook(Answer):
    """An endpoint of the CRM."""

    id: str = Field(title="Id", description="The endpoint's id.", examples=["whk_06a2k3v9"])
    url: str = Field(
        title="URL", description="Where changes are posted.", examples=["https://crm.example/concord"]
    )
    types: list[str] = Field(
        title="Types", description="Which changes are delivered.", examples=[["contact.*"]]
    )
    acknowledges: bool = Field(
        title="Acknowledges", description="Its answers acknowledge changes.", examples=[False]
    )
    status: Literal["active", "failing", "disabled"] = Field(
        title="Status", description="Whether deliveries get through.", examples=["active"]
    )
    problem: dict[str, Any] | None = Field(
        title="Problem", description="What is wrong, and what to do about it.", examples=[None]
    )
    oldest_undelivered_at: Moment | None = Field(
        title="Oldest undelivered", description="When the oldest change it lacks happened.", examples=[None]
    )
    created_at: Moment = Field(title="Created", description="When it was made.")
    updated_at: Moment = Field(title="Updated", description="When it was last changed.")


class NewWebhook(Webhook):
    """A fresh endpoint with its secret."""

    secret: str | None = Field(
        title="Secret",
        description="Verifies signatures (Standard Webhooks). Shown once: a repeated request gets null.",
        examples=["whsec_…"],
    )


class RotateIn(Body):
    """How to change an endpoint's secret."""

    overlap_hours: int = Field(
        default=24,
        ge=0,
        le=168,
        title="Overlap",
        description="How long deliveries are signed with the previous secret as well.",
        examples=[24],
        json_schema_extra={"x-unit": "hours"},
    )


class Rotated(Answer):
    """A fresh secret."""

    secret: str | None = Field(
        title="Secret", description="The new secret, shown once.", examples=["whsec_…"]
    )
    previous_valid_until: Moment = Field(
        title="Previous valid until", description="Until then both secrets sign."
    )


class ReplayIn(Body):
    """From where to deliver again."""

    after: str = Field(
        max_length=200,
        title="After",
        description="A cursor of the feed: what comes after it is delivered again.",
        examples=["d3NfMDZhOjQy"],
    )


class Delivery(Answer):
    """One batch of changes on its way to an endpoint."""

    id: str = Field(title="Id", description="The delivery's id, its `webhook-id`.", examples=["dlv_06a2k3v9"])
    status: Literal["pending", "delivered", "halved", "parked", "replaced", "failed"] = Field(
        title="Status",
        description="`halved`: tried again as two; `parked`: given up after a day, while others got through.",
        examples=["delivered"],
    )
    changes: int = Field(title="Changes", description="How many changes it carries.", examples=[3])
    attempts: int = Field(title="Attempts", description="How often it was tried.", examples=[1])
    next_attempt_at: Moment | None = Field(
        title="Next attempt", description="When it is tried again.", examples=[None]
    )
    response_status: int | None = Field(
        title="Response", description="The endpoint's last status code.", examples=[200]
    )
    error: str | None = Field(title="Error", description="What went wrong last.", examples=[None])
    created_at: Moment = Field(title="Created", description="When it was put together.")
    updated_at: Moment = Field(title="Updated", description="When it was last tried.")
