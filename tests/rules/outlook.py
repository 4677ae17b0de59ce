"""Short words for the rule tests: an item's wording, a link that is agreed, a mailbox that reports."""

from datetime import UTC, datetime, timedelta

from app.graph.contacts import PARTS, SHAPE, had
from app.records.link import Attempt, AttemptKind, LinkView
from app.sync.conflicts import Policy, Resolution
from app.sync.holding import NONE
from app.sync.projection import attempted, owed
from app.sync.reconcile import Listening, receive_item, wrote

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LISTENING = Listening("con_1")
CRM_WINS = Listening("con_1", policy=Policy(Resolution.CRM_WINS))
MICROSOFT_WINS = Listening("con_1", policy=Policy(Resolution.MICROSOFT_WINS))
UNHEARD = Listening("con_1", hears=False)
LOOKING = Listening("con_1", accepts=False)
LISTS = ("emailAddresses", "businessPhones", "homePhones", "imAddresses", "children", "categories")


def item(*, seconds=0, **fields):
    """Return an item's wording, everything else empty, as it was so many seconds after noon."""
    at = (NOON + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    empty = {name: [] if name in LISTS else {} if name.endswith("Address") else None for name in PARTS}
    return had({**empty, "lastModifiedDateTime": at, **fields})


def agreed(doc, *, means=None, **fields):
    """Return the view of a link whose item says what the record says, but for the wordings given."""
    write = owed(SHAPE, doc, LinkView())
    wording = {**item(**write.payload), **fields}
    link = wrote(SHAPE, doc, LinkView(), wording, write=write, listening=LISTENING, field_at={}).link
    return LinkView(wording, link.graph_means if means is None else means)


def edited(link, *, seconds=60, **fields):
    """Return the wording after somebody edited the item."""
    at = (NOON + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {**link.graph_had, "lastModifiedDateTime": at, **fields}


def report(doc, link, wording, *, listening=LISTENING, field_at=None, certain=False, held=NONE):
    return receive_item(
        SHAPE, doc, link, wording, listening=listening, field_at=field_at or {}, certain=certain, held=held
    )


def write_of(doc, link, *, held=()):
    return owed(SHAPE, doc, link, held=held)


def answered(doc, link, wording, *, write, listening=LISTENING):
    return wrote(SHAPE, doc, link, wording, write=write, listening=listening, field_at={})


def trying(doc, link, *, kind=None):
    """Return the link's view with the attempt of what is owed now."""
    write = owed(SHAPE, doc, link)
    attempt = attempted(write, link, at=NOON, generation=0)
    return LinkView(link.graph_had, link.graph_means, attempt)


def deleting(link):
    return LinkView(link.graph_had, link.graph_means, Attempt(NOON, AttemptKind.DELETE))


def emails(*names):
    return [{"address": f"{name}@example.org", "name": None} for name in names]


def worded(*names):
    return [{"address": f"{name}@example.org", "name": f"{name}@example.org"} for name in names]


def names(elements):
    return [element["address"].partition("@")[0] for element in elements]


def phones(*numbers, label="business"):
    return [{"number": number, "label": label} for number in numbers]
