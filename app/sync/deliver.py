"""Deliver changes to the CRM's endpoints: in order, signed, tried again, and never by two at once.

One worker at a time holds an endpoint's lease; no transaction is open while it posts. An attempt is counted
before it is made and its outcome noted after it, so a job that was killed is simply repeated.
"""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import httpx
import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.db import ring
from app.models import Delivery, Feed, Webhook
from app.security.seal import KeyRing
from app.sync.changes import Changes
from app.sync.deliveries import Deliveries
from app.sync.envelope import MOST_CHANGES, envelope, fitting, signed
from app.sync.outcomes import Outcome, note
from app.sync.resources import Resources
from app.sync.timers import Timers
from app.sync.webhooks import Webhooks

KIND: Final = "webhook"
PATIENCE_SECONDS: Final = 15.0
SLICE_SECONDS: Final = 15.0
MOST_ANSWER_BYTES: Final = 1024 * 1024
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One post under way: what is sent where, under which lease."""

    webhook_id: str
    lease_until: datetime
    delivery_id: str
    url: str
    body: str
    secrets: tuple[str, ...] = field(repr=False)


async def deliver(resources: Resources, workspace: str, target: str) -> None:
    """Post to one endpoint what it lacks and what is due again. Safe to repeat and to kill."""
    ends_at = time.monotonic() + SLICE_SECONDS
    while time.monotonic() < ends_at:
        attempt = await _begin(resources, workspace, target)
        if attempt is None:
            return
        outcome = await _post(resources.http, attempt)
        async with resources.db.transaction(workspace) as session:
            await note(
                session, attempt.webhook_id, attempt.delivery_id, outcome,
                lease_until=attempt.lease_until, now=clock.now(),
            )  # fmt: skip
    async with resources.db.transaction(workspace) as session:
        ring(session, KIND, workspace=workspace, target=target)


async def _begin(resources: Resources, workspace: str, target: str) -> Attempt | None:
    """Take the lease and count the attempt that is due, or set the timer for the next and return None."""
    now = clock.now()
    async with resources.db.transaction(workspace) as session:
        webhook = await Webhooks(session).claim(target, now=now)
        if webhook is None:
            await _leave(session, target)
            return None
        delivery = await _due(session, webhook, now=now)
        if delivery is None:
            webhook.lease_until = None
            await _rest(session, webhook, now=now)
            return None
        if delivery.body is None:
            changes = await Changes(session).of_seqs(delivery.seqs)
            delivery.body = envelope(workspace, changes, now=now)
        delivery.attempts += 1
        assert webhook.lease_until is not None  # noqa: S101  just claimed
        return Attempt(
            webhook.id, webhook.lease_until, delivery.id, webhook.url, delivery.body,
            secrets_of(webhook, resources.key_ring, now=now),
        )  # fmt: skip


def secrets_of(webhook: Webhook, key_ring: KeyRing, *, now: datetime) -> tuple[str, ...]:
    """Return the secrets to sign with: for a while after a rotation there are two."""
    of = f"{webhook.workspace_id}/{webhook.id}"
    secrets = [key_ring.open(webhook.secret, of=of).decode()]
    if webhook.previous_secret and webhook.previous_valid_until and webhook.previous_valid_until > now:
        secrets.append(key_ring.open(webhook.previous_secret, of=of).decode())
    return tuple(secrets)


async def _leave(session: AsyncSession, webhook_id: str) -> None:
    """Forget the timer of an endpoint that is gone or disabled; another's lease is left alone."""
    webhook = await session.get(Webhook, (session.info["workspace"], webhook_id))
    if webhook is None or webhook.status == "disabled":
        await Timers(session).clear(KIND, webhook_id)


async def _due(session: AsyncSession, webhook: Webhook, *, now: datetime) -> Delivery | None:
    """Return what is to be sent now: what was set aside, the first batch that waits, or a new one."""
    candidates = await _candidates(session, webhook)
    waiting = [delivery for delivery in candidates if delivery.status == "pending"]
    webhook.next_attempt_at = waiting[0].next_attempt_at if waiting else None
    for delivery in candidates:
        if delivery.next_attempt_at is None or delivery.next_attempt_at <= now:
            return delivery
    return None if waiting else await _gather(session, webhook, now=now)


async def _candidates(session: AsyncSession, webhook: Webhook) -> list[Delivery]:
    """Return what may be sent without leaving the order: what is set aside, and the first batch."""
    open_ = await Deliveries(session).open_of(webhook.id)
    waiting = [delivery for delivery in open_ if delivery.status == "pending"]
    return [delivery for delivery in open_ if delivery.status == "aside"] + waiting[:1]


async def _gather(session: AsyncSession, webhook: Webhook, *, now: datetime) -> Delivery | None:
    """Make a batch of the next changes; those of a record that waits in a lane queue up behind it."""
    deliveries = Deliveries(session)
    while True:
        page = await Changes(session).after(webhook.position, limit=MOST_CHANGES, types=webhook.types)
        lanes = await deliveries.lanes_of(webhook.id) if page.changes else ()
        free = [change for change in page.changes if change.record_id not in lanes]
        taken = free[: fitting(free)] if free else []
        position = page.position if len(taken) == len(free) else taken[-1].seq
        for change in page.changes:
            if change.record_id in lanes and change.seq <= position:
                deliveries.add(webhook.id, lane=change.record_id, seqs=[change.seq], status="behind", now=now)
        webhook.position = position
        if taken:
            return deliveries.add(
                webhook.id, seqs=[change.seq for change in taken], status="pending", now=now
            )
        if not page.has_more:
            return None
        await session.flush()


async def _rest(session: AsyncSession, webhook: Webhook, *, now: datetime) -> None:
    """Set the timer for the next attempt, or forget it where the endpoint has everything.

    The counter's lock is held while we look: whoever announces meanwhile comes after us and sets it again.
    """
    moments = [d.next_attempt_at for d in await _candidates(session, webhook) if d.next_attempt_at]
    if moments:
        await Timers(session).set(KIND, webhook.id, min(moments))
        return
    query = select(Feed.next).where(Feed.workspace_id == webhook.workspace_id).with_for_update()
    last = (await session.scalar(query) or 1) - 1
    if webhook.position >= last:
        await Timers(session).clear(KIND, webhook.id)
    else:
        await Timers(session).set(KIND, webhook.id, now)
        ring(session, KIND, workspace=webhook.workspace_id, target=webhook.id)


async def _post(http: httpx.AsyncClient, attempt: Attempt) -> Outcome:
    """Make one attempt. No transaction is open."""
    headers = signed(attempt.body, delivery_id=attempt.delivery_id, secrets=attempt.secrets)
    began = time.monotonic()
    try:
        async with (
            asyncio.timeout(PATIENCE_SECONDS),
            http.stream("POST", attempt.url, content=attempt.body, headers=dict(headers)) as response,
        ):
            answer = await _read(response)
    except (TimeoutError, httpx.TimeoutException):
        return Outcome(error=f"No answer within {PATIENCE_SECONDS:.0f} seconds.")
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        log.info("delivery.unreachable", error=type(error).__name__)
        return Outcome(error="The endpoint could not be reached.")
    log.debug("delivery.answered", status=response.status_code, seconds=round(time.monotonic() - began, 3))
    return Outcome(response.status_code, retry_after=_patience(response), answer=answer)


async def _read(response: httpx.Response) -> bytes:
    """Return the answer's body, or nothing of one that is too long to be an acknowledgement."""
    parts, size = [], 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > MOST_ANSWER_BYTES:
            return b""
        parts.append(part)
    return b"".join(parts)


def _patience(response: httpx.Response) -> timedelta | None:
    """Return how long the endpoint asks us to wait: seconds or a date."""
    said = response.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdecimal():
        return timedelta(seconds=min(int(said[:9]), 86_400))
    try:
        wait = parsedate_to_datetime(said) - datetime.now(UTC)
    except (ValueError, TypeError):
        return None
    return min(max(wait, timedelta(0)), timedelta(days=1))
