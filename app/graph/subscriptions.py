"""Change subscriptions: Graph tells a URL of ours when something in a folder changes.

https://learn.microsoft.com/en-us/graph/api/resources/subscription
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Self

from app.graph.batch import Call
from app.graph.mailbox import Mailbox
from app.graph.protocol import DEFAULT_WAIT, Conflict, Document, NotFound, OutcomeUnknown, Rejected

CHANGES = "created,updated,deleted"
# Microsoft allows 10,080 minutes of most, 4,230 of tasks (until 2024 of all). What it answers is what counts.
LONG, SHORT = timedelta(minutes=10_070), timedelta(minutes=4_200)


@dataclass(frozen=True, slots=True)
class Wish:
    """What we ask Graph to tell us, where, and how long."""

    resource: str
    notification_url: str
    lifecycle_url: str
    client_state: str
    lasts: timedelta = LONG


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A subscription as Graph answered it."""

    id: str
    resource: str
    changes: str
    notification_url: str
    expires_at: datetime

    @classmethod
    def parse(cls, document: Document) -> Self:
        """Read a subscription."""
        try:
            return cls(
                document["id"],
                document["resource"],
                document["changeType"],
                document["notificationUrl"],
                datetime.fromisoformat(document["expirationDateTime"]).astimezone(UTC),
            )
        except (KeyError, ValueError, TypeError):
            raise OutcomeUnknown("Graph's answer is not a subscription.", after=DEFAULT_WAIT) from None

    def is_of(self, wish: Wish) -> bool:
        """Say whether this one stands in the wish's way: an app has one for a resource and its changes."""
        same_resource = self.resource.strip("/") == wish.resource.strip("/")
        return same_resource and set(self.changes.split(",")) == set(CHANGES.split(","))


async def subscribe(mailbox: Mailbox, wish: Wish, *, now: datetime) -> Subscribed:
    """Create the subscription; Graph calls both URLs before it answers. Adopts or replaces an earlier one."""
    try:
        return await _create(mailbox, wish, now=now)
    except Conflict as conflict:
        async for found in _listed(mailbox):
            if found.is_of(wish):
                if found.notification_url == wish.notification_url:
                    return await extend(mailbox, found.id, lasts=wish.lasts, now=now)
                # It tells a URL that we left: another address of ours, or another connection's.
                await unsubscribe(mailbox, found.id)
                return await _create(mailbox, wish, now=now)
        raise conflict from None


async def extend(
    mailbox: Mailbox, subscription_id: str, *, now: datetime, lasts: timedelta = LONG
) -> Subscribed:
    """Move the expiry as far as allowed; that reauthorizes too. Raises NotFound where it is no more.

    Quirk: a PATCH and a reauthorize within ten minutes confuse the service, so the PATCH does for both.
    https://learn.microsoft.com/en-us/graph/change-notifications-lifecycle-events
    """
    return await _lasting(mailbox, Call("PATCH", f"/subscriptions/{subscription_id}"), {}, lasts, now=now)


async def unsubscribe(mailbox: Mailbox, subscription_id: str) -> None:
    """Delete the subscription; one that is no more is deleted already."""
    try:
        await mailbox.request(Call("DELETE", f"/subscriptions/{subscription_id}"))
    except NotFound:
        return


async def _create(mailbox: Mailbox, wish: Wish, *, now: datetime) -> Subscribed:
    body = {
        "changeType": CHANGES,
        "resource": wish.resource,
        "notificationUrl": wish.notification_url,
        "lifecycleNotificationUrl": wish.lifecycle_url,
        "clientState": wish.client_state,
    }
    return await _lasting(mailbox, Call("POST", "/subscriptions"), body, wish.lasts, now=now)


async def _lasting(
    mailbox: Mailbox, call: Call, body: Document, lasts: timedelta, *, now: datetime
) -> Subscribed:
    """Ask for a life as long as wished, and where that is refused for the shorter one."""
    try:
        made = await mailbox.request(replace(call, body={**body, **_until(now + lasts)}))
    except Rejected:
        if lasts <= SHORT:
            raise
        made = await mailbox.request(replace(call, body={**body, **_until(now + SHORT)}))
    return Subscribed.parse(made)


async def _listed(mailbox: Mailbox) -> AsyncIterator[Subscribed]:
    link: str | None = "/subscriptions"
    while link:
        document = await mailbox.get(link)
        for found in document.get("value", ()):
            yield Subscribed.parse(found)
        link = document.get("@odata.nextLink")


def _until(moment: datetime) -> Document:
    return {"expirationDateTime": moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
