"""The errors of Graph, in its own words.

Codes and texts come from Microsoft's documentation and from traffic others have published; where neither says
(marked in docs/sandbox-rules.md) the code is our best reading and nothing should branch on it.
"""

from http import HTTPStatus

from sandbox.errors import GraphError


def bad_request(message: str, *, code: str = "BadRequest") -> GraphError:
    return GraphError(HTTPStatus.BAD_REQUEST, code, message)


def unreadable(message: str) -> GraphError:
    """Say that the body does not fit the type it was sent for."""
    return bad_request(message, code="RequestBodyRead")


def bad_query(message: str) -> GraphError:
    """Say that a query option names something that does not exist."""
    return bad_request(message, code="RequestBroker--ParseUri")


def invalid_filter(said: str) -> GraphError:
    return bad_request(
        f"The query filter contains one or more invalid nodes: {said[:200]}",
        code="ErrorInvalidUrlQueryFilter",
    )


def invalid_id() -> GraphError:
    return bad_request("Id is malformed.", code="ErrorInvalidIdMalformed")


def unknown_segment(segment: str) -> GraphError:
    return bad_request(f"Resource not found for the segment '{segment}'.")


def item_not_found() -> GraphError:
    return GraphError(
        HTTPStatus.NOT_FOUND, "ErrorItemNotFound", "The specified object was not found in the store."
    )


def access_denied() -> GraphError:
    return GraphError(
        HTTPStatus.FORBIDDEN, "ErrorAccessDenied", "Access is denied. Check credentials and try again."
    )


def directory_denied() -> GraphError:
    return GraphError(
        HTTPStatus.FORBIDDEN,
        "Authorization_RequestDenied",
        "Insufficient privileges to complete the operation.",
    )


def no_mailbox() -> GraphError:
    return GraphError(
        HTTPStatus.NOT_FOUND,
        "MailboxNotEnabledForRESTAPI",
        "REST API is not yet supported for this mailbox.",
    )


def user_not_found(name: str) -> GraphError:
    return GraphError(
        HTTPStatus.NOT_FOUND,
        "Request_ResourceNotFound",
        f"Resource '{name}' does not exist or one of its queried reference-property objects are not present.",
    )


def conflict() -> GraphError:
    return GraphError(
        HTTPStatus.PRECONDITION_FAILED,
        "ErrorIrresolvableConflict",
        "The send or update operation could not be performed because the change key passed in the request "
        "does not match the current change key for the item.",
    )


def folder_exists() -> GraphError:
    return GraphError(
        HTTPStatus.CONFLICT, "ErrorFolderExists", "A folder with the specified name already exists."
    )


def state_not_found(position: int, *, again: str) -> GraphError:
    """Say that a delta token has expired; ``again`` is where a new round begins."""
    return GraphError(
        HTTPStatus.GONE,
        "SyncStateNotFound",
        f"The sync state generation is not found; generation={position};",
        headers={"Location": again},
    )


def invalid_state() -> GraphError:
    return bad_request("The sync state data is invalid.", code="ErrorInvalidSyncStateData")


def method_not_allowed(allowed: str) -> GraphError:
    return GraphError(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "Request_BadRequest",
        "Specified HTTP method is not allowed for the request target.",
        headers={"Allow": allowed},
    )


def not_built(what: str) -> GraphError:
    """Say that Microsoft has it and this sandbox does not: never to be mistaken for an answer of Graph."""
    return GraphError(HTTPStatus.NOT_IMPLEMENTED, "NotImplemented", f"{what} is not built in this sandbox.")


def over_concurrency() -> GraphError:
    return GraphError(
        HTTPStatus.TOO_MANY_REQUESTS,
        "ApplicationThrottled",
        "Application is over its MailboxConcurrency limit.",
        headers={"Retry-After": "1"},
    )


def too_many_requests(wait: int) -> GraphError:
    return GraphError(
        HTTPStatus.TOO_MANY_REQUESTS,
        "TooManyRequests",
        "Please retry again later.",
        headers={"Retry-After": str(wait)},
    )


def default_list(done: str) -> GraphError:
    """Quirk: To Do names what is wrong in the inner error only.

    https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/2486
    """
    return GraphError(
        HTTPStatus.BAD_REQUEST,
        "invalidRequest",
        "Invalid request",
        inner={
            "code": "ErrorInvalidRequest",
            "message": f"Your request can't be completed. A default task folder can't be {done}.",
        },
    )
