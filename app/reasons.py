"""What the reason codes say to a person: why a record was or wasn't written.

The one catalogue: `GET /reasons`, the reference and the sentences of explain are told from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.records.reasons import Reason

EVERY: Final = ("contacts", "calendar", "tasks")
CONTACTS: Final = ("contacts",)
CALENDAR: Final = ("calendar",)
TASKS: Final = ("tasks",)
PLANNED: Final = ("calendar", "tasks")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code means in one sentence, how that is said of one record, and the entities that know it.

    ``story`` may name {name} (the record), {mailbox}, {user}, {folder} and {because}, whatever is known of
    the trouble besides; without one, ``title`` says it all.
    """

    title: str
    story: str | None = None
    entities: tuple[str, ...] = EVERY


REASONS: Final[Mapping[Reason, Meaning]] = {
    Reason.IN_SCOPE: Meaning(
        "The record belongs in this mailbox.", "{name} belongs in {mailbox}, and nothing stands in its way."
    ),
    Reason.NO_OWNER: Meaning(
        "The record has no owner, so it belongs in nobody's mailbox.",
        "{name} has no owner in the CRM, so it belongs in nobody's mailbox.",
    ),
    Reason.NOT_AN_OWNER: Meaning(
        "The mailbox's user is not among the record's owners.",
        "{user} is not among the owners of {name}, so it does not belong in {mailbox}.",
    ),
    Reason.NOT_PRIMARY_OWNER: Meaning(
        "Only records whose primary owner is the mailbox's user are synced here.",
        "{user} is not the primary owner of {name}, and only those of the primary owner go to {mailbox}.",
    ),
    Reason.VIEW_ONLY: Meaning(
        "The user may only look at the record: their edit was put back.",
        "{user} may only look at {name}: what is changed in {mailbox} is not taken over but put back.",
    ),
    Reason.CLASS_NOT_SELECTED: Meaning(
        "None of the contact's classes is among those selected for this sync.",
        "None of the classes of {name} is among those selected for {mailbox}.",
        CONTACTS,
    ),
    Reason.ACTIVITY_TYPE_NOT_SELECTED: Meaning(
        "The activity's type is not among those selected for this sync.",
        "The type of {name} is not among those that are selected for the sync with {mailbox}.",
        CALENDAR,
    ),
    Reason.PROJECT_NOT_ACTIVE: Meaning(
        "The record's project does not take part in the integration.",
        "The project of {name} does not take part in the integration, so it is not written to {mailbox}.",
        PLANNED,
    ),
    Reason.BEFORE_START_DATE: Meaning(
        "The record is older than the date from which records are synced.",
        "{name} is older than the date from which records are synced to {mailbox}.",
    ),
    Reason.OUTSIDE_WINDOW: Meaning(
        "The event lies outside the window of days that is synced.",
        "{name} lies outside the days that are synced with {mailbox}. It follows when its time comes near.",
        CALENDAR,
    ),
    Reason.NOT_OPTED_IN: Meaning(
        "Only tasks that were opted in are synced, and this one was not.", entities=TASKS
    ),
    Reason.NOT_IN_CALENDAR: Meaning(
        "The calendar doesn't show tasks, or the task is due on no day.",
        "{name} is not in the calendar of {mailbox}: it is due on no day, or tasks are not shown there.",
        TASKS,
    ),
    Reason.COMPLETED_EXCLUDED: Meaning(
        "It is completed, and completed ones are not kept in Microsoft.",
        "{name} is completed, and the settings say that completed ones are not kept in {mailbox}.",
        PLANNED,
    ),
    Reason.PRIVATE_SKIPPED: Meaning(
        "It is private, and private ones are skipped.",
        "{name} is private, and the settings leave private ones out of the sync with {mailbox}.",
        CALENDAR,
    ),
    Reason.IMPORT_OFF: Meaning(
        "It is new in Microsoft, and new items are not taken over.",
        "{name} is new in {mailbox}, and the settings say that new ones are not taken over into the CRM.",
    ),
    Reason.DIRECTION: Meaning(
        "The sync's direction does not let this travel.",
        "The direction chosen for {mailbox} does not let this change of {name} travel.",
    ),
    Reason.DISABLED: Meaning(
        "This sync is switched off.", "The sync of {mailbox} is switched off. {because}"
    ),
    Reason.NOT_PERMITTED: Meaning(
        "Microsoft has not been allowed what this needs.",
        "The account of {mailbox} has not allowed what this needs. {because}",
    ),
    Reason.NOT_ENTITLED: Meaning("The organisation is not entitled to the integration."),
    Reason.PAUSED: Meaning(
        "The sync is paused.",
        "The sync of {mailbox} is paused: nothing is read or written there until it is resumed.",
    ),
    Reason.CONNECTION_NOT_ACTIVE: Meaning(
        "The connection needs attention first.",
        "{mailbox} is not connected at this moment, so nothing is read or written there. {because}",
    ),
    Reason.AWAITING_NAME: Meaning(
        "The CRM has yet to give this record its own id.",
        "The CRM has yet to say which of its records {name} is, or that it is a new one.",
    ),
    Reason.REJECTED_BY_CRM: Meaning(
        "The CRM did not want this record.",
        "The CRM did not want {name}; what is in {mailbox} is left as it is.",
    ),
    Reason.CONFLICT_OPEN: Meaning(
        "Both sides changed the same field, and somebody must decide.",
        "{name} was changed on both sides in the same place, and somebody must decide which stays.",
    ),
    Reason.FLAPPING: Meaning(
        "Both sides keep putting each other's value of a field back; it is left alone for an hour.",
        "{mailbox} and another side kept putting back each other's value of a field of {name}, so it is left"
        " alone for an hour, or until somebody decides.",
    ),
    Reason.MATCH_OPEN: Meaning(
        "Several records might be this one, and somebody must decide.",
        "{name} might be one of several, and somebody must decide which before anything is written.",
    ),
    Reason.AWAITING_APPROVAL: Meaning(
        "So much would change that somebody must approve it first.",
        "So much would change together with {name} that somebody must approve it first.",
    ),
    Reason.INVITATION_BLOCKED: Meaning(
        "Writing it would mail people, which the settings don't allow.",
        "Writing {name} to {mailbox} would mail its guests, and the settings don't allow that.",
        CALENDAR,
    ),
    Reason.DECLINED: Meaning(
        "Somebody was asked and decided that it is not to be written.",
        "{name} was one of very many, and somebody decided that they are not to be written to {mailbox}.",
    ),
    Reason.KEPT_AFTER_DELETE: Meaning(
        "The other side was deleted; this one was kept, as the settings say.",
        "{name} was deleted in the CRM and kept in {mailbox}, as the settings say.",
    ),
    Reason.UNSUPPORTED_RECURRENCE: Meaning(
        "Outlook can't hold this recurrence.",
        "Outlook has no rule like that of {name}, so it is not written to {mailbox}. {because}",
        PLANNED,
    ),
    Reason.UNSUPPORTED_VALUE: Meaning(
        "Outlook can't hold one of its values.",
        "Outlook can't hold one of the values of {name}. {because} It is tried again once that changes.",
    ),
    Reason.REFUSED_BY_MICROSOFT: Meaning(
        "Microsoft refuses it, and trying again would not help.",
        "Microsoft refuses to take {name}. It is tried again once the record changes.",
    ),
    Reason.MAILBOX_FULL: Meaning(
        "The mailbox is full.", "{mailbox} is full: {name} finds no room until something is deleted there."
    ),
    Reason.THROTTLED: Meaning(
        "Microsoft asks us to slow down; it goes on by itself.",
        "Microsoft asks us to slow down with {mailbox}; {name} goes on by itself.",
    ),
    Reason.RETRYING: Meaning(
        "It did not work yet and is tried again by itself.",
        "{name} could not be brought to {mailbox} yet. It is tried again by itself.",
    ),
    Reason.EDIT_OUTLIVED_DELETE: Meaning(
        "It was deleted on one side and edited on the other: the edit stays.",
        "{name} was deleted on one side while it was edited on the other: the edit stays.",
    ),
    Reason.RESTORED: Meaning("It was restored.", "{name} was brought back after it had been deleted."),
    Reason.COPY_IGNORED: Meaning("It is a copy of an item that is synced already.", entities=TASKS),
    Reason.ONLINE_MEETING_UNAVAILABLE: Meaning(
        "Its online meeting can't be made by this account, or would be lost by writing the description.",
        "{name} is not written to {mailbox}: its account can't make online meetings, or the link to join"
        " would be lost with the old description.",
        CALENDAR,
    ),
    Reason.ERASED: Meaning("It was erased on request and is not taken over again."),
    Reason.NO_CREATED_AT: Meaning(
        "The record doesn't say when it was created, so it counts as an existing one.",
        "The CRM doesn't say when {name} was created, so it counts as older than the sync of {mailbox}.",
    ),
    Reason.REMOVED_THERE: Meaning(
        "The mailbox's user removed it there.",
        "{user} removed {name} from {mailbox}, and it is not put there again by itself.",
    ),
    Reason.REMOVED_FROM_CRM: Meaning(
        "It was removed from the CRM, and its item in Microsoft goes with it, as the settings say.",
        "{name} was deleted in the CRM, and what {mailbox} held of it goes too, as the settings say.",
    ),
    Reason.MOVED_OUT: Meaning(
        "It was moved to another folder, and rests.",
        "{name} was moved to another folder of {mailbox}: both copies rest until it is moved back.",
    ),
    Reason.DUPLICATE_ITEM: Meaning(
        "Another item of this mailbox is linked to the record already.",
        "{mailbox} holds {name} twice: another of its items is the one that is synced.",
    ),
    Reason.NOT_ORGANIZER: Meaning(
        "Only the organizer's copy of a meeting can be written.",
        "{name} was called by somebody else: the copy in {mailbox} can't be changed from here.",
        CALENDAR,
    ),
    Reason.COPY_COMES_BY_INVITATION: Meaning(
        "The user gets their copy by the invitation.",
        "{name} comes into {mailbox} by its organizer's invitation; a second event would be one too many.",
        CALENDAR,
    ),
    Reason.CRM_KEEPS_ITS_VALUE: Meaning(
        "The CRM was offered this value several times and keeps its own.",
        "The CRM was offered the newer values of {name} several times and keeps its own.",
    ),
    Reason.DELETED_VS_EDITED: Meaning(
        "It was deleted on one side and edited on the other.",
        "{name} was deleted in the CRM while {user} edited it in {mailbox}: it stays until somebody decides.",
    ),
    Reason.EXCEPTION_LOST: Meaning(
        "Moving the series dropped a change to one of its dates.",
        "{name} was moved in {mailbox}, and Outlook dropped what was different on some of its dates; the"
        " conflict keeps it.",
        CALENDAR,
    ),
    Reason.COLLECTION_GONE: Meaning(
        "The folder, list or calendar in Microsoft is gone.",
        "The folder {folder} is gone from {mailbox}. Nothing is removed from the CRM because of that.",
    ),
}


def story(reason: Reason, **known: str) -> str:
    """Return what a reason says of one record: a sentence that can be read out to whoever asks."""
    meaning = REASONS[reason]
    told = " ".join((meaning.story or meaning.title).format(**known).split())
    return told[:1].upper() + told[1:]
