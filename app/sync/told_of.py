"""Where a record stands in one mailbox, as a sentence that can be read out to whoever asks."""

from datetime import datetime
from typing import Final

from app.reasons import story
from app.records.reasons import Reason
from app.records.types import record_type
from app.states import KINDS, Kind, slug_of
from app.sync.had import microsoft_had
from app.sync.verdict import Stand
from app.sync.whereabouts import Whereabouts

AGREED: Final = "{name} is in {mailbox}, and both sides agree."
UNFIT: Final = frozenset({Reason.UNSUPPORTED_VALUE, Reason.UNSUPPORTED_RECURRENCE})
PENDING: Final = "{name} is on its way to {mailbox}."


def told_of(place: Whereabouts) -> str:
    """Return the verdict as a sentence that can be read out to whoever asks."""
    judged = place.verdict
    known = _words(place)
    if judged.reason is Reason.IN_SCOPE:
        return (AGREED if judged.stand is Stand.SYNCED else PENDING).format(**known)
    told = story(judged.reason, **known)
    again = next_attempt_at(place)
    return f"{told} The next attempt is at {again:%H:%M:%S} UTC on {again:%d %B %Y}." if again else told


def _words(place: Whereabouts) -> dict[str, str]:
    account, kind = place.connection.account or {}, KINDS.get(slug_of(place.problem) or "")
    address = account.get("email") or place.connection.login_hint
    folder = place.collection.container_name if place.collection is not None else None
    user = place.connection.user
    return {
        "name": _name(place),
        "user": f"the user {user}",
        "mailbox": f"the mailbox {address}" if address else f"the mailbox of the user {user}",
        "folder": f"“{folder or place.settings.container or 'the calendar'}”",
        "because": _because(place, kind),
    }


def _because(place: Whereabouts, kind: Kind | None) -> str:
    """Return what is in the way, as a sentence; of what Outlook can't hold, which value and the cure."""
    if place.verdict.reason not in UNFIT:
        return f"{kind.title} {kind.detail}" if kind is not None else ""
    link = place.link
    if link is None or link.problem is None or (link.decisions and link.decisions[0].get("detail")):
        return ""  # Microsoft named the value by a code, if at all
    return str(link.problem["detail"])


def _name(place: Whereabouts) -> str:
    """Return how a person knows the record, or the item."""
    kind = record_type(place.entity)
    doc = place.record.doc if place.record is not None else {}
    doc = doc or (microsoft_had(place.link) if place.link is not None else {})
    whole = " ".join(filter(None, (doc.get("given_name"), doc.get("family_name"))))
    names = (doc.get("display_name"), whole, kind.title(doc))
    return next(filter(None, names), f"The {kind.word}")


def next_attempt_at(place: Whereabouts) -> datetime | None:
    """Return when something is tried next, where something waits; None where it is tried at once."""
    if place.verdict.stand is not Stand.PENDING or place.in_the_way is not None:
        return None
    record, link, collection = place.record, place.link, place.collection
    waits = record.held_until if record is not None else None
    known = [link.next_attempt_at if link is not None else None, waits]
    if collection is not None and collection.problem is not None:
        known.append(collection.due_at)
    return max((at for at in known if at is not None and at > place.now), default=None)
