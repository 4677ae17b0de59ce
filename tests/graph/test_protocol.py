"""What Microsoft's answers mean."""

from datetime import timedelta

import orjson
import pytest

from app.errors import Interruption, Refused, Throttled, Unavailable
from app.graph.protocol import (
    DEFAULT_WAIT,
    LONGEST_WAIT,
    Conflict,
    DeltaExpired,
    EtagMismatch,
    FolderExists,
    FolderGone,
    GraphError,
    ItemGone,
    NotFound,
    OutcomeUnknown,
    Rejected,
    decode,
    meaning,
    retry_after,
)


def body(code: str, *inner: str) -> dict[str, object]:
    """Return an error as Graph words it, with inner errors as deep as given."""
    error: dict[str, object] = {"code": code, "message": "Words that may change."}
    deepest = error
    for inner_code in inner:
        deepest["innerError"] = {"code": inner_code, "request-id": "r-1"}
        deepest = deepest["innerError"]  # type: ignore[assignment]
    return {"error": error}


MEANINGS = [
    pytest.param(400, "ErrorInvalidIdMalformed", Rejected, id="a malformed id"),
    pytest.param(400, "BadRequest", Rejected, id="a value that Exchange will not have"),
    pytest.param(402, "PaymentRequired", Rejected, id="payment"),
    pytest.param(403, "ErrorSendAsDenied", Rejected, id="one thing forbidden, not the connection"),
    pytest.param(404, "ErrorItemNotFound", ItemGone, id="the item is gone"),
    pytest.param(404, "erroritemnotfound", ItemGone, id="codes are compared without case"),
    pytest.param(404, "ResourceNotFound", NotFound, id="a 404 that does not name what is missing"),
    pytest.param(404, "UnknownError", NotFound, id="a 404 with a code nobody knows"),
    pytest.param(404, "ErrorSyncFolderNotFound", FolderGone, id="the folder is gone"),
    pytest.param(409, "ErrorFolderExists", FolderExists, id="the folder exists"),
    pytest.param(409, "Conflict", Conflict, id="a duplicate subscription"),
    pytest.param(410, "SyncStateNotFound", DeltaExpired, id="the delta token expired"),
    pytest.param(410, "whatever", DeltaExpired, id="any 410"),
    pytest.param(400, "syncStateNotFound", DeltaExpired, id="the documented spelling with a 400"),
    pytest.param(404, "SyncStateInvalid", DeltaExpired, id="a sync-state code with a 404"),
    pytest.param(400, "resyncRequired", DeltaExpired, id="resync required"),
    pytest.param(412, "ErrorIrresolvableConflict", EtagMismatch, id="the item changed"),
    pytest.param(409, "ErrorIrresolvableConflict", EtagMismatch, id="the item changed, told as a conflict"),
    pytest.param(413, "ErrorMessageSizeExceeded", Rejected, id="too large"),
    pytest.param(501, "NotImplemented", Rejected, id="not implemented"),
    pytest.param(507, "ErrorQuotaExceeded", Rejected, id="the mailbox is full"),
    pytest.param(302, "", Rejected, id="a redirect, which Graph never sends"),
    pytest.param(429, "ApplicationThrottled", Throttled, id="too many at once"),
    pytest.param(429, "", Throttled, id="a 429 without a body"),
    pytest.param(400, "ErrorTooManyObjectsOpened", Throttled, id="too many objects opened"),
    pytest.param(500, "ErrorInternalServerError", OutcomeUnknown, id="a failure that may have come after"),
    pytest.param(502, "", OutcomeUnknown, id="a gateway's failure"),
    pytest.param(503, "serviceNotAvailable", OutcomeUnknown, id="unavailable"),
    pytest.param(504, "", OutcomeUnknown, id="a gateway's time-out"),
    pytest.param(408, "", OutcomeUnknown, id="a time-out"),
    pytest.param(400, "ErrorMailboxMoveInProgress", OutcomeUnknown, id="the mailbox is being moved"),
]


@pytest.mark.lesson(6)
@pytest.mark.parametrize(("status", "code", "expected"), MEANINGS)
def test_an_answer_means_one_thing(status, code, expected):
    assert type(meaning(status, {}, body(code))) is expected


@pytest.mark.feature("D8")
@pytest.mark.parametrize(
    ("status", "code", "problem"),
    [
        pytest.param(401, "InvalidAuthenticationToken", "sign-in-needed", id="the token is refused"),
        pytest.param(401, "", "sign-in-needed", id="a 401 without a body"),
        pytest.param(403, "ErrorAccessDenied", "permission-missing", id="Exchange denies access"),
        pytest.param(403, "accessDenied", "permission-missing", id="the generic denial"),
        pytest.param(403, "Authorization_RequestDenied", "permission-missing", id="the directory's denial"),
        pytest.param(404, "MailboxNotEnabledForRESTAPI", "no-mailbox", id="no licence"),
        pytest.param(404, "MailboxNotSupportedForRESTAPI", "no-mailbox", id="on premises"),
        pytest.param(404, "ErrorNonExistentMailbox", "no-mailbox", id="no mailbox"),
        pytest.param(401, "MailboxNotEnabledForRESTAPI", "no-mailbox", id="no licence, told as a 401"),
        pytest.param(403, "OrganizationFromTenantGuidNotFound", "no-mailbox", id="no Exchange in the tenant"),
    ],
)
def test_a_refusal_names_the_state_of_the_connection(status, code, problem):
    refused = meaning(status, {}, body(code))
    assert isinstance(refused, Refused)
    assert refused.problem == problem


@pytest.mark.lesson(1)
def test_a_missing_mailbox_or_an_unclear_404_is_never_a_gone_item():
    for code in ("MailboxNotEnabledForRESTAPI", "ErrorInvalidUser", "ResourceNotFound", "", "UnknownError"):
        assert not isinstance(meaning(404, {}, body(code)), ItemGone)


def test_where_a_folder_was_asked_for_a_plain_404_is_a_gone_folder():
    assert type(meaning(404, {}, body("ErrorItemNotFound"), missing=FolderGone)) is FolderGone


@pytest.mark.parametrize(
    ("document", "code"),
    [
        pytest.param(
            body("BadRequest", "ErrorItemNotFound"), "ErrorItemNotFound", id="the inner code we know"
        ),
        pytest.param(body("TooManyRequests", "429"), "TooManyRequests", id="an inner code that is a number"),
        pytest.param(
            body("generalException", "accessDenied", "unheardOf"), "accessDenied", id="the deepest known one"
        ),
        pytest.param(
            {"error": {"code": "a", "innererror": {"code": "resyncRequired"}}},
            "resyncRequired",
            id="the spelling of the documentation",
        ),
        pytest.param(body("unheardOf"), "unheardOf", id="one nobody knows"),
        pytest.param({}, "unknown", id="none"),
    ],
)
def test_the_most_specific_known_code_counts(document, code):
    error = meaning(400, {}, document)
    assert isinstance(error, GraphError | Interruption)
    assert code in str(error)


def test_an_error_carries_what_microsofts_support_asks_for():
    told = meaning(400, {}, body("BadRequest", "ErrorInvalidIdMalformed"))
    assert isinstance(told, GraphError)
    assert (told.status, told.code, told.message, told.request_id) == (
        400, "BadRequest", "Words that may change.", "r-1",
    )  # fmt: skip
    named = meaning(400, {"Request-Id": "r-2"}, body("BadRequest"))
    assert isinstance(named, GraphError)
    assert named.request_id == "r-2"


@pytest.mark.parametrize(
    "told",
    [
        b"", b"<html>Bad gateway</html>", b"null", b"[]", b'"text"', b'{"error": null}', b'{"error": "text"}',
        b'{"error": []}', b'{"error": {"code": 7}}', b'{"error": {"code": "x", "innerError": "y"}}', b"\xff\xfe",
        b'{"error": {"code": null, "message": {"a": 1}, "innerError": {"code": []}}}',
    ],
)  # fmt: skip
@pytest.mark.parametrize("status", [301, 400, 404, 418, 500, 503, 599, 0, 999])
def test_no_answer_however_odd_is_a_crash(status, told):
    with pytest.raises((GraphError, Interruption)):
        decode(status, {}, told)


@pytest.mark.parametrize("told", [b"<html>", b"[1]", b"null", b"\xff"])
def test_a_success_that_is_no_document_proves_nothing(told):
    with pytest.raises(OutcomeUnknown):
        decode(200, {}, told)


def test_a_success_without_a_body_is_an_empty_document():
    assert decode(204, {}, b"") == {}
    assert decode(201, {}, orjson.dumps({"id": "1"})) == {"id": "1"}


def test_what_surely_was_not_done_is_told_from_what_may_have_been():
    assert not isinstance(meaning(429, {}, {}), OutcomeUnknown)
    assert not isinstance(meaning(503, {"retry-after": "3"}, {}), OutcomeUnknown)
    assert isinstance(meaning(503, {}, {}), OutcomeUnknown)
    assert issubclass(OutcomeUnknown, Unavailable)


@pytest.mark.lesson(20)
@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        pytest.param({"Retry-After": "12"}, timedelta(seconds=12), id="seconds"),
        pytest.param({"retry-after": " 0 "}, timedelta(0), id="at once"),
        pytest.param({}, DEFAULT_WAIT, id="none"),
        pytest.param({"retry-after": "soon"}, DEFAULT_WAIT, id="words"),
        pytest.param({"retry-after": "-5"}, DEFAULT_WAIT, id="negative"),
        pytest.param({"retry-after": "9" * 5000}, DEFAULT_WAIT, id="absurdly long"),
        pytest.param({"retry-after": "99999999"}, LONGEST_WAIT, id="longer than a day"),
        pytest.param(
            {"Retry-After": "Fri, 09 Jan 2026 10:00:30 GMT", "Date": "Fri, 09 Jan 2026 10:00:00 GMT"},
            timedelta(seconds=30),
            id="a date, counted from the answer's own",
        ),
        pytest.param({"retry-after": "Fri, 09 Jan 2026 10:00:30 GMT"}, DEFAULT_WAIT, id="a date alone"),
        pytest.param(
            {"retry-after": "Fri, 09 Jan 2026 09:00:00 GMT", "date": "Fri, 09 Jan 2026 10:00:00 GMT"},
            timedelta(0),
            id="a date in the past",
        ),
    ],
)
def test_microsofts_patience_is_read_as_it_is_written(headers, wait):
    assert retry_after(headers) == wait
