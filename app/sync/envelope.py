"""What is posted to an endpoint: changes in an envelope, signed as Standard Webhooks does it.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from standardwebhooks import Webhook as Signer

from app.models import Change
from app.sync.shown import Json, moment

MOST_CHANGES: Final = 100
MOST_BYTES: Final = 256 * 1024
FRAME_BYTES: Final = 512


def shown_change(change: Change) -> Json:
    """Return a change in the words of the API."""
    return {
        "id": change.change_id,
        "type": change.type,
        "crm_id": change.crm_id,
        "record_id": change.record_id,
        "revision": change.revision,
        "connection": change.connection_id,
        "origin": change.origin,
        "changed": change.changed,
        "previous": change.previous,
        "reason": change.reason,
        "record": change.snapshot,
        "at": moment(change.at),
        **(change.extra or {}),
    }


def fitting(changes: Sequence[Change]) -> int:
    """Return how many of these changes fit into one envelope, at least one."""
    room = MOST_BYTES - FRAME_BYTES
    for number, change in enumerate(changes[:MOST_CHANGES]):
        room -= len(orjson.dumps(shown_change(change))) + 1
        if room < 0:
            return max(number, 1)
    return min(len(changes), MOST_CHANGES)


def envelope(workspace: str, changes: Iterable[Change], *, now: datetime) -> str:
    """Return the body that carries these changes."""
    told = [shown_change(change) for change in changes]
    body = _framed(workspace, told, now=now)
    if len(body) > MOST_BYTES:  # one change alone: whoever needs the rest of it reads the record
        (large,) = told
        body = _framed(workspace, [{**large, "previous": {}, "record": None}], now=now)
    return body.decode()


def test_envelope(workspace: str, webhook_id: str, *, now: datetime) -> str:
    """Return the body of a test: it is signed like any other and carries no change."""
    data = {"workspace": workspace, "webhook": webhook_id, "changes": []}
    return orjson.dumps({"type": "test", "timestamp": moment(now), "data": data}).decode()


def signed(body: str, *, delivery_id: str, secrets: Iterable[str]) -> Mapping[str, str]:
    """Return the headers of an attempt, signed with each secret that is valid now.

    The timestamp is the machine's: the receiver's library compares it with its own clock.
    """
    at = datetime.now(UTC)
    signatures = [Signer(secret).sign(delivery_id, at, body) for secret in secrets]
    return {
        "content-type": "application/json",
        "user-agent": "Concord/1",
        "webhook-id": delivery_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _framed(workspace: str, changes: Sequence[Mapping[str, Any]], *, now: datetime) -> bytes:
    data = {"workspace": workspace, "changes": changes}
    return orjson.dumps({"type": "changes", "timestamp": moment(now), "data": data})
