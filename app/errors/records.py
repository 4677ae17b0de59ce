"""What is not so with records, their changes and their doubts."""

from http import HTTPStatus

from app.errors.roots import Problem


class RecordNotFound(Problem):
    slug = "record-not-found"
    title = "There is no such record."
    status = HTTPStatus.NOT_FOUND
    cure = "Create it with PUT."


class RecordGone(Problem):
    slug = "record-gone"
    title = "The record was deleted more than 30 days ago."
    status = HTTPStatus.GONE
    cure = "Create it anew with PUT."


class DuplicateInBatch(Problem):
    slug = "duplicate-in-batch"
    title = "This crm_id occurs more than once in the batch."
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    cure = "Send each record once; none of these was written."


class BaseRevisionUnknown(Problem):
    slug = "base-revision-unknown"
    title = "The base revision is not known any more."
    status = HTTPStatus.PRECONDITION_FAILED
    cure = "Read the record, and base the edit on its current revision."


class AlreadyNamed(Problem):
    slug = "already-named"
    title = "The record has another crm_id already."
    status = HTTPStatus.CONFLICT
    cure = "Use the crm_id it has, or merge the two records."


class ChangeNotFound(Problem):
    slug = "change-not-found"
    title = "There is no such change."
    status = HTTPStatus.NOT_FOUND
    cure = "Acknowledge changes by the ids the feed gave, within 30 days."


class CursorExpired(Problem):
    slug = "cursor-expired"
    title = "The feed does not reach back that far any more."
    status = HTTPStatus.GONE
    cure = "Read the lists from the beginning, then follow the feed from their `feed_cursor`."


class LinkNotFound(Problem):
    slug = "link-not-found"
    title = "There is no such link."
    status = HTTPStatus.NOT_FOUND
    cure = "List the links."


class ConflictNotFound(Problem):
    slug = "conflict-not-found"
    title = "There is no such conflict."
    status = HTTPStatus.NOT_FOUND
    cure = "List the conflicts."


class ConflictClosed(Problem):
    slug = "conflict-closed"
    title = "The conflict is closed already."
    status = HTTPStatus.CONFLICT
    cure = "Nothing to do; to change the value, edit the record."


class MatchNotFound(Problem):
    slug = "match-not-found"
    title = "There is no such match."
    status = HTTPStatus.NOT_FOUND
    cure = "List the matches."


class MatchClosed(Problem):
    slug = "match-closed"
    title = "The match is closed already."
    status = HTTPStatus.CONFLICT
    cure = "Nothing to do; a wrong link is cut with POST /v1/links/{id}/unlink."


class AssignmentNotPermitted(Problem):
    slug = "assignment-not-permitted"
    title = "The assignment is not permitted."
    status = HTTPStatus.FORBIDDEN
    cure = (
        "Have the user named share the calendar in Outlook with whoever assigns, with the right to edit; or "
        "assign it to somebody else. The workspace's rule `require_calendar_edit_rights` asks for this."
    )
