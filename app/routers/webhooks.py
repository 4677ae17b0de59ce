"""Where changes are delivered."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Body, Path, Response, status

from app.errors import AcknowledgerTaken, CursorExpired, WebhookNotFound
from app.models import Webhook as Row
from app.problems import problems
from app.routers.answers import as_json
from app.routers.deps import Now, Page, Res, Session, WorkspaceId
from app.routers.feed_cursor import position_of
from app.routers.shapes import Listing
from app.routers.webhook_shapes import (
    Delivery,
    NewWebhook,
    ReplayIn,
    Rotated,
    RotateIn,
    Webhook,
    WebhookIn,
    WebhookPatch,
)
from app.security.outbound import checked_url
from app.sync.changes import Changes
from app.sync.deliveries import Deliveries, shown_delivery
from app.sync.endpoints import change_webhook, make_webhook, replay, rotate_secret, send_test
from app.sync.shown import Json, moment
from app.sync.webhooks import Webhooks, shown_webhook

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])

InPath = Annotated[
    str, Path(title="Webhook", max_length=64, description="The endpoint's id.", examples=["whk_06a2k3v9"])
]


async def document_of(session: Session, webhook: Row) -> Json:
    oldest = await Webhooks(session).oldest_undelivered([webhook.id])
    return shown_webhook(webhook, oldest_undelivered_at=oldest.get(webhook.id))


@router.post(
    "",
    operation_id="webhooks.create",
    summary="Make a webhook",
    status_code=status.HTTP_201_CREATED,
    response_model=NewWebhook,
    responses=problems(AcknowledgerTaken),
)
async def create_webhook(body: WebhookIn, session: Session, resources: Res, now: Now) -> Response:
    """Make an endpoint for what happens from now on; its secret is shown this once."""
    url = checked_url(body.url, pointer="/url", development=resources.settings.development)
    webhook, secret = await make_webhook(
        session, resources.key_ring, url=url, types=body.types, acknowledges=body.acknowledges, now=now
    )
    return as_json({**shown_webhook(webhook), "secret": secret}, status=status.HTTP_201_CREATED)


@router.get("", operation_id="webhooks.list", summary="List webhooks", response_model=Listing[Webhook])
async def list_webhooks(session: Session, page: Page) -> Response:
    """List the endpoints, the oldest first."""
    webhooks = Webhooks(session)
    rows, cursor = page.cut(
        await webhooks.page(after=page.after_id, limit=page.limit + 1), key=lambda webhook: webhook.id
    )
    oldest = await webhooks.oldest_undelivered([webhook.id for webhook in rows])
    shown = [shown_webhook(webhook, oldest_undelivered_at=oldest.get(webhook.id)) for webhook in rows]
    return as_json({"data": shown, "next_cursor": cursor})


@router.get(
    "/{webhook_id}",
    operation_id="webhooks.get",
    summary="Read a webhook",
    response_model=Webhook,
    responses=problems(WebhookNotFound),
)
async def get_webhook(webhook_id: InPath, session: Session) -> Response:
    """Return an endpoint."""
    return as_json(await document_of(session, await Webhooks(session).get(webhook_id)))


@router.patch(
    "/{webhook_id}",
    operation_id="webhooks.patch",
    summary="Change a webhook",
    response_model=Webhook,
    responses=problems(WebhookNotFound, AcknowledgerTaken),
)
async def patch_webhook(
    webhook_id: InPath, body: WebhookPatch, session: Session, resources: Res, now: Now
) -> Response:
    """Change an endpoint, or switch a disabled one on again: what it missed is delivered."""
    chosen = {name: value for name, value in body.said().items() if value is not None}
    if "url" in chosen:
        checked_url(chosen["url"], pointer="/url", development=resources.settings.development)
    webhook = await Webhooks(session).locked(webhook_id)
    await change_webhook(session, webhook, chosen, now=now)
    return as_json(await document_of(session, webhook))


@router.delete(
    "/{webhook_id}",
    operation_id="webhooks.delete",
    summary="Delete a webhook",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(WebhookNotFound),
)
async def delete_webhook(webhook_id: InPath, session: Session) -> None:
    """Delete an endpoint. Nothing is delivered there any more."""
    webhooks = Webhooks(session)
    await webhooks.drop(await webhooks.locked(webhook_id))


@router.post(
    "/{webhook_id}/rotate-secret",
    operation_id="webhooks.rotate_secret",
    summary="Change a webhook's secret",
    response_model=Rotated,
    responses=problems(WebhookNotFound),
)
async def rotate_webhook_secret(
    webhook_id: InPath,
    session: Session,
    resources: Res,
    now: Now,
    body: Annotated[RotateIn, Body(default_factory=RotateIn)],
) -> Response:
    """Give an endpoint a fresh secret; for a while the previous one signs as well."""
    webhook = await Webhooks(session).locked(webhook_id)
    overlap = timedelta(hours=body.overlap_hours)
    secret = rotate_secret(webhook, resources.key_ring, overlap=overlap, now=now)
    return as_json({"secret": secret, "previous_valid_until": moment(webhook.previous_valid_until)})


@router.get(
    "/{webhook_id}/deliveries",
    operation_id="webhooks.deliveries",
    summary="List deliveries",
    response_model=Listing[Delivery],
    responses=problems(WebhookNotFound),
)
async def list_deliveries(webhook_id: InPath, session: Session, page: Page) -> Response:
    """List what was sent to an endpoint, the newest first."""
    await Webhooks(session).get(webhook_id)
    rows = await Deliveries(session).page(webhook_id, before=page.after_id or None, limit=page.limit + 1)
    shown, cursor = page.cut(rows, key=lambda delivery: delivery.id)
    return as_json({"data": [shown_delivery(delivery) for delivery in shown], "next_cursor": cursor})


@router.post(
    "/{webhook_id}/replay",
    operation_id="webhooks.replay",
    summary="Deliver again",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=Webhook,
    responses=problems(WebhookNotFound, CursorExpired),
)
async def replay_changes(
    webhook_id: InPath, body: ReplayIn, session: Session, workspace: WorkspaceId, now: Now
) -> Response:
    """Deliver everything after a cursor again."""
    position = position_of(body.after, workspace=workspace, pointer="/after")
    webhook = await Webhooks(session).locked(webhook_id)
    if not await Changes(session).reaches(position, now=now):
        raise CursorExpired
    await replay(session, webhook, after=position, now=now)
    return as_json(await document_of(session, webhook), status=status.HTTP_202_ACCEPTED)


@router.post(
    "/{webhook_id}/test",
    operation_id="webhooks.test",
    summary="Test a webhook",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=Webhook,
    responses=problems(WebhookNotFound),
)
async def test_webhook(webhook_id: InPath, session: Session, now: Now) -> Response:
    """Send an endpoint a signed message without changes; the list of deliveries shows what became of it."""
    webhook = await Webhooks(session).locked(webhook_id)
    await send_test(session, webhook, now=now)
    return as_json(await document_of(session, webhook), status=status.HTTP_202_ACCEPTED)
