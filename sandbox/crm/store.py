"""What the CRM remembers, in one SQLite file: its contacts, what Concord delivered, and a few facts."""

import json
import secrets
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from sandbox.crm.contact import Document, changed_fields, name_of

SCHEMA = """
CREATE TABLE IF NOT EXISTS contacts (
    crm_id TEXT PRIMARY KEY, record_id TEXT UNIQUE, name TEXT NOT NULL, document TEXT NOT NULL,
    revision INTEGER, unsent TEXT NOT NULL, edits INTEGER NOT NULL, deleted INTEGER NOT NULL, trouble TEXT,
    changed_by TEXT NOT NULL, changed TEXT NOT NULL, changed_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS contacts_by_time ON contacts (deleted, changed_at);
CREATE TABLE IF NOT EXISTS deliveries (
    number INTEGER PRIMARY KEY, id TEXT, at TEXT NOT NULL, verified INTEGER NOT NULL, changes INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
OURS = "crm"


def new_id() -> str:
    """Return an id that no contact ever had, also not one that a lost store has forgotten."""
    return f"c-{secrets.token_hex(5)}"


def moment() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A contact, who changed it last, and which of its fields Concord does not know yet.

    ``edits`` counts our own edits, so that one made while another is being sent is not taken as sent.
    """

    crm_id: str
    document: Document
    record_id: str | None = None
    revision: int | None = None
    unsent: Sequence[str] = ()
    edits: int = 0
    deleted: bool = False
    trouble: str | None = None
    changed_by: str = OURS
    changed: Sequence[str] = ()
    changed_at: str = field(default_factory=moment)

    @property
    def name(self) -> str:
        return name_of(self.document)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One time that somebody posted to our webhook."""

    id: str | None
    at: str
    verified: bool
    changes: int


class Store:
    """One process, one thread: what is read and saved without an ``await`` in between is one step."""

    def __init__(self, folder: Path | None) -> None:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self._sql = sqlite3.connect(folder / "crm.sqlite" if folder else ":memory:", isolation_level=None)
        self._sql.row_factory = sqlite3.Row
        self._sql.execute("PRAGMA journal_mode = WAL")
        self._sql.executescript(SCHEMA)

    @property
    def version(self) -> int:
        """Return a number that is another after each change."""
        return self._sql.total_changes

    def contact(self, crm_id: str) -> Contact | None:
        return self._one("SELECT * FROM contacts WHERE crm_id = ?", crm_id)

    def of_record(self, record_id: str) -> Contact | None:
        return self._one("SELECT * FROM contacts WHERE record_id = ?", record_id)

    def contacts(self, *, words: str = "", limit: int = -1, offset: int = 0) -> list[Contact]:
        """Return the contacts whose name or document has these words, the last changed first."""
        rows = self._sql.execute(
            "SELECT * FROM contacts WHERE NOT deleted AND (name LIKE ?1 OR document LIKE ?1)"
            " ORDER BY changed_at DESC, crm_id LIMIT ?2 OFFSET ?3",
            (f"%{words}%", limit, offset),
        )
        return [_contact(row) for row in rows]

    def count(self) -> int:
        row = self._sql.execute("SELECT count(*) AS found FROM contacts WHERE NOT deleted").fetchone()
        return int(row["found"])

    def unsent(self) -> list[Contact]:
        rows = self._sql.execute(
            "SELECT * FROM contacts WHERE unsent <> '[]' AND trouble IS NULL ORDER BY changed_at"
        )
        return [_contact(row) for row in rows]

    def save(self, *contacts: Contact) -> None:
        rows = [
            (
                one.crm_id, one.record_id, one.name, json.dumps(one.document), one.revision,
                json.dumps(list(one.unsent)), one.edits, one.deleted, one.trouble, one.changed_by,
                json.dumps(list(one.changed)), one.changed_at,
            )
            for one in contacts
        ]  # fmt: skip
        self._sql.execute("BEGIN")
        self._sql.executemany(f"INSERT OR REPLACE INTO contacts VALUES ({', '.join('?' * 12)})", rows)  # noqa: S608
        self._sql.execute("COMMIT")

    def add(self, documents: Iterable[Document]) -> list[Contact]:
        """Note new contacts that somebody typed or imported here."""
        made = [
            Contact(
                crm_id=new_id(), document=document, unsent=tuple(document), changed=tuple(document), edits=1
            )
            for document in documents
        ]
        self.save(*made)
        return made

    def edit(self, contact: Contact, said: Document) -> Contact:
        """Note what somebody changed here; nothing happens where nothing differs."""
        changed = changed_fields(contact.document, said)
        if not changed:
            return contact
        edited = replace(
            contact,
            document=contact.document | {name: said[name] for name in changed},
            unsent=tuple(dict.fromkeys([*contact.unsent, *changed])),
            edits=contact.edits + 1,
            trouble=None,
            changed_by=OURS,
            changed=tuple(changed),
            changed_at=moment(),
        )
        self.save(edited)
        return edited

    def delete(self, contact: Contact) -> None:
        edits = contact.edits + 1
        self.save(
            replace(
                contact, deleted=True, unsent=("deleted",), edits=edits, trouble=None, changed_at=moment()
            )
        )

    def note_delivery(self, delivery_id: str | None, *, verified: bool, changes: int = 0) -> None:
        self._sql.execute(
            "INSERT INTO deliveries (id, at, verified, changes) VALUES (?, ?, ?, ?)",
            (delivery_id, moment(), verified, changes),
        )

    def deliveries(self, *, limit: int = -1) -> list[Delivery]:
        rows = self._sql.execute("SELECT * FROM deliveries ORDER BY number DESC LIMIT ?", (limit,))
        return [Delivery(row["id"], row["at"], bool(row["verified"]), row["changes"]) for row in rows]

    def fact(self, name: str) -> str | None:
        row = self._sql.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row["value"])

    def keep(self, **facts: str) -> None:
        self._sql.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts.items())

    def close(self) -> None:
        self._sql.close()

    def _one(self, query: str, value: str) -> Contact | None:
        row = self._sql.execute(query, (value,)).fetchone()
        return None if row is None else _contact(row)


def _contact(row: sqlite3.Row) -> Contact:
    return Contact(
        crm_id=row["crm_id"],
        record_id=row["record_id"],
        document=json.loads(row["document"]),
        revision=row["revision"],
        unsent=json.loads(row["unsent"]),
        edits=row["edits"],
        deleted=bool(row["deleted"]),
        trouble=row["trouble"],
        changed_by=row["changed_by"],
        changed=json.loads(row["changed"]),
        changed_at=row["changed_at"],
    )
