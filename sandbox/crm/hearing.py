"""The CRM hears what changed: it applies each change once, and names what is new to it.

The same change may come twice, late, or by two ways (webhook and feed). A revision that we hold already says
nothing new, and a record that has a name here keeps it: so hearing is safe to repeat.
"""

from dataclasses import replace

from sandbox.crm.concord import Json
from sandbox.crm.contact import document_of
from sandbox.crm.store import OURS, Contact, Store, moment, new_id


def apply(store: Store, changes: list[Json]) -> list[Json]:
    """Apply changes in their order; return for each what we acknowledge."""
    return [_acknowledged(store, change) for change in changes]


def _acknowledged(store: Store, change: Json) -> Json:
    match change["type"]:
        case "contact.created":
            return {"id": change["id"], "crm_id": _created(store, change).crm_id}
        case "contact.updated":
            _updated(store, change)
        case "contact.deleted" if rejection := _deleted(store, change):
            return {"id": change["id"], "rejected": rejection}
        case "contact.merged":
            _merged(store, change)
        case _:  # whatever Concord may add: not for us
            pass
    return {"id": change["id"]}


def _created(store: Store, change: Json) -> Contact:
    known = _known(store, change)
    if known is not None and not known.deleted:
        return _updated(store, change, known=known) or known
    crm_id = known.crm_id if known else change["crm_id"] or new_id()
    made = Contact(
        crm_id=crm_id,
        record_id=change["record_id"],
        document=document_of(change["record"]),
        revision=change["revision"],
        changed_by=_whose(change),
        changed=("everything",),
    )
    store.save(made)
    return made


def _updated(store: Store, change: Json, *, known: Contact | None = None) -> Contact | None:
    known = known or _known(store, change)
    if known is None or (known.revision or 0) >= change["revision"]:
        return None
    # What was edited here and isn't sent yet stays: Concord merges it when it gets there.
    ours = set(known.unsent)
    theirs = {field: value for field, value in document_of(change["record"]).items() if field not in ours}
    heard = replace(
        known,
        record_id=change["record_id"],
        document=known.document | theirs,
        revision=change["revision"],
        changed_by=_whose(change),
        changed=tuple(change["changed"]),
        changed_at=moment(),
    )
    store.save(heard)
    return heard


def _deleted(store: Store, change: Json) -> Json | None:
    """Delete what was deleted elsewhere; return why not where somebody here edits it at this moment."""
    known = _known(store, change)
    if known is None or known.deleted or (known.revision or 0) > change["revision"]:
        return None
    if known.unsent:
        return {"reason": "edited", "detail": "It was edited in the CRM meanwhile."}
    store.save(replace(known, deleted=True, changed_by=_whose(change), changed_at=moment()))
    return None


def _merged(store: Store, change: Json) -> None:
    """Let go of a contact that turned out to be another one."""
    gone = store.of_record(change["merged"])
    if gone is not None:
        store.save(replace(gone, deleted=True, unsent=(), record_id=None, changed_at=moment()))


def _known(store: Store, change: Json) -> Contact | None:
    found = store.of_record(change["record_id"])
    return found or (store.contact(change["crm_id"]) if change["crm_id"] else None)


def _whose(change: Json) -> str:
    return change["connection"] or OURS if change["origin"] == "microsoft" else OURS
