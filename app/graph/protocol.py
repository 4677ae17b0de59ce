"""What Microsoft's answers mean: (status, headers, body) becomes a document or one typed error. Pure.

* GraphError           Graph said no to this one request, and the same again would not help
  x NotFound           404 that doesn't tell what is missing
    x ItemGone         the item isn't in the mailbox (404 ErrorItemNotFound)
    x FolderGone       the folder isn't
  x EtagMismatch       the item changed since we read it: listen first (412)
  x DeltaExpired       the delta token is dead: a full round (410, or a sync-state code)
  x FolderExists       a folder of that name is there already (409)
  x Conflict           something else is there already (409)
  x Rejected           anything else: parks one link with its code
* Interruption         of ``app.errors``: not now
  x Throttled          429, or 503 with Retry-After; surely not carried out
  x Unavailable        no connection was made; surely not carried out
    x OutcomeUnknown   sent, and no answer that tells whether it was carried out
  x Refused            401, missing permission, no mailbox: a person must act

https://learn.microsoft.com/en-us/graph/errors
"""
# ruff: noqa: N818  named after what happened, as everything else here

from collections.abc import Mapping
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import orjson

from app.errors import Interruption, Refused, Throttled, Unavailable

Document = dict[str, Any]

DEFAULT_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(days=1)

SYNC_STATE = frozenset(
    {
        "syncstatenotfound",
        "syncstateinvalid",
        "invalidsyncstatedata",
        "errorinvalidsyncstatedata",
        "resyncrequired",
        "resyncchangesapplydifferences",
        "resyncchangesuploaddifferences",
    }
)
FOLDER_GONE = frozenset({"errorsyncfoldernotfound", "errorfoldernotfound"})
ITEM_GONE = frozenset({"erroritemnotfound", "itemnotfound"})
FOLDER_EXISTS = frozenset({"errorfolderexists", "namealreadyexists"})
CHANGED_MEANWHILE = frozenset({"errorirresolvableconflict", "resourcemodified"})
NO_MAILBOX = frozenset(
    {
        "mailboxnotenabledforrestapi",
        "mailboxnotsupportedforrestapi",
        "errornonexistentmailbox",
        "errormailboxnotfound",
        "errorinvaliduser",
        "organizationfromtenantguidnotfound",
    }
)
NO_PERMISSION = frozenset({"erroraccessdenied", "accessdenied", "authorization_requestdenied"})
BUSY = frozenset(
    {"applicationthrottled", "toomanyrequests", "activitylimitreached", "errortoomanyobjectsopened"}
)
TRANSIENT = frozenset(
    {
        "errorserverbusy",
        "errormailboxmoveinprogress",
        "errormailboxstoreunavailable",
        "errorinternalservertransienterror",
        "errortimeoutexpired",
    }
)
KNOWN = frozenset().union(
    SYNC_STATE,
    FOLDER_GONE,
    ITEM_GONE,
    FOLDER_EXISTS,
    CHANGED_MEANWHILE,
    NO_MAILBOX,
    NO_PERMISSION,
    BUSY,
    TRANSIENT,
)


class GraphError(Exception):
    """Graph said no to this one request. ``code`` is the most specific one given; the message is for logs."""

    def __init__(self, status: int, code: str, message: str = "", request_id: str | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.request_id = request_id


class NotFound(GraphError):
    """Something on the way to it is missing; which, the code doesn't say. Never proof that an item went."""


class ItemGone(NotFound):
    """The mailbox answered that it doesn't hold this item."""


class FolderGone(NotFound):
    """The mailbox answered that it doesn't hold this folder."""


class EtagMismatch(GraphError):
    """The item isn't as we knew it. Read it, receive it, then see what is still owed."""


class DeltaExpired(GraphError):
    """The delta token is too old or unknown. Start the collection again without one."""


class FolderExists(GraphError):
    """There is a folder of this name: adopt it."""


class Conflict(GraphError):
    """There is already what this request would make."""


class Rejected(GraphError):
    """Graph will not have this request as it stands, or answered what we don't understand."""


class OutcomeUnknown(Unavailable):
    """It was sent and may have been carried out. A create must be looked up before it is repeated."""


def decode(
    status: int, headers: Mapping[str, str], body: bytes, *, missing: type[NotFound] = ItemGone
) -> Document:
    """Return the document of a good answer ({} where there is none), or raise what a bad one means."""
    good = status in range(200, 300)
    try:
        document = orjson.loads(body) if body else {}
    except orjson.JSONDecodeError:
        if good:
            raise OutcomeUnknown(f"Graph's answer {status} is not JSON.", after=DEFAULT_WAIT) from None
        document = {}
    return judge(status, headers, document, missing=missing)


def judge(
    status: int, headers: Mapping[str, str], document: Any, *, missing: type[NotFound] = ItemGone
) -> Document:
    """Return a parsed answer, or raise what it means. ``missing``: what a plain "not found" would be."""
    if status in range(200, 300):
        if isinstance(document, dict):
            return document
        raise OutcomeUnknown(f"Graph's answer {status} is not an object.", after=DEFAULT_WAIT)
    raise meaning(status, headers, document, missing=missing)


def meaning(
    status: int, headers: Mapping[str, str], document: Any, *, missing: type[NotFound] = ItemGone
) -> GraphError | Interruption:
    """Return the error that a bad answer stands for. Never fails, whatever the answer."""
    code, message, request_id = _told(document)
    request_id = request_id or header(headers, "request-id")
    interruption = _interruption(status, headers, code=code)
    if interruption is not None:
        return interruption
    return _error_type(status, code.lower(), missing=missing)(status, code, message, request_id)


def _interruption(status: int, headers: Mapping[str, str], *, code: str) -> Interruption | None:
    known = code.lower()
    reason = f"{status} {code}"
    # Quirk: a missing mailbox is told with 401, 403 or 404 (seen in real traffic): its codes win.
    if known in NO_MAILBOX:
        return Refused(reason, problem="no-mailbox")
    if status == HTTPStatus.UNAUTHORIZED:
        return Refused(reason, problem="sign-in-needed")
    if status == HTTPStatus.FORBIDDEN and known in NO_PERMISSION:
        return Refused(reason, problem="permission-missing")
    # Quirk: Outlook throttles with 503 and Retry-After too. https://learn.microsoft.com/en-us/graph/throttling
    told_to_wait = status == HTTPStatus.SERVICE_UNAVAILABLE and header(headers, "retry-after") is not None
    if status == HTTPStatus.TOO_MANY_REQUESTS or told_to_wait or known in BUSY:
        return Throttled(reason, after=retry_after(headers))
    if known in TRANSIENT or _is_transient(status):
        return OutcomeUnknown(reason, after=retry_after(headers))
    return None


def _is_transient(status: int) -> bool:
    # 501 and 507 are about the request and the mailbox's quota: waiting a moment doesn't help.
    lasting = {HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.INSUFFICIENT_STORAGE}
    return status == HTTPStatus.REQUEST_TIMEOUT or (
        status >= HTTPStatus.INTERNAL_SERVER_ERROR and status not in lasting
    )


def _error_type(status: int, code: str, *, missing: type[NotFound]) -> type[GraphError]:
    if status == HTTPStatus.GONE or code in SYNC_STATE:
        return DeltaExpired
    if status == HTTPStatus.PRECONDITION_FAILED or code in CHANGED_MEANWHILE:
        return EtagMismatch
    if code in FOLDER_GONE:
        return FolderGone
    if status == HTTPStatus.NOT_FOUND:
        return missing if code in ITEM_GONE else NotFound
    if code in FOLDER_EXISTS:
        return FolderExists
    return Conflict if status == HTTPStatus.CONFLICT else Rejected


def _told(document: Any) -> tuple[str, str, str | None]:
    """Return (most specific code, message, request id) of an error body, however odd.

    Quirk: inner errors nest, spelled innerError or innererror; the innermost code we know says most, and an
    innermost one we don't know may be a bare number. https://learn.microsoft.com/en-us/graph/errors
    """
    error = document.get("error") if isinstance(document, Mapping) else None
    layers = []
    while isinstance(error, Mapping):
        layers.append(error)
        error = error.get("innerError", error.get("innererror"))
    codes = [code for layer in layers if isinstance(code := layer.get("code"), str) and code]
    specific = next((code for code in reversed(codes) if code.lower() in KNOWN), None)
    ids = [found for layer in layers if isinstance(found := layer.get("request-id"), str)]
    message = str(layers[0].get("message") or "") if layers else ""
    return specific or next(iter(codes), "unknown"), message, next(iter(ids), None)


def header(headers: Mapping[str, str], name: str) -> str | None:
    """Return a header whatever the case of its name: a batch's items write theirs as they like."""
    found = headers.get(name)
    if found is not None:
        return found
    return next((value for key, value in headers.items() if key.lower() == name), None)


def retry_after(headers: Mapping[str, str]) -> timedelta:
    """Return how long to wait: in seconds or until a date, counted from the answer's own; else a default."""
    told = (header(headers, "retry-after") or "").strip()
    try:
        if told.isdecimal():
            wait = timedelta(seconds=min(int(told), LONGEST_WAIT.total_seconds()))
        else:
            wait = parsedate_to_datetime(told) - parsedate_to_datetime(header(headers, "date") or "")
    except (ValueError, TypeError):
        return DEFAULT_WAIT
    return min(max(wait, timedelta(0)), LONGEST_WAIT)
