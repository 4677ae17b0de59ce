"""Explain: why a record is, or isn't, in a mailbox; what each side last had, and what happens next.

Nothing here decides: the verdict and what is owed come from the engine's own functions. Nothing is written.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.graph.calendar import WEB_LINK
from app.graph.translations import translation
from app.models import Connection, Link, Record
from app.reasons import REASONS
from app.records import Fields
from app.records.link import LinkState, LinkView
from app.records.reasons import Reason
from app.records.types import record_type
from app.sync import offers
from app.sync.addresses import Addresses
from app.sync.changes import KEPT
from app.sync.had import crm_had, microsoft_had
from app.sync.links import Links
from app.sync.masks import keeps_guests_secret
from app.sync.ownership import theirs
from app.sync.projection import Create, Update
from app.sync.records import Records
from app.sync.revisions import NOTHING, History, Revisions
from app.sync.settings import EffectiveSettings
from app.sync.shown import Json, moment, record_url
from app.sync.told_of import next_attempt_at, told_of
from app.sync.whereabouts import Deletion, Whereabouts, WhereaboutsOf
from app.sync.work import viewed
from app.sync.workspaces import Workspaces


async def explain_record(
    session: AsyncSession,
    record: Record,
    *,
    named: str | None = None,
    only_user: str | None = None,
    now: datetime,
) -> Json:
    """Explain a record in every connection (of one user) that it has to do with, and in the one named."""
    told = (await _explained(session, [record], named=named, now=now))[0]
    told["connections"] = [entry for entry in told["connections"] if only_user in {None, entry["user"]}]
    return told


async def explain_item(
    session: AsyncSession, connection: Connection, entity: str, item_id: str, *, now: datetime
) -> list[Json]:
    """Explain an item of a mailbox by Graph's id; nothing is returned for one that was never seen."""
    link = (await Links(session).of_items(connection.id, [item_id])).get(item_id)
    links = [link] if link is not None and link.entity == entity else []
    return await _of_links(session, connection, links, now=now)


async def explain_address(
    session: AsyncSession,
    connection: Connection,
    entity: str,
    address: str,
    *,
    only_user: str | None = None,
    now: datetime,
) -> list[Json]:
    """Explain whoever has this address, or the events they take part in; and items that no record knows.

    The user may know of those in their mailboxes. Events are left out of whose guests nobody is to know here.
    """
    known = Addresses(session)
    records = await known.with_address(entity, address, user=connection.user, since=now - KEPT)
    if only_user is not None:
        records = await theirs(session, only_user, records=records)
    items = await known.unknown_items(connection.id, entity, address)
    settings = await EffectiveSettings(session).of(connection.id, entity)
    private = settings.part({}, {}, access=None, now=now).private
    linked = await Links(session).of_records([record.record_id for record in records])
    views = {link.record_id: viewed(link) for link in linked if link.connection_id == connection.id}
    seen = [
        record
        for record in records
        if not keeps_guests_secret(record.doc, views.get(record.record_id, LinkView()), private)
    ]
    found = await _explained(session, seen, only=connection.id, now=now)
    items = [link for link in items if not keeps_guests_secret({}, viewed(link), private)]
    return found + await _of_links(session, connection, items, now=now)


async def _of_links(
    session: AsyncSession, connection: Connection, links: Sequence[Link], *, now: datetime
) -> list[Json]:
    records = [
        record
        for link in links
        if link.record_id is not None and (record := await Records(session).get(link.record_id)) is not None
    ]
    unknown = [link for link in links if link.record_id is None]
    places = await WhereaboutsOf(session, now=now).items(connection, unknown)
    found = await _explained(session, records, only=connection.id, now=now)
    return found + [_document(None, [place], NOTHING, url=None) for place in places]


async def _explained(
    session: AsyncSession,
    records: Sequence[Record],
    *,
    named: str | None = None,
    only: str | None = None,
    now: datetime,
) -> list[Json]:
    """Explain records; ``only`` in one connection."""
    places = await WhereaboutsOf(session, now=now).records(records, named=only or named)
    histories = await Revisions(session).since({r.record_id: r.crm_revision for r in records})
    workspace = await Workspaces(session).get(session.info["workspace"])
    template = workspace.record_url_template if workspace is not None else ""
    return [
        _document(
            record,
            [p for p in places if p.record is record and only in {None, p.connection.id}],
            histories.get(record.record_id, NOTHING),
            url=record_url(template, record),
        )
        for record in records
    ]


def _document(
    record: Record | None, places: Sequence[Whereabouts], history: History, *, url: str | None
) -> Json:
    return {
        "crm_id": record.crm_id if record is not None else None,
        "record_id": record.record_id if record is not None else None,
        "revision": record.revision if record is not None else None,
        "record_url": url,
        "connections": [_entry(place, history) for place in places],
    }


def _entry(place: Whereabouts, history: History) -> Json:
    link, record, judged = place.link, place.record, place.verdict
    return {
        "connection": place.connection.id,
        "user": place.connection.user,
        "direction": place.settings.direction,
        "state": judged.stand.value,
        "in_scope": judged.in_scope,
        "reason": judged.reason.value,
        "detail": told_of(place),
        "linked": link is not None and link.state == LinkState.LINKED,
        "item": _item(place),
        "microsoft_had": _worded(place, microsoft_had(link)) if link is not None else {},
        "crm_had": _worded(place, crm_had(record, history, now=place.now)) if record is not None else {},
        "owed": {
            "to_microsoft": _owed_to_microsoft(place),
            "to_crm": owed_to_crm(record, history) if record is not None else None,
        },
        "decisions": [_decision(each) for each in (link.decisions or () if link is not None else ())],
        "next_attempt_at": moment(next_attempt_at(place)),
        "problem": place.problem,
    }


def _worded(place: Whereabouts, doc: Fields) -> Fields:
    """Return in the API's words what a document holds; what these words have nothing for is left out."""
    told = record_type(place.entity).in_words(doc, doc)
    return {word: value for word, value in told.items() if value is not None and value != []}


def _item(place: Whereabouts) -> Json | None:
    link, collection = place.link, place.collection
    if link is None or link.item_id is None:
        return None
    there = collection is not None and link.state != LinkState.MOVED_OUT
    container = collection.container_id if collection is not None and there else None
    # Quirk: a Graph contact has no webLink, unlike an event or a message.
    return {"id": link.item_id, "container": container, "web_link": (link.graph_had or {}).get(WEB_LINK)}


def owed_to_crm(record: Record, history: History) -> Json | None:
    """Return what the CRM has yet to be told, or to be offered again."""
    if record.rejected_at is not None:
        return None
    unheard, words = history.unheard_edits(record), record_type(record.entity).words_of
    if record.deleted_at is not None:
        untold = unheard and record.deleted_because != "crm"
        return {"write": "delete", "fields": []} if untold else None
    if record.crm_id is None:
        return {"write": "create", "fields": words([name for name, value in record.doc.items() if value])}
    again = [name for name, (_, due) in offers.pending(record).items() if due]
    fields = words([*(name for told in unheard for name in told.step.patch), *again])
    return {"write": "update", "fields": fields} if fields else None


def _owed_to_microsoft(place: Whereabouts) -> Json | None:
    match place.owed:
        case Create() as write:
            named = [part for part, value in write.fields.items() if value]
            return {"write": "create", "fields": _in_words(place, named)}
        case Update() as write:
            return {"write": "update", "fields": _in_words(place, write.owed)}
        case Deletion():
            return {"write": "delete", "fields": []}
        case None:
            return None


def _in_words(place: Whereabouts, parts: Iterable[str]) -> list[str]:
    shape, kind = translation(place.entity).shape, record_type(place.entity)
    return kind.words_of(dict.fromkeys(shape.parts[part].field for part in parts))


def _decision(decision: Mapping[str, Any]) -> Json:
    """Return a decision as it was noted, with its sentence; what Microsoft said then stays with it."""
    meaning = REASONS[Reason(decision["code"])].title
    said = f"{meaning} Microsoft: {decision['detail']}." if decision.get("detail") else meaning
    return {"at": decision["at"], "code": decision["code"], "detail": said, "run": decision.get("run")}
