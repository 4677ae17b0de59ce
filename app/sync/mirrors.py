"""Mirrors: a task that is shown in a calendar has a second link there, to the event that shows it.

A calendar does with it what it does with every link to which it sends: it asks whether the record belongs
there, makes, updates and deletes under the breaker, settles what was not answered. Only its record is a
stand-in, the event that the task would be, and what the mailbox says of it reaches nobody.
"""

from dataclasses import replace

from sqlalchemy import inspect

from app.models import Link, Record
from app.records import Fields, task
from app.records.link import Role
from app.records.shape import Shape
from app.sync.reconcile import Listening


def role_in(container: str, *, of: str) -> Role:
    """Return what an item in this entity's containers is to a record of an entity."""
    return Role.MAIN if container == of else Role.MIRROR


def as_shown_in(container: str, record: Record) -> Record:
    """Return the record as this entity's containers know it: itself, or a stand-in for it.

    A stand-in is no row of anybody's session, and nothing is ever in question about it.
    """
    if role_in(container, of=record.entity) is Role.MAIN:
        return record
    columns: Fields = {column.key: getattr(record, column.key) for column in inspect(Record).columns}
    return Record(**{**columns, "doc": task.as_event(record.doc), "field_at": {}, "held": {}, "swings": {}})


def guarded(shape: Shape) -> Shape:
    """Return the shape of a mirror: guests are none of the task's, but who is invited there is known."""
    guests = replace(shape.parts["attendees"], reads=False, writes=False, noted=True)
    return replace(shape, parts={**shape.parts, "attendees": guests})


def unheard(listening: Listening, link: Link) -> Listening:
    """Return how a link's mailbox is listened to: of a mirror nothing is heard."""
    return replace(listening, hears=False) if link.role == Role.MIRROR else listening
