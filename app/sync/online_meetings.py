"""Bodies of online meetings: written around the block that says how to join, or not at all."""

from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import Final

import structlog

from app.graph.batch import Answer
from app.graph.event_calls import html_body_of, update_event
from app.graph.join_block import around_block
from app.models import Link
from app.records.link import LinkView
from app.sync.projection import Update
from app.sync.work import Work

BODY: Final = "body"
LOST: Final = "OnlineMeetingWouldBeLost"
log = structlog.get_logger()


def join_url_of(view: LinkView) -> str | None:
    """Return where an item's online meeting is joined, if it is one."""
    url = (view.graph_had.get("onlineMeeting") or {}).get("joinUrl")
    return str(url) if url else None


def of_online_meeting(
    work: Work, link: Link, write: Update, view: LinkView
) -> Callable[[Work], Awaitable[Answer]] | None:
    """Return what writes the body of an online meeting; None where the write is of something else."""
    url = join_url_of(view)
    if BODY not in write.owed or url is None or not work.asks:
        return None
    return partial(write_body, item_id=str(link.item_id), write=write, join_url=url, etag=link.etag)


async def write_body(work: Work, *, item_id: str, write: Update, join_url: str, etag: str | None) -> Answer:
    """Fetch the body, edit around its join block, write it, and see that the meeting is still there."""
    (read,) = await work.mailbox.batch([html_body_of(item_id)])
    if read.error() is not None:
        return read
    held = (read.result().get("body") or {}).get("content") or ""
    html = around_block(held, join_url=join_url, text=write.fields[BODY] or "")
    if html is None:
        return Answer(HTTPStatus.BAD_REQUEST, body={"error": {"code": LOST}})
    payload = {**write.payload, "body": {"contentType": "html", "content": html}}
    (answer,) = await work.mailbox.batch([update_event(item_id, payload, etag=etag)])
    if answer.error() is None and (answer.result().get("onlineMeeting") or {}).get("joinUrl") != join_url:
        log.error("meeting.lost", item=item_id)
    return answer
