"""Subscriptions kept alive: made when missing, renewed at half-life, made again when Microsoft lost them.

A subscription is a convenience: whatever fails here is recorded and tried again later, and never blocks the
sync, which polls anyway.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.errors import Interruption, Refused, Throttled
from app.graph.mailbox import Mailbox
from app.graph.protocol import GraphError, NotFound
from app.graph.subscriptions import Subscribed, Wish, extend, subscribe, unsubscribe
from app.graph.translations import translation
from app.models import Collection, Connection, Subscription
from app.states import state
from app.sync.collections import Collections
from app.sync.mailboxes import open_mailbox
from app.sync.resources import Resources
from app.sync.subscriptions import Subscriptions
from app.sync.timers import Timers

KIND = "subscription"
# While a turn is under way nobody else is rung for it; one that was killed is repeated after this.
TURN = timedelta(minutes=1)
FIRST_RETRY, LAST_RETRY = timedelta(seconds=10), timedelta(hours=1)

log = structlog.get_logger()


class Step(StrEnum):
    """What a subscription needs now."""

    NOTHING = "nothing"
    CREATE = "create"
    REPLACE = "replace"
    EXTEND = "extend"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn at one collection's subscription."""

    step: Step
    workspace: str
    collection_id: str
    known: Subscription
    wish: Wish
    mailbox: Mailbox
    until: datetime


def next_step(
    collection: Collection, connection: Connection, known: Subscription, *, wish: Wish, now: datetime
) -> Step:
    """Decide what a collection's subscription needs. Whoever changes one of these sets the timer."""
    if connection.status != "active" or connection.paused:
        return Step.NOTHING  # nothing may be read or written there
    if not collection.hears:
        return Step.REMOVE
    if collection.container_id is None:
        return Step.NOTHING  # its folder is still to be made
    if known.graph_id is None or known.expires_at is None or known.expires_at <= now:
        return Step.CREATE
    if (known.resource, known.client_state) != (wish.resource, wish.client_state):
        return Step.REPLACE  # the folder was made anew, or another key of the ring signs now
    due = known.renew_at is None or known.renew_at <= now
    return Step.EXTEND if due else Step.NOTHING


async def renew(resources: Resources, workspace: str, target: str) -> None:
    """Give the collection ``target`` the subscription it needs, and set the timer for the next look."""
    turn = await _taken(resources, workspace, target)
    if turn is None:
        return
    try:
        made = await _carry_out(turn)
    except (GraphError, Interruption) as failure:
        await _note_failure(resources, turn, failure)
    else:
        await _note(resources, turn, made)


async def remove_subscriptions(resources: Resources, workspace: str, connection_id: str) -> tuple[int, int]:
    """Stop every subscription of a connection that is being disconnected, while its token is still alive.

    Returns (removed at Microsoft, left there to expire). Ours are forgotten either way.
    """
    async with resources.db.transaction(workspace) as session:
        rows = await Subscriptions(session).of_connection(connection_id)
        mailbox = await open_mailbox(resources, session, connection_id)
    removed = left = 0
    for graph_id in [row.graph_id for row in rows if row.graph_id is not None]:
        try:
            await unsubscribe(mailbox, graph_id)
            removed += 1
        except (GraphError, Interruption) as failure:
            log.warning("subscription.left_to_expire", reason=_reason(failure))
            left += 1
    async with resources.db.transaction(workspace) as session:
        for row in rows:
            await Subscriptions(session).drop(row.collection_id)
            await Timers(session).clear(KIND, row.collection_id)
    return removed, left


async def _taken(resources: Resources, workspace: str, target: str) -> Turn | None:
    """Take the turn and decide; None where there is nothing to ask of Microsoft."""
    now = clock.now()
    until = now + TURN
    async with resources.db.transaction(workspace) as session:
        timers = Timers(session)
        if not await timers.claim(KIND, target, now=now, until=until):
            return None
        collection, known = await _looked_up(session, target, now=now)
        if collection is None or known is None:
            await timers.clear(KIND, target)
            return None
        connection = await session.get_one(Connection, (workspace, collection.connection_id))
        wish = _wish(resources, collection, known)
        step = next_step(collection, connection, known, wish=wish, now=now)
        if step is Step.NOTHING:
            await _rest(timers, known, now=now)
            return None
        mailbox = await open_mailbox(resources, session, connection.id)
    return Turn(step, workspace, target, known, wish, mailbox, until)


async def _looked_up(
    session: AsyncSession, target: str, *, now: datetime
) -> tuple[Collection | None, Subscription | None]:
    collection = await Collections(session).get(target)
    known = await Subscriptions(session).get(target)
    if known is None and collection is not None and collection.hears:
        known = await Subscriptions(session).opened(collection, now=now)
    return collection, known


def _wish(resources: Resources, collection: Collection, known: Subscription) -> Wish:
    base = f"{resources.settings.public_url}/graph"
    words = translation(collection.entity)
    return Wish(
        resource=words.resource(str(collection.container_id)),
        notification_url=f"{base}/notifications/{known.route}",
        lifecycle_url=f"{base}/lifecycle/{known.route}",
        client_state=resources.key_ring.sign(_proof(known.route)),
        lasts=words.subscription_lasts,
    )


def proves(resources: Resources, route: str, client_state: str) -> bool:
    """Say whether a notification's word is one that we gave for this route, in constant time and no query."""
    return resources.key_ring.verify(_proof(route), client_state)


def _proof(route: str) -> str:
    return f"graph:{route}"


async def _rest(timers: Timers, known: Subscription, *, now: datetime) -> None:
    if known.graph_id is not None and known.renew_at is not None and known.renew_at > now:
        await timers.set(KIND, known.collection_id, known.renew_at)
    else:
        await timers.clear(KIND, known.collection_id)


async def _carry_out(turn: Turn) -> Subscribed | None:
    now, known = clock.now(), turn.known
    if turn.step is Step.EXTEND:
        assert known.graph_id is not None  # noqa: S101  else there is nothing to extend
        try:
            return await extend(turn.mailbox, known.graph_id, lasts=turn.wish.lasts, now=now)
        except NotFound:
            log.info("subscription.lost", collection=turn.collection_id)
    elif turn.step is not Step.CREATE and known.graph_id is not None:
        await unsubscribe(turn.mailbox, known.graph_id)
    if turn.step is Step.REMOVE:
        return None
    return await subscribe(turn.mailbox, turn.wish, now=now)


async def _note(resources: Resources, turn: Turn, made: Subscribed | None) -> None:
    now = clock.now()
    async with resources.db.transaction(turn.workspace) as session:
        timers, subscriptions = Timers(session), Subscriptions(session)
        if made is None:
            await subscriptions.drop(turn.collection_id)
            await timers.settle(KIND, turn.collection_id, until=turn.until, due_at=None)
            return
        # Half of what Microsoft granted, whatever we asked for.
        renew_at = now + max((made.expires_at - now) / 2, FIRST_RETRY)
        await subscriptions.move(
            turn.collection_id, graph_id=made.id, resource=turn.wish.resource,
            client_state=turn.wish.client_state, expires_at=made.expires_at, renew_at=renew_at,
            failures=0, problem=None, updated_at=now,
        )  # fmt: skip
        await timers.settle(KIND, turn.collection_id, until=turn.until, due_at=renew_at)
        # What changed while nobody told us is in the delta.
        Collections(session).ring([turn.collection_id], now=now, pull=True)
    if turn.known.problem is not None:
        log.info("subscription.recovered", collection=turn.collection_id)


async def _note_failure(resources: Resources, turn: Turn, failure: GraphError | Interruption) -> None:
    now, failures = clock.now(), turn.known.failures + 1
    backoff = min(FIRST_RETRY * 2 ** min(turn.known.failures, 10), LAST_RETRY)
    retry_at = now + max(backoff, failure.after if isinstance(failure, Interruption) else backoff)
    since = now if turn.known.problem is None else datetime.fromisoformat(turn.known.problem["since"])
    problem = state(_slug(failure), since=since, detail=_reason(failure), next_attempt_at=retry_at)
    async with resources.db.transaction(turn.workspace) as session:
        await Subscriptions(session).move(
            turn.collection_id, failures=failures, problem=problem, updated_at=now
        )
        await Timers(session).settle(KIND, turn.collection_id, until=turn.until, due_at=retry_at)
    if failures == 1:
        log.warning("subscription.failing", collection=turn.collection_id, reason=_reason(failure))


def _slug(failure: GraphError | Interruption) -> str:
    match failure:
        case Refused():
            return failure.problem
        case Throttled():
            return "throttled"
        case Interruption():
            return "microsoft-unavailable"
        case _:
            return "failing"  # Microsoft can't reach our URL, or will not have what we ask


def _reason(failure: GraphError | Interruption) -> str:
    if isinstance(failure, Interruption):
        return failure.reason
    return f"Microsoft refused the subscription: {failure.code}."
