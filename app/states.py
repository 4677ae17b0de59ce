"""Problems that are states: of a connection, an entity, a run, a link, a webhook or an application.

Everything that is stuck says why, since when, who can do something about it and what, in one shape.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from app.errors import Blocked

Who = Literal["user", "administrator", "crm", "operator", "nobody"]
Action = Literal[
    "reconnect", "grant", "send_admin_link", "confirm_account", "other_account", "approve_run", "resolve",
    "edit_record", "fix_app", "wait",
]  # fmt: skip
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of state: its title, a sentence for a person, who can cure it, and how."""

    title: str
    detail: str
    who: Who
    action: Action
    label: str


KINDS: dict[str, Kind] = {
    # The account and the rights it has given
    "no-mailbox": Kind(
        "The account has no Exchange Online mailbox.",
        "Microsoft knows the account, but it has no mailbox or no licence for one. With one, the connection"
        " becomes active by itself; the account is looked at once a day.",
        "user", "other_account", "Sign in with another account",
    ),
    "sign-in-needed": Kind(
        "The user must sign in again.",
        "Microsoft no longer accepts the earlier sign-in. Nothing is lost: links and settings stay.",
        "user", "reconnect", "Sign in again",
    ),
    "admin-consent-needed": Kind(
        "An administrator must approve the application.",
        "The user's organisation lets only an administrator approve it. Send one the link.",
        "administrator", "send_admin_link", "Send this link to your administrator",
    ),
    "account-not-confirmed": Kind(
        "Another account signed in than expected.",
        "Nothing is switched on until somebody confirms that this is the right account.",
        "user", "confirm_account", "Confirm this account",
    ),
    "sign-in-declined": Kind(
        "The sign-in was declined or broken off.",
        "Microsoft's page was left without accepting what is asked for.",
        "user", "reconnect", "Sign in again",
    ),
    "sign-in-failed": Kind(
        "Microsoft refused the sign-in.",
        "The detail says why, as far as Microsoft does.",
        "user", "reconnect", "Sign in again",
    ),
    "other-account-needed": Kind(
        "This account can't be used here.",
        "Microsoft does not let accounts of this kind sign in to the application.",
        "user", "other_account", "Sign in with another account",
    ),
    "mailbox-already-connected": Kind(
        "This mailbox is connected already.",
        "One mailbox is connected once per workspace.",
        "user", "other_account", "Sign in with another account",
    ),
    "permission-missing": Kind(
        "Microsoft has not been allowed what this needs.",
        "The permission was declined or taken back. Everything else goes on.",
        "user", "grant", "Grant the permission",
    ),
    "not-requested": Kind(
        "This was not asked for when the account was connected.",
        "Reconnect with this entity to ask for its permission.",
        "user", "grant", "Ask for the permission",
    ),
    # The application and the service
    "operator-needed": Kind(
        "The Microsoft application is not accepted.",
        "Microsoft refuses the application itself, not the user: its secret, its permissions or its tenant.",
        "operator", "fix_app", "Check the Microsoft application",
    ),
    "app-missing": Kind(
        "No Microsoft application is configured.",
        "Neither the workspace nor the deployment has one, so nobody can sign in.",
        "operator", "fix_app", "Configure a Microsoft application",
    ),
    "app-secret-invalid": Kind(
        "The application's secret or certificate is not accepted.",
        "Microsoft refuses it: it has expired, was removed, or belongs to another application.",
        "administrator", "fix_app", "Enter a new secret",
    ),
    "app-secret-expiring": Kind(
        "The application's secret or certificate expires soon.",
        "Once it has expired, no connection can be refreshed.",
        "administrator", "fix_app", "Enter a new secret",
    ),
    "failing": Kind(
        "Something goes wrong on our side.",
        "It is tried again by itself. The operator finds the cause in the log by the ids shown here.",
        "operator", "wait", "Wait",
    ),
    # Switches
    "paused": Kind(
        "The sync is paused.",
        "While paused nothing is read or written at Microsoft.",
        "administrator", "resolve", "Resume",
    ),
    "not-entitled": Kind(
        "The organisation is not entitled to the Microsoft 365 integration.",
        "What is connected stays connected, but nothing syncs.",
        "administrator", "resolve", "Ask your vendor",
    ),
    "workspace-disabled": Kind(
        "The integration is switched off for the organisation.",
        "What is connected stays connected, but nothing syncs.",
        "administrator", "resolve", "Switch the integration on",
    ),
    "entity-disabled": Kind(
        "This is switched off for the whole organisation.",
        "The workspace's `entities` does not have it.",
        "administrator", "resolve", "Switch it on for the organisation",
    ),
    "sync-disabled": Kind(
        "No direction is chosen.",
        "This stays switched off until a direction is chosen.",
        "user", "resolve", "Choose a direction",
    ),
    "connection-not-active": Kind(
        "The connection is not active.",
        "Its own problem says what is to be done.",
        "user", "reconnect", "Look at the connection",
    ),
    "not-built": Kind(
        "This entity can't be synced yet.",
        "This version of the service knows it by name only.",
        "nobody", "wait", "Wait for a later version",
    ),
    # The mailbox and Microsoft
    "folder-gone": Kind(
        "The folder in Outlook is gone.",
        "It was deleted there. Nothing was removed from the CRM because of that: put the folder back in its"
        " place, or decide what becomes of its contacts.",
        "user", "approve_run", "Look and decide",
    ),
    "mailbox-full": Kind(
        "The mailbox is full.",
        "Microsoft takes nothing more until something is deleted.",
        "user", "resolve", "Make room in the mailbox",
    ),
    "refused-by-microsoft": Kind(
        "Microsoft refuses this record.",
        "Trying again would not help; its detail has Microsoft's own words.",
        "crm", "edit_record", "Correct the record",
    ),
    "unreadable-item": Kind(
        "This item can't be taken over.",
        "Something in it is more than we can read or keep. Everything else goes on; it is looked at again"
        " once it changes.",
        "user", "edit_record", "Correct it in Outlook",
    ),
    "unsupported-value": Kind(
        "Outlook can't hold this value.",
        "The record stays as it is here, and is tried again once it changes.",
        "crm", "edit_record", "Correct the record",
    ),
    "unsupported-recurrence": Kind(
        "Outlook can't hold this recurrence.",
        "The event stays as it is here; it is written once its rule is one that Outlook has.",
        "crm", "edit_record", "Choose another rule",
    ),
    "invitation-blocked": Kind(
        "Writing it would mail people.",
        "The settings don't let Outlook mail the guests of this event, and it can't be written without.",
        "administrator", "resolve", "Allow invitations, or leave it as it is",
    ),
    "choice-refused": Kind(
        "This choice can't be made any more.",
        "What it asks for was locked or taken away while the preview ran; the detail says what.",
        "user", "resolve", "Choose again",
    ),
    "throttled": Kind(
        "Microsoft asks us to slow down.",
        "The work goes on by itself as soon as Microsoft allows.",
        "nobody", "wait", "Wait",
    ),
    "microsoft-unavailable": Kind(
        "Microsoft does not answer.",
        "The work is tried again by itself.",
        "nobody", "wait", "Wait",
    ),
    # What waits for the CRM or a person
    "webhook-failing": Kind(
        "The webhook endpoint does not take its deliveries.",
        "They are tried again by themselves, in order; nothing is lost.",
        "crm", "wait", "Repair the endpoint",
    ),
    "webhook-disabled": Kind(
        "The webhook is switched off.",
        "The endpoint answered 410, or failed for five days.",
        "crm", "resolve", "Repair the endpoint, then switch it on again",
    ),
    "awaiting-approval": Kind(
        "More would be changed than is changed without asking.",
        "Look at what would happen, then approve it or put it back.",
        "administrator", "approve_run", "Look and decide",
    ),
    "cancelled-by-switch": Kind(
        "The sync was switched off while this ran.",
        "What was done by then stays; nothing is half-written.",
        "nobody", "wait", "Nothing to do",
    ),
}  # fmt: skip


def state(
    slug: str,
    *,
    since: datetime,
    detail: str | None = None,
    call: Json | None = None,
    url: str | None = None,
    next_attempt_at: datetime | None = None,
    **extra: Any,
) -> Json:
    """Return the state in the shape that every answer shows it in. ``call`` is {"method", "path", "body"}."""
    kind = KINDS[slug]
    told = {
        "type": f"/problems/{slug}",
        "title": kind.title,
        "detail": detail or kind.detail,
        "since": _text(since),
        "who": kind.who,
        "cure": {"action": kind.action, "label": kind.label, "url": url, "call": call},
        "next_attempt_at": _text(next_attempt_at) if next_attempt_at else None,
    }
    if kind.action == "send_admin_link":
        told["admin_consent_url"] = url
    return told | extra


def slug_of(told: Json | None) -> str | None:
    """Return the slug of a state as it was stored, or None where all is well."""
    return None if told is None else str(told["type"]).removeprefix("/problems/")


def blocked_by(told: Json) -> Blocked:
    """Return the 409 that answers a request which this state stands in the way of, with its cure."""
    return Blocked(**told)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
