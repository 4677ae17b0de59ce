"""Subscriptions as a part of the world: who wants to hear of what, where, and until when."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from sandbox.graph.exchange import Happening
from sandbox.graph.store import Kind
from sandbox.log import Body, Command
from sandbox.world import Applier

LONGEST = {
    Kind.CONTACT: timedelta(minutes=10_080),
    Kind.EVENT: timedelta(minutes=10_080),
    Kind.TASK: timedelta(minutes=4_230),
}


@dataclass(frozen=True, slots=True)
class Subscription:
    """A promise to post the changes of one folder to an address.

    ``authorized_until`` is when the access token ends that made or last renewed it: without a new one,
    delivery pauses then.
    """

    id: str
    app_id: str
    tenant_id: str
    owner: str  # whose mailbox
    creator: str
    folder: int
    resource: str
    change_types: tuple[str, ...]
    notification_url: str
    expires_at: datetime
    authorized_until: datetime
    immutable_ids: bool
    lifecycle_url: str | None = None
    client_state: str | None = None
    tls: str = "v1_2"
    kind: Kind = Kind.CONTACT

    def wants(self, happening: Happening) -> bool:
        return (
            happening.person.oid == self.owner
            and happening.folder == self.folder
            and happening.kind.value in self.change_types
        )


class Subscriptions:
    def __init__(self) -> None:
        self.by_id: dict[str, Subscription] = {}
        self.by_owner: dict[str, dict[str, Subscription]] = {}

    @property
    def appliers(self) -> Mapping[str, Applier]:
        return {"subscription.kept": self._kept, "subscription.removed": self._removed}

    def of_mailbox(self, oid: str) -> list[Subscription]:
        return list(self.by_owner.get(oid, {}).values())

    def clear(self) -> None:
        self.by_id.clear()
        self.by_owner.clear()

    def snapshot(self) -> Iterator[Command]:
        yield from (("subscription.kept", msgspec.to_builtins(kept)) for kept in self.by_id.values())

    def _kept(self, body: Body) -> Subscription:
        subscription = msgspec.convert(body, Subscription)
        self.by_id[subscription.id] = subscription
        self.by_owner.setdefault(subscription.owner, {})[subscription.id] = subscription
        return subscription

    def _removed(self, body: Body) -> None:
        removed = self.by_id.pop(body["id"])
        del self.by_owner[removed.owner][removed.id]
