"""The CRM tells Concord what was typed here: soon, in order, and again until Concord has it."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import replace

from sandbox.crm.concord import Concord, ConcordRefusedError, ConcordSilentError, Json
from sandbox.crm.contact import document_of
from sandbox.crm.store import Contact, Store

log = logging.getLogger(__name__)

TRY_AGAIN_SECONDS = 2.0
AT_ONCE = 200
UNKNOWN = {404, 412}


class Sending:
    def __init__(self, store: Store, concord: Concord) -> None:
        self._store, self._concord = store, concord
        self._bell = asyncio.Event()

    def ring(self) -> None:
        """Say that there is something to send."""
        self._bell.set()

    async def run(self) -> None:
        """Send whatever is unsent, for as long as the process lives."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TRY_AGAIN_SECONDS):
                    await self._bell.wait()
            self._bell.clear()
            try:
                await self.send()
            except ConcordSilentError:
                continue  # Concord is away: what was not sent stays unsent
            except Exception:
                log.exception("Sending failed; it is tried again.")

    async def send(self) -> None:
        """Send what is unsent now. Raises ConcordSilentError; what was not sent stays unsent."""
        waiting = self._store.unsent()
        new = [contact for contact in waiting if contact.revision is None and not contact.deleted]
        for start in range(0, len(new), AT_ONCE):
            await self.state(new[start : start + AT_ONCE])
        for contact in waiting:
            if contact not in new:
                await self._settle(contact)

    async def state(self, contacts: Sequence[Contact]) -> None:
        """Say all we have of these contacts, many in one request."""
        upserts = [{"crm_id": contact.crm_id, **contact.document} for contact in contacts]
        answer = await self._concord.call("POST", "/v1/contacts/batch", json={"upserts": upserts})
        for contact, result in zip(contacts, answer["results"], strict=True):
            if problem := result.get("problem"):
                self._note_trouble(contact, problem.get("detail") or problem["title"])
            elif result.get("merged"):
                self._note_sent(contact, await self._concord.call("GET", f"/v1/contacts/{contact.crm_id}"))
            else:
                self._note_sent(contact, result)

    async def _settle(self, contact: Contact) -> None:
        try:
            if contact.deleted:
                await self._concord.call("DELETE", f"/v1/contacts/{contact.crm_id}")
                self._note_sent(contact, {})
            else:
                self._note_sent(contact, await self._edit(contact))
        except ConcordRefusedError as refused:
            self._note_trouble(contact, str(refused))

    async def _edit(self, contact: Contact) -> Json:
        """Send the edited fields, and which revision was edited; all we have where Concord knows neither."""
        path = f"/v1/contacts/{contact.crm_id}"
        edited = {field: contact.document.get(field) for field in contact.unsent}
        base = {"Concord-Base-Revision": str(contact.revision)} if contact.revision else {}
        try:
            return await self._concord.call("PATCH", path, json=edited, headers=base)
        except ConcordRefusedError as refused:
            if refused.status not in UNKNOWN:
                raise
        # Made in Outlook and edited here before Concord heard what we call it: the PUT names it as well.
        named = {"record_id": contact.record_id} if contact.record_id else {}
        return await self._concord.call("PUT", path, json=contact.document, params=named)

    def _note_sent(self, sent: Contact, answer: Json) -> None:
        """Note that Concord has this; what was edited meanwhile is still to be sent."""
        now = self._store.contact(sent.crm_id)
        if now is None:
            return
        unsent: Sequence[str] = () if now.edits == sent.edits else now.unsent
        if (answer.get("revision") or 0) < (now.revision or 0):  # it has told us of a newer one meanwhile
            self._store.save(replace(now, unsent=unsent))
            return
        theirs = {field: value for field, value in document_of(answer).items() if field not in unsent}
        self._store.save(
            replace(
                now,
                unsent=unsent,
                document=now.document | theirs,
                record_id=answer.get("record_id", now.record_id),
                revision=answer.get("revision", now.revision),
            )
        )

    def _note_trouble(self, sent: Contact, sentence: str) -> None:
        now = self._store.contact(sent.crm_id)
        if now is not None and now.edits == sent.edits:
            self._store.save(replace(now, trouble=sentence))
