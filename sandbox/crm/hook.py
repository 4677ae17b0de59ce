"""The CRM's webhook: Concord posts signed changes; the answer acknowledges them and names what is new."""

from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.crm.concord import Concord, Json
from sandbox.crm.contact import document_of
from sandbox.crm.hearing import apply
from sandbox.crm.store import Contact, Store, new_id

PATH = "/hooks/concord"
TYPES = ["contact.*"]


class Hook:
    """``url`` is where Concord reaches this CRM."""

    def __init__(self, store: Store, concord: Concord, *, url: str) -> None:
        self._store, self._concord = store, concord
        self.url = f"{url}{PATH}"

    async def receive(self, request: Request) -> Response:
        """Take a delivery, if it is Concord's."""
        body, delivery = await request.body(), request.headers.get("webhook-id")
        try:
            # The library raises ValueError for a signature that is not even written like one.
            told = Webhook(self._store.fact("secret") or "-").verify(body, dict(request.headers))
        except (WebhookVerificationError, ValueError):
            self._store.note_delivery(delivery, verified=False)
            return JSONResponse({"error": "The signature is not Concord's."}, 401)
        changes = told["data"]["changes"]
        acknowledged = apply(self._store, changes)
        self._store.note_delivery(delivery, verified=True, changes=len(changes))
        return JSONResponse({"changes": acknowledged})

    async def settle(self) -> None:
        """See to it that Concord posts to us, and that we know the secret it signs with."""
        page = await self._concord.call("GET", "/v1/webhooks", params={"limit": 200})
        ours = next((hook for hook in page["data"] if hook["acknowledges"]), None)
        if ours is None:
            wanted = {"url": self.url, "types": TYPES, "acknowledges": True}
            made = await self._concord.call("POST", "/v1/webhooks", json=wanted)
            self._store.keep(webhook=made["id"], secret=made["secret"])
            return
        path = f"/v1/webhooks/{ours['id']}"
        if ours["url"] != self.url:
            await self._concord.call("PATCH", path, json={"url": self.url})
        if self._store.fact("webhook") != ours["id"]:  # made before our store was lost
            rotated = await self._concord.call("POST", f"{path}/rotate-secret", json={"overlap_hours": 0})
            self._store.keep(webhook=ours["id"], secret=rotated["secret"])

    async def catch_up(self) -> None:
        """Read what happened while we were not there: the feed, from where we stopped reading it."""
        cursor = self._store.fact("cursor") or await self._read_everything()
        more = True
        while more:
            news = await self._concord.call("GET", "/v1/changes", params={"after": cursor, "limit": 500})
            if acknowledged := apply(self._store, news["changes"]):
                await self._concord.call("POST", "/v1/changes/ack", json={"changes": acknowledged})
            cursor, more = news["next_cursor"], news["has_more"]
            self._store.keep(cursor=cursor)

    async def _read_everything(self) -> str:
        """Take over all that Concord holds, as a new CRM would; return where the feed goes on from there."""
        cursor = ""
        async for page in self._concord.each("/v1/contacts", limit=200):
            cursor = page["feed_cursor"]
            for record in page["data"]:
                self._store.save(await self._take_over(record))
        return cursor

    async def _take_over(self, record: Json) -> Contact:
        known = self._store.of_record(record["record_id"])
        crm_id = record["crm_id"] or (known.crm_id if known else new_id())
        if record["crm_id"] is None:
            named = {"record_id": record["record_id"]}
            record = await self._concord.call("PUT", f"/v1/contacts/{crm_id}", json={}, params=named)
        return Contact(
            crm_id=crm_id,
            record_id=record["record_id"],
            document=document_of(record),
            revision=record["revision"],
            changed=("everything",),
        )
