"""What a run refuses."""

from http import HTTPStatus

from app.errors.roots import Problem


class RunNotFound(Problem):
    slug = "run-not-found"
    title = "There is no such run."
    status = HTTPStatus.NOT_FOUND
    cure = "List the runs."


class RunEnded(Problem):
    slug = "run-ended"
    title = "The run has ended."
    status = HTTPStatus.CONFLICT
    cure = "Start another one."


class NotAwaitingApproval(Problem):
    slug = "not-awaiting-approval"
    title = "The run does not wait for an approval."
    status = HTTPStatus.CONFLICT
    cure = "Read the run: it was decided on, cancelled or has expired, and its counts say what came of it."


class NoPlan(Problem):
    slug = "no-plan"
    title = "The preview's plan is not there."
    status = HTTPStatus.CONFLICT
    cure = "Wait until the preview has succeeded; a plan is kept for 7 days."


class PreviewOutdated(Problem):
    slug = "preview-outdated"
    title = "The plan has grown since the preview."
    status = HTTPStatus.CONFLICT
    cure = "Preview again, and decide on what it says now."


class Blocked(Problem):
    """A state stands in the way: its own type, title and cure take the place of these."""

    slug = "blocked"
    title = "Something stands in the way."
    status = HTTPStatus.CONFLICT
    cure = "The answer's own `type`, `detail` and `cure` say what, and what to do about it."
