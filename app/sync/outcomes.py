"""What an endpoint's answer means: delivered, tried again, halved, set aside, parked or switched off."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

import orjson
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import Problem
from app.models import Delivery, Webhook
from app.states import state
from app.sync.acks import Ack, acknowledge
from app.sync.changes import Changes
from app.sync.deliveries import Deliveries
from app.sync.feed import News, announce
from app.sync.inbound import Room
from app.sync.webhooks import shown_webhook

RETRIES: Final = (
    timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2),
    timedelta(hours=5), timedelta(hours=10),
)  # fmt: skip
DAILY: Final = timedelta(days=1)
JITTER: Final = 0.2
HALVED_AFTER: Final = 3
MOST_ASIDE: Final = 10
PARKED_AFTER: Final = timedelta(hours=24)
DISABLED_AFTER: Final = timedelta(days=5)
TEST_LANE: Final = "test"
MOST_ITEMS: Final = 1000
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt. ``status`` is None where no answer came."""

    status: int | None = None
    error: str | None = None
    retry_after: timedelta | None = None
    answer: bytes = b""

    @property
    def good(self) -> bool:
        return self.status is not None and HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


async def note(
    session: AsyncSession,
    webhook_id: str,
    delivery_id: str,
    outcome: Outcome,
    *,
    lease_until: datetime,
    now: datetime,
) -> None:
    """Note what came of an attempt, unless another worker has taken the endpoint over."""
    webhook = await session.get(
        Webhook, (session.info["workspace"], webhook_id), with_for_update=True, populate_existing=True
    )
    if webhook is None or webhook.lease_until != lease_until:
        return
    webhook.lease_until = None
    delivery = await Deliveries(session).get(delivery_id)
    if delivery is None or delivery.status not in {"pending", "aside"}:
        return
    delivery.response_status, delivery.updated_at = outcome.status, now
    delivery.error = outcome.error or (None if outcome.good else f"The endpoint answered {outcome.status}.")
    if outcome.good:
        await _delivered(session, webhook, delivery, outcome, now=now)
    elif delivery.lane == TEST_LANE:
        delivery.status = "failed"
    else:
        await _failed(session, webhook, delivery, outcome, now=now)


async def _delivered(
    session: AsyncSession, webhook: Webhook, delivery: Delivery, outcome: Outcome, *, now: datetime
) -> None:
    delivery.status, delivery.body, delivery.next_attempt_at = "delivered", None, None
    await Changes(session).note_delivered(delivery.seqs, now=now)
    await _next_in_lane(session, delivery)
    if webhook.failing_since is not None:
        log.info("webhook.recovered", webhook=webhook.id)
    if webhook.status == "failing":
        webhook.status, webhook.updated_at = "active", now
    webhook.failing_since = webhook.problem = webhook.next_attempt_at = None
    if webhook.acknowledges and delivery.seqs:
        await _acknowledge(session, outcome.answer, now=now)


async def _next_in_lane(session: AsyncSession, delivery: Delivery) -> None:
    """Let what waited behind this one come next."""
    if delivery.lane is not None:
        following = await Deliveries(session).next_in_lane(delivery.webhook_id, delivery.lane)
        if following is not None:
            following.status = "aside"


async def _failed(
    session: AsyncSession, webhook: Webhook, delivery: Delivery, outcome: Outcome, *, now: datetime
) -> None:
    if delivery.status == "pending" and webhook.failing_since is None:
        webhook.failing_since = now
        log.warning("webhook.failing", webhook=webhook.id, status=outcome.status)
    since = webhook.failing_since
    if outcome.status == HTTPStatus.GONE or (since is not None and since <= now - DISABLED_AFTER):
        disable(session, webhook, now=now)
        return
    wait = RETRIES[delivery.attempts - 1] if delivery.attempts <= len(RETRIES) else DAILY
    wait = max(wait * random.uniform(1, 1 + JITTER), outcome.retry_after or timedelta(0))  # noqa: S311
    delivery.next_attempt_at = now + wait
    if delivery.status == "aside" and since is None and delivery.created_at <= now - PARKED_AFTER:
        # Others get through, so it is this change that the endpoint can't take.
        delivery.status, delivery.next_attempt_at = "parked", None
        await _next_in_lane(session, delivery)
        log.warning("delivery.parked", webhook=webhook.id, delivery=delivery.id)
    elif delivery.status == "pending" and delivery.attempts >= HALVED_AFTER:
        await _divide(session, delivery, now=now)
    if since is not None:
        webhook.status = "failing"
        webhook.problem = state(
            "webhook-failing", since=since, detail=delivery.error, next_attempt_at=delivery.next_attempt_at
        )


async def _divide(session: AsyncSession, delivery: Delivery, *, now: datetime) -> None:
    """Halve a batch that fails, until the change that the endpoint can't take is alone and set aside."""
    deliveries = Deliveries(session)
    if len(delivery.seqs) > 1:
        half, due = len(delivery.seqs) // 2, now + RETRIES[0]
        for seqs in (delivery.seqs[:half], delivery.seqs[half:]):
            deliveries.add(delivery.webhook_id, seqs=seqs, status="pending", next_attempt_at=due, now=now)
        delivery.status, delivery.body, delivery.next_attempt_at = "halved", None, None
        return
    asides = [d for d in await deliveries.open_of(delivery.webhook_id) if d.status == "aside"]
    if len(asides) >= MOST_ASIDE:
        return  # so many can't all be at fault: the endpoint is
    (change,) = await Changes(session).of_seqs(delivery.seqs)
    delivery.status, delivery.lane = "aside", change.record_id or change.change_id
    await _queue_behind(session, delivery, now=now)


async def _queue_behind(session: AsyncSession, head: Delivery, *, now: datetime) -> None:
    """Take later changes of the same record out of batches that were never sent."""
    deliveries = Deliveries(session)
    for batch in await deliveries.unfrozen(head.webhook_id):
        changes = await Changes(session).of_seqs(batch.seqs)
        held = [change.seq for change in changes if change.record_id == head.lane]
        if not held:
            continue
        for seq in held:
            deliveries.add(head.webhook_id, lane=head.lane, seqs=[seq], status="behind", now=now)
        batch.seqs = [seq for seq in batch.seqs if seq not in held]
        if not batch.seqs:
            batch.status, batch.next_attempt_at = "halved", None


def disable(session: AsyncSession, webhook: Webhook, *, now: datetime) -> None:
    """Switch an endpoint off and say so in the feed; its open deliveries stay for when it is on again."""
    webhook.status, webhook.updated_at, webhook.next_attempt_at = "disabled", now, None
    webhook.problem = state("webhook-disabled", since=now)
    log.warning("webhook.disabled", webhook=webhook.id)
    announce(
        session,
        News(
            type="webhook.disabled", subject=webhook.id, at=now, origin="concord",
            changed=("status",), snapshot=shown_webhook(webhook),
        ),
    )  # fmt: skip


async def _acknowledge(session: AsyncSession, answer: bytes, *, now: datetime) -> None:
    """Apply the acknowledgements in an endpoint's answer; what is wrong with one is told in the feed."""
    acks = acks_in(answer)
    if not acks:
        return
    problems = await acknowledge(Room(session, "contacts", now), acks)
    for ack, problem in zip(acks, problems, strict=True):
        if problem is not None and ack.crm_id is not None:
            announce(session, _naming_failed(ack, problem, now=now))


def acks_in(answer: bytes) -> list[Ack]:
    """Return the well-formed items of an answer: an endpoint that says nothing of the kind says nothing."""
    try:
        items = orjson.loads(answer)["changes"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return []
    return [ack for item in items[:MOST_ITEMS] if (ack := _ack(item))] if isinstance(items, list) else []


def _ack(item: Any) -> Ack | None:
    match item:
        case {"id": str(id), "rejected": dict()}:
            return Ack(id, rejected=True)
        case {"id": str(id), "crm_id": str(crm_id)}:
            return Ack(id, crm_id)
        case {"id": str(id)}:
            return Ack(id)
        case _:
            return None


def _naming_failed(ack: Ack, problem: Problem, *, now: datetime) -> News:
    snapshot = {
        "change": ack.id,
        "crm_id": ack.crm_id,
        "problem": problem.document(instance=f"/changes/{ack.id}"),
    }
    return News(
        type="naming.failed", subject=ack.id, at=now, origin="concord", reason=problem.slug, snapshot=snapshot
    )
