"""What can be wrong with a request, whatever it asks for."""

from http import HTTPStatus

from app.errors.roots import Problem


class InvalidRequest(Problem):
    slug = "invalid-request"
    title = "The request is malformed."
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    cure = "Correct what `errors` names: each entry points at a field of the body or names a parameter."


class Unauthenticated(Problem):
    slug = "unauthenticated"
    title = "A valid credential is needed."
    status = HTTPStatus.UNAUTHORIZED
    cure = (
        "Send `Authorization: Bearer …` with an operator key, a key of the workspace, or a session token that"
        " has not ended."
    )


class WrongCredential(Problem):
    slug = "wrong-credential"
    title = "This credential is not for this."
    status = HTTPStatus.FORBIDDEN
    cure = (
        "Use the operator key for workspaces and their keys, a workspace's key (or the operator key with "
        "`Concord-Workspace`) for everything inside a workspace. What a session token opens, the `security` "
        "of each operation in /openapi.json says."
    )


class OriginNotListed(Problem):
    slug = "origin-not-listed"
    title = "No workspace lets pages of this origin call."
    status = HTTPStatus.FORBIDDEN
    cure = "Add the origin of the page, such as https://crm.example, to `origins` of the workspace."


class NotFound(Problem):
    slug = "not-found"
    title = "There is nothing here."
    status = HTTPStatus.NOT_FOUND
    cure = "Compare the path with /openapi.json."


class MethodNotAllowed(Problem):
    slug = "method-not-allowed"
    title = "This method is not for this path."
    status = HTTPStatus.METHOD_NOT_ALLOWED
    cure = "Use one of the methods in the `Allow` header."


class BodyTooLarge(Problem):
    slug = "body-too-large"
    title = "The body is larger than 10 MiB."
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    cure = "Send less at once: a batch takes at most 1,000 records."


class UnsupportedMediaType(Problem):
    slug = "unsupported-media-type"
    title = "The body is not JSON."
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    cure = "Send JSON with `Content-Type: application/json`."


class RevisionMismatch(Problem):
    slug = "revision-mismatch"
    title = "It has changed since you read it."
    status = HTTPStatus.PRECONDITION_FAILED
    cure = "Look at `current`, decide again, and send the new revision in `If-Match`."


class AlreadyExists(Problem):
    slug = "already-exists"
    title = "It exists already."
    status = HTTPStatus.PRECONDITION_FAILED
    cure = "`If-None-Match: *` only creates. Leave it out to write what exists."


class IdempotencyKeyReused(Problem):
    slug = "idempotency-key-reused"
    title = "This Idempotency-Key came with another body before."
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    cure = "Use a fresh key for each new request, the same one only to repeat a request."


class RequestInProgress(Problem):
    slug = "request-in-progress"
    title = "The first request with this Idempotency-Key is still under way."
    status = HTTPStatus.CONFLICT
    cure = "Repeat the request in a moment; its answer will then be that of the first."


class TooManyRequests(Problem):
    slug = "too-many-requests"
    title = "Too many requests."
    status = HTTPStatus.TOO_MANY_REQUESTS
    cure = "Wait as long as `Retry-After` says."


class InternalError(Problem):
    slug = "internal-error"
    title = "Something went wrong on our side."
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    cure = "Repeat the request. If it fails again, tell the operator the request id in `instance`."


class ServiceUnavailable(Problem):
    slug = "service-unavailable"
    title = "A part of the service does not answer."
    status = HTTPStatus.SERVICE_UNAVAILABLE
    cure = "Repeat the request after `Retry-After` seconds. /readyz says which part is missing."
