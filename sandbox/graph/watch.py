"""What the service does about subscriptions by itself: announce, remind, and let them end.

https://learn.microsoft.com/graph/change-notifications-lifecycle-events
"""

import uuid
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from sandbox.faults import Notification
from sandbox.graph import ids, series
from sandbox.graph.alarm import Alarm
from sandbox.graph.courier import Courier, Fate, Notice
from sandbox.graph.exchange import Exchange, Happening
from sandbox.graph.store import Kind
from sandbox.graph.subscriptions import Subscription, Subscriptions
from sandbox.graph.values import shown_time
from sandbox.world import World

Lifecycle = Literal["reauthorizationRequired", "subscriptionRemoved", "missed"]

DELAYED, OVERTAKEN = timedelta(seconds=30), timedelta(seconds=1)
HOUR, QUARTER_HOUR = timedelta(hours=1), timedelta(minutes=15)


class Watch:
    def __init__(self, world: World, exchange: Exchange, subscriptions: Subscriptions) -> None:
        self.world, self.exchange, self.subscriptions = world, exchange, subscriptions
        self.alarm = Alarm(world.now)
        self.courier = Courier(world, self.alarm, fate=self._fate, lost=self._lost)
        self.reminders: dict[str, datetime] = {}
        exchange.listeners.append(self.announce)
        world.clock_moved.append(self.alarm.ring)
        world.backgrounds += [self.courier.run, self.run]

    def live(self, subscription_id: str) -> Subscription | None:
        found = self.subscriptions.by_id.get(subscription_id)
        return found if found and found.expires_at > self.world.now() else None

    def keep(self, subscription: Subscription) -> Subscription:
        """Make a subscription, or renew, change or reauthorize it."""
        kept: Subscription = self.world.commit("subscription.kept", msgspec.to_builtins(subscription))
        self.reminders[kept.id] = next_reminder(kept, now=self.world.now())
        self.courier.resume()
        self.alarm.ring()
        return kept

    def remove(self, subscription: Subscription) -> None:
        self.world.commit("subscription.removed", {"id": subscription.id})
        self.reminders.pop(subscription.id, None)

    def announce(self, happening: Happening) -> None:
        """Tell everybody who subscribed to this, unless notifications are switched off or go wrong."""
        if not self.world.settings.notifications:
            return
        for subscription in self.subscriptions.of_mailbox(happening.person.oid):
            if subscription.wants(happening) and subscription.expires_at > self.world.now():
                self._announce_to(subscription, happening)

    def tell(self, subscription: Subscription, event: Lifecycle) -> None:
        """Send a lifecycle event to who asked for them. Quirk: of tasks, there is a reminder only.

        https://learn.microsoft.com/graph/change-notifications-overview
        """
        if subscription.kind is Kind.TASK and event != "reauthorizationRequired":
            return
        if subscription.lifecycle_url and self.world.settings.notifications:
            document = _common(subscription) | {"lifecycleEvent": event}
            self.courier.send(Notice(subscription.id, subscription.lifecycle_url, document, self.world.now()))

    async def run(self) -> None:
        """End what has expired and remind whose authorization runs out, whenever the time comes."""
        while True:
            now = self.world.now()
            for subscription in list(self.subscriptions.by_id.values()):
                self._look_after(subscription, now)
            await self.alarm.wait(self._next_time())

    def _next_time(self) -> datetime | None:
        living = self.subscriptions.by_id.values()
        return min((min(s.expires_at, self.reminders[s.id]) for s in living), default=None)

    def _look_after(self, subscription: Subscription, now: datetime) -> None:
        if subscription.expires_at <= now:
            self.remove(subscription)
            self.tell(subscription, "subscriptionRemoved")
            return
        if subscription.id not in self.reminders:  # the process began again
            running = subscription.authorized_until > now
            self.reminders[subscription.id] = next_reminder(subscription, now=now) if running else now
        if self.reminders[subscription.id] <= now:
            self.tell(subscription, "reauthorizationRequired")
            self.reminders[subscription.id] = next_reminder(subscription, now=now)

    def _announce_to(self, subscription: Subscription, happening: Happening) -> None:
        effects = self.world.faults.struck(
            (Notification,),
            method="POST",
            path=f"/v1.0/{subscription.resource.strip('/')}",
            mail=happening.person.mail,
        )
        kinds = {effect.notification for effect in effects if isinstance(effect, Notification)}
        if "lose" in kinds:
            return
        after = DELAYED if "delay" in kinds else OVERTAKEN if "reorder" in kinds else timedelta()
        document = _common(subscription) | self._change(subscription, happening)
        notice = Notice(subscription.id, subscription.notification_url, document, self.world.now())
        for _ in range(2 if "duplicate" in kinds else 1):
            self.courier.send(notice, after=after)

    def _change(self, subscription: Subscription, happening: Happening) -> dict[str, Any]:
        mailbox, item = self.exchange.mailboxes.of(happening.person.oid), happening.item
        occurrence = None if happening.day is None else (series.state(item.fields)["epoch"], happening.day)
        immutable = subscription.immutable_ids and item.kind is not Kind.TASK
        shown_id = mailbox.item_id(item, immutable=immutable, occurrence=occurrence)
        name, within = item.kind.capitalize(), f"{item.kind.capitalize()}s"
        if item.kind is Kind.TASK:
            name, within = "TodoTask", f"todo/lists/{mailbox.folder_id(happening.folder)}/tasks"
        path = f"Users/{happening.person.oid}/{within}/{shown_id}"
        data = {
            "@odata.type": f"#Microsoft.Graph.{name}",
            "@odata.id": path,
            "@odata.etag": ids.etag(mailbox.owner, item.version),
            "id": shown_id,
        }
        return {
            "id": uuid.uuid4().hex,
            "changeType": happening.kind.value,
            "resource": path,
            "resourceData": data,
        }

    def _fate(self, notice: Notice) -> Fate:
        """Hold notifications while the token behind the subscription is over; lifecycle events still go."""
        if "lifecycleEvent" in notice.document:
            return "go"
        subscription = self.live(notice.subscription)
        if subscription is None:
            return "drop"
        return "go" if subscription.authorized_until > self.world.now() else "hold"

    def _lost(self, notice: Notice) -> None:
        subscription = self.live(notice.subscription)
        if subscription and "lifecycleEvent" not in notice.document:
            self.tell(subscription, "missed")


def next_reminder(subscription: Subscription, *, now: datetime) -> datetime:
    """Return when to ask for a new authorization: a part of the time left, then every quarter of an hour."""
    left = min(subscription.authorized_until, subscription.expires_at) - now
    if left > 3 * HOUR:
        return now + left / 4
    return now + (left / 2 if left >= HOUR else QUARTER_HOUR)


def _common(subscription: Subscription) -> dict[str, Any]:
    return {
        "subscriptionId": subscription.id,
        "subscriptionExpirationDateTime": shown_time(subscription.expires_at),
        "clientState": subscription.client_state,
        "tenantId": subscription.tenant_id,
    }
