"""What an explanation looks like (``api.md`` §8)."""

from typing import Any, Literal

from pydantic import Field

from app.records.reasons import Reason
from app.routers.record_shapes import StandName
from app.routers.shapes import Answer, Moment

Direction = Literal["disabled", "crm_to_microsoft", "microsoft_to_crm", "two_way"]


class ItemAnswer(Answer):
    """The record's counterpart in the mailbox."""

    id: str = Field(title="Id", description="Its id at Microsoft Graph.", examples=["AAMkAGI2TAAA="])
    container: str | None = Field(
        title="Container",
        description="Graph's id of the folder it is in; null where it was moved elsewhere.",
        examples=["AAMkAGI2AAEv="],
    )
    web_link: str | None = Field(
        title="Web link",
        description="Where Outlook shows it, as far as Microsoft tells: of a contact it doesn't.",
        examples=["https://outlook.office365.com/owa/?itemid=AAMkAGI2TAAA%3D"],
    )


class WriteAnswer(Answer):
    """One write that is owed."""

    write: Literal["create", "update", "delete"] = Field(
        title="Write", description="What is to be done.", examples=["update"]
    )
    fields: list[str] = Field(
        title="Fields", description="The fields in question; none for a deletion.", examples=[["job_title"]]
    )


class OwedAnswer(Answer):
    """What has yet to be written."""

    to_microsoft: WriteAnswer | None = Field(
        title="To Microsoft", description="What the mailbox is owed; null where it has it all."
    )
    to_crm: WriteAnswer | None = Field(
        title="To the CRM", description="What the CRM has yet to be told; null where it knows it all."
    )


class DecisionAnswer(Answer):
    """Why something was or wasn't written, at its time."""

    at: Moment = Field(title="At", description="When it was decided.")
    code: str = Field(
        title="Code", description="Why, as a code; GET /reasons explains it.", examples=["in_scope"]
    )
    detail: str = Field(
        title="Detail", description="Why, as a sentence.", examples=["The record belongs in this mailbox."]
    )
    run: str | None = Field(
        title="Run", description="The run that decided it, if it was one.", examples=["run_06a2k3v9"]
    )


class Explanation(Answer):
    """How a record stands in one mailbox, and why."""

    connection: str = Field(title="Connection", description="The connection's id.", examples=["con_06a2k3v9"])
    user: str = Field(title="User", description="The user whose mailbox it is.", examples=["agent-7"])
    direction: Direction = Field(title="Direction", description="Which way it syncs.", examples=["two_way"])
    state: StandName = Field(title="State", description="Where it stands.", examples=["synced"])
    in_scope: bool = Field(
        title="In scope", description="Whether it belongs in this mailbox.", examples=[True]
    )
    reason: Reason = Field(
        title="Reason", description="Why, as a code; GET /reasons explains it.", examples=["in_scope"]
    )
    detail: str = Field(
        title="Detail",
        description="Why, as a sentence for whoever asks.",
        examples=["Ada Lovelace is in the mailbox adele@contoso.example, and both sides agree."],
    )
    linked: bool = Field(title="Linked", description="Whether it is tied to an item there.", examples=[True])
    item: ItemAnswer | None = Field(title="Item", description="That item; null where there is none.")
    microsoft_had: dict[str, Any] = Field(
        title="Microsoft had",
        description="What the item last held, in the record's own fields; those it didn't hold are left out.",
        examples=[{"display_name": "Ada Lovelace", "job_title": "Programmer"}],
    )
    crm_had: dict[str, Any] = Field(
        title="CRM had",
        description="What the CRM was last known to hold; fields it didn't hold are left out.",
        examples=[{"display_name": "Ada Lovelace", "job_title": "Programmer"}],
    )
    owed: OwedAnswer = Field(title="Owed", description="What has yet to be written, either way.")
    decisions: list[DecisionAnswer] = Field(
        title="Decisions", description="The last twenty about it here, the latest first."
    )
    next_attempt_at: Moment | None = Field(
        title="Next attempt", description="When what waits is tried next, if it waits.", examples=[None]
    )
    problem: dict[str, Any] | None = Field(
        title="Problem", description="What stands in its way, with the cure.", examples=[None]
    )


class Explained(Answer):
    """A record, or an item that no record knows, in each mailbox it has to do with."""

    crm_id: str | None = Field(
        title="CRM id", description="The record's id in the CRM, if it has one.", examples=["c-1001"]
    )
    record_id: str | None = Field(
        title="Record id",
        description="Concord's own id; null for an item that no record knows.",
        examples=["rec_06a2k3v9"],
    )
    revision: int | None = Field(
        title="Revision", description="The record's revision; null without a record.", examples=[7]
    )
    record_url: str | None = Field(
        title="Record URL",
        description="Where the CRM shows it, by the workspace's `record_url_template`.",
        examples=["https://crm.example/contact/c-1001"],
    )
    connections: list[Explanation] = Field(
        title="Connections", description="One entry per connection of an owner, and any other with a link."
    )


class Explanations(Answer):
    """Whatever has this id or address."""

    data: list[Explained] = Field(title="Explanations", description="One entry per record or item.")
