"""What is not so with webhooks and their deliveries."""

from http import HTTPStatus

from app.errors.roots import Problem


class WebhookNotFound(Problem):
    slug = "webhook-not-found"
    title = "There is no such webhook."
    status = HTTPStatus.NOT_FOUND
    cure = "List the webhooks."


class AcknowledgerTaken(Problem):
    slug = "acknowledger-taken"
    title = "Another webhook acknowledges these changes."
    status = HTTPStatus.CONFLICT
    cure = "One endpoint is the system of record for a type: switch `acknowledges` off at the other first."
