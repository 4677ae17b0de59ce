"""What each side of a record last had, as far as we know: a document for either."""

from dataclasses import replace
from datetime import datetime

from app.graph.translations import translation
from app.models import Link, Record
from app.records import Fields
from app.records.types import record_type
from app.sync.copies import applied, may_still_hold
from app.sync.projection import meant
from app.sync.revisions import History, crm_view
from app.sync.work import viewed


def microsoft_had(link: Link) -> Fields:
    """Return what the mailbox's item last had, as a document."""
    view, doc = viewed(link), Fields()
    shape = translation(link.entity).shape
    for part in shape.parts.values():
        value = meant(shape, view, part)
        if value:
            doc[part.field] = doc[part.field] + value if part.field in doc else value
    return doc


def crm_had(record: Record, history: History, *, now: datetime) -> Fields:
    """Return what the CRM was last seen to have, as a document: what it said, and what it acknowledged.

    An ack counts at once here: only a message of the CRM that is under way could belie it.
    """
    view, kind = crm_view(record, history), record_type(record.entity)
    up_to = history.applied_up_to(record, now=now + history.settle)
    later = [step for step in view.revisions if step.number > up_to]
    view = replace(view, had=applied(view, up_to=up_to), revisions=later)
    doc = Fields()
    for name in dict.fromkeys([*view.had, *(name for step in later for name in step.patch)]):
        seen = [held for held in may_still_hold(name, kind.kinds[name], view, now=now) if not held.pending]
        if seen and seen[-1].value != kind.empty(name):
            doc[name] = seen[-1].value
    return doc
