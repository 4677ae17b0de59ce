"""What a connection is not ready for."""

from http import HTTPStatus

from app.errors.roots import Problem


class ConnectionNotFound(Problem):
    slug = "connection-not-found"
    title = "There is no such connection."
    status = HTTPStatus.NOT_FOUND
    cure = "List the workspace's connections."


class MailboxAlreadyConnected(Problem):
    slug = "mailbox-already-connected"
    title = "This mailbox is connected already."
    status = HTTPStatus.CONFLICT
    cure = "One mailbox is connected once per workspace: use that connection, or disconnect it first."


class NothingToConfirm(Problem):
    slug = "nothing-to-confirm"
    title = "No account waits for confirmation."
    status = HTTPStatus.CONFLICT
    cure = "Read the connection: only `needs_confirmation` is confirmed, with the e-mail address shown."


class ConnectionNotActive(Problem):
    slug = "connection-not-active"
    title = "The connection is not active."
    status = HTTPStatus.CONFLICT
    cure = "Do what the connection's `problem` says, then repeat the request."


class ConnectionEnded(Problem):
    slug = "connection-ended"
    title = "The connection is disconnected."
    status = HTTPStatus.CONFLICT
    cure = "Connect the user anew with POST /v1/connections."


class PermissionMissing(Problem):
    slug = "permission-missing"
    title = "Microsoft has not been allowed what this needs."
    status = HTTPStatus.CONFLICT
    cure = "Reconnect with this entity, and have the user or an administrator grant the permission."


class AuthorizationExpired(Problem):
    slug = "authorization-expired"
    title = "This sign-in link is used up or too old."
    status = HTTPStatus.CONFLICT
    cure = "Ask for a fresh link with POST /v1/connections/{id}/reconnect."


class SignInDeclined(Problem):
    slug = "sign-in-declined"
    title = "The sign-in was declined or broken off."
    status = HTTPStatus.CONFLICT
    cure = "Begin again, and accept what is asked for."


class SignInFailed(Problem):
    slug = "sign-in-failed"
    title = "Microsoft refused the sign-in."
    status = HTTPStatus.CONFLICT
    cure = (
        "The detail has Microsoft's own words. Check the application with POST /v1/workspace/microsoft- "
        "app/check."
    )


class LinkExpired(Problem):
    slug = "link-expired"
    title = "This link is not valid any more."
    status = HTTPStatus.GONE
    cure = "Ask whoever sent it for a new one."
