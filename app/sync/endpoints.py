"""Make, change and replay the CRM's endpoints."""

import secrets
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.db import ring
from app.errors import AcknowledgerTaken
from app.ids import new_id
from app.models import Webhook
from app.security.seal import KeyRing
from app.sync.changes import Changes
from app.sync.deliver import KIND
from app.sync.deliveries import Deliveries
from app.sync.envelope import test_envelope
from app.sync.outcomes import TEST_LANE
from app.sync.timers import Timers
from app.sync.webhooks import Webhooks

SECRET_BYTES: Final = 32


async def make_webhook(
    session: AsyncSession,
    key_ring: KeyRing,
    *,
    url: str,
    types: Sequence[str],
    acknowledges: bool,
    now: datetime,
) -> tuple[Webhook, str]:
    """Make an endpoint that hears what happens from now on; return it with its secret."""
    webhooks = Webhooks(session)
    if acknowledges:
        await _be_the_only_one(webhooks, types, but=None)
    webhook_id, secret = new_id("whk", now), new_secret()
    sealed = key_ring.seal(secret.encode(), of=f"{webhooks.workspace}/{webhook_id}")
    head = await Changes(session).locked_head()
    webhook = webhooks.add(
        id=webhook_id, url=url, types=list(types), acknowledges=acknowledges, secret=sealed, position=head,
        now=now,
    )  # fmt: skip
    await session.flush()
    return webhook, secret


async def change_webhook(
    session: AsyncSession, webhook: Webhook, chosen: dict[str, Any], *, now: datetime
) -> None:
    """Change a locked endpoint. ``status`` active switches it on again: what it missed is delivered."""
    types, acknowledges = chosen.get("types", webhook.types), chosen.get("acknowledges", webhook.acknowledges)
    if acknowledges and ("types" in chosen or "acknowledges" in chosen):
        await _be_the_only_one(Webhooks(session), types, but=webhook.id)
    webhook.types, webhook.acknowledges, webhook.updated_at = list(types), acknowledges, now
    webhook.url = chosen.get("url", webhook.url)
    match chosen.get("status"):
        case "active" if webhook.status != "active":
            await _switch_on(session, webhook, now=now)
        case "disabled":
            webhook.status, webhook.next_attempt_at = "disabled", None


async def _switch_on(session: AsyncSession, webhook: Webhook, *, now: datetime) -> None:
    webhook.status, webhook.problem = "active", None
    webhook.failing_since = webhook.next_attempt_at = None
    for delivery in await Deliveries(session).open_of(webhook.id):
        delivery.next_attempt_at = now
    await _wake(session, webhook, now=now)


def rotate_secret(webhook: Webhook, key_ring: KeyRing, *, overlap: timedelta, now: datetime) -> str:
    """Give a locked endpoint a fresh secret; the previous one signs too for a while."""
    of, secret = f"{webhook.workspace_id}/{webhook.id}", new_secret()
    webhook.previous_secret, webhook.previous_valid_until = webhook.secret, now + overlap
    webhook.secret, webhook.updated_at = key_ring.seal(secret.encode(), of=of), now
    return secret


async def replay(session: AsyncSession, webhook: Webhook, *, after: int, now: datetime) -> None:
    """Deliver again what comes after a place of the feed; what was under way is part of that."""
    await Deliveries(session).give_up(webhook.id, now=now)
    webhook.position, webhook.next_attempt_at = after, None
    await _wake(session, webhook, now=now)


async def send_test(session: AsyncSession, webhook: Webhook, *, now: datetime) -> None:
    """Send an endpoint a message without changes, once."""
    body = test_envelope(webhook.workspace_id, webhook.id, now=now)
    Deliveries(session).add(webhook.id, lane=TEST_LANE, seqs=[], status="aside", body=body, now=now)
    await _wake(session, webhook, now=now)


async def _wake(session: AsyncSession, webhook: Webhook, *, now: datetime) -> None:
    await Timers(session).set(KIND, webhook.id, now)
    ring(session, KIND, workspace=webhook.workspace_id, target=webhook.id)


async def _be_the_only_one(webhooks: Webhooks, types: Sequence[str], *, but: str | None) -> None:
    """Refuse a second system of record for a type."""
    for other in await webhooks.acknowledging():
        if other.id != but and any(_overlap(one, another) for one in types for another in other.types):
            raise AcknowledgerTaken(f"{other.id} acknowledges some of these types.", webhook=other.id)


def _overlap(one: str, other: str) -> bool:
    """Say whether two types, or patterns of types, can fit the same change."""
    if one == other or "*" in {one, other}:
        return True
    one_kind, _, one_verb = one.partition(".")
    other_kind, _, other_verb = other.partition(".")
    return one_kind == other_kind and "*" in {one_verb, other_verb}


def new_secret() -> str:
    """Return a secret in the form of Standard Webhooks."""
    return f"whsec_{b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"
