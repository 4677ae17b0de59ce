"""The mailbox in a rehearsal: what it holds is read, what would be written to it is noted and answered.

Nothing but GETs ever leaves. What was read is kept, so that a rehearsal that has to be repeated asks nothing
twice and sees the mailbox at one moment.
"""

import zlib
from collections.abc import Sequence
from http import HTTPStatus
from itertools import count
from typing import Protocol

import orjson

from app.graph.batch import Answer, Call
from app.graph.mailbox import Mailbox
from app.graph.protocol import Document, ItemGone, NotFound
from app.graph.translation import TO_BE_MADE, Translation


class Script(Protocol):
    """Who takes a rehearsal down."""

    async def asked(self) -> None:
        """Hear that something is being read."""

    async def wrote(self, calls: Sequence[Call]) -> None:
        """Hear what would be written, before it is answered."""


class Kept:
    """What a rehearsal has read of a mailbox, packed: ten thousand contacts take a few megabytes."""

    def __init__(self) -> None:
        self._packed: dict[str, bytes] = {}

    def get(self, path: str) -> Document | None:
        packed = self._packed.get(path)
        return None if packed is None else orjson.loads(zlib.decompress(packed))

    def put(self, path: str, document: Document) -> None:
        self._packed[path] = zlib.compress(orjson.dumps(document), 1)


class RehearsedMailbox(Mailbox):
    """Stands in for a mailbox, whose ways it uses to read."""

    def __init__(self, real: Mailbox, words: Translation, *, kept: Kept, script: Script) -> None:
        self.workspace, self.connection_id, self.priority = real.workspace, real.connection_id, real.priority
        self._real, self._words = real, words
        self._new = f"{words.containers}/{TO_BE_MADE}"
        self._kept = kept
        self._script = script
        self._numbers = count(1)
        self._alive: set[str] = set()
        self._removed: set[str] = set()
        self._whole = False

    async def request(self, call: Call, *, missing: type[NotFound] = ItemGone) -> Document:
        """Answer one call."""
        if call.method != "GET":
            return self._carried_out(call)
        if call.path.startswith(self._new):
            return self._of_new_container(call.path)
        known = self._kept.get(call.path)
        if known is None:
            await self._script.asked()
            known = await self._real.request(call, missing=missing)
            self._kept.put(call.path, known)
        self._look_at(call, known)
        return known

    def _look_at(self, call: Call, document: Document) -> None:
        """Learn from a page of the delta who is there; the first page of a whole round bears no token."""
        if self._words.is_delta(call.path):
            self._whole = self._whole or call.path.startswith("/")
            rows = document.get("value") or ()
            self._removed |= {row["id"] for row in rows if "@removed" in row}
            self._alive |= {row["id"] for row in rows if "@removed" not in row}

    async def batch(self, calls: Sequence[Call]) -> list[Answer]:
        """Answer many calls, reads and writes."""
        missed = await self._missed(calls)
        writes = [call for call in calls if call.method != "GET" and self._words.item_of(call) not in missed]
        if writes:
            await self._script.wrote(writes)
        read = await self._read([call for call in calls if call.method == "GET"])
        return [
            read[call.path] if call.method == "GET"
            else missed.get(str(self._words.item_of(call)))
            or Answer(_status(call), body=self._carried_out(call))
            for call in calls
        ]  # fmt: skip

    async def _missed(self, calls: Sequence[Call]) -> dict[str, Answer]:
        """Return the items that a write would not find as it knew them, with the answer it would get."""
        item_of, writes = self._words.item_of, [call for call in calls if call.method != "GET"]
        named = {item: call for call in writes if (item := item_of(call)) is not None}
        doubtful = [
            item for item in named if item in self._removed or (self._whole and item not in self._alive)
        ]
        looks = {item: self._words.read(item) for item in doubtful}
        found = await self._read(list(looks.values()))
        answers = {item: _instead(named[item], found[look.path]) for item, look in looks.items()}
        return {item: answer for item, answer in answers.items() if answer is not None}

    async def _read(self, calls: Sequence[Call]) -> dict[str, Answer]:
        answers = {call.path: self._known(call.path) for call in calls}
        asked = [call for call in calls if answers[call.path] is None]
        if asked:
            await self._script.asked()
        found = await self._real.batch(asked) if asked else []
        for call, answer in zip(asked, found, strict=True):
            answers[call.path] = answer
            if answer.failure is None and answer.status in {HTTPStatus.OK, HTTPStatus.NOT_FOUND}:
                self._kept.put(_in_batch(call.path), {"status": answer.status, "body": answer.body})
        return {path: answer for path, answer in answers.items() if answer is not None}

    def _known(self, path: str) -> Answer | None:
        if path.startswith(self._new):
            return Answer(HTTPStatus.OK, body=self._of_new_container(path))
        known = self._kept.get(_in_batch(path))
        return None if known is None else Answer(known["status"], body=known["body"])

    def _carried_out(self, call: Call) -> Document:
        """Return what Graph answers to a write: a new folder or item, or the fields that were set."""
        body = dict(call.body or {})
        if call.method == "POST" and call.path == self._words.containers:
            return {"id": TO_BE_MADE, "parentFolderId": None, **body}
        etag = f'W/"rehearsed-{next(self._numbers)}"'
        if call.method == "POST":
            return dict.fromkeys(self._words.select) | body | {"id": etag, "@odata.etag": etag}
        return body | {"@odata.etag": etag}

    def _of_new_container(self, path: str) -> Document:
        """Return what a container says that is only to be made: who it is, or that it is empty."""
        if path == self._new or path.startswith(f"{self._new}?"):
            return {"id": TO_BE_MADE, "displayName": "", "name": "", "parentFolderId": None}
        return {"value": [], "@odata.deltaLink": f"{self._new}/delta"}


def _instead(call: Call, item: Answer) -> Answer | None:
    """Return how a write is refused, if it is, seeing what a look at its item says."""
    if item.status != HTTPStatus.OK:
        return item
    known = call.headers.get("if-match")
    if known is None or known == item.body.get("@odata.etag"):
        return None
    return Answer(HTTPStatus.PRECONDITION_FAILED, body={"error": {"code": "ErrorIrresolvableConflict"}})


def _in_batch(path: str) -> str:
    return f"batch {path}"


def _status(call: Call) -> int:
    return {"POST": HTTPStatus.CREATED, "DELETE": HTTPStatus.NO_CONTENT}.get(call.method, HTTPStatus.OK)
