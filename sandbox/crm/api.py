"""The CRM's own small API: what a program may read and do here, as a person does on its pages."""

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.crm.sending import Sending
from sandbox.crm.store import Contact, Store

NOT_FOUND, CREATED, NO_CONTENT = 404, 201, 204


class Api:
    def __init__(self, store: Store, sending: Sending) -> None:
        self.store, self.sending = store, sending

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/api/contacts", self.contacts, methods=["GET"]),
            Route("/api/contacts", self.add, methods=["POST"]),
            Route("/api/contacts/{crm_id}", self.edit, methods=["PATCH"]),
            Route("/api/contacts/{crm_id}", self.delete, methods=["DELETE"]),
            Route("/api/send-again", self.send_again, methods=["POST"]),
            Route("/api/deliveries", self.deliveries, methods=["GET"]),
        ]

    async def contacts(self, request: Request) -> Response:
        words = request.query_params.get("q", "")
        return JSONResponse({"data": [_shown(one) for one in self.store.contacts(words=words)]})

    async def add(self, request: Request) -> Response:
        """Take new contacts, many at once."""
        made = self.store.add((await request.json())["contacts"])
        self.sending.ring()
        return JSONResponse({"data": [_shown(one) for one in made]}, CREATED)

    async def edit(self, request: Request) -> Response:
        contact = self.store.contact(request.path_params["crm_id"])
        if contact is None or contact.deleted:
            return JSONResponse({"error": "There is no such contact."}, NOT_FOUND)
        edited = self.store.edit(contact, await request.json())
        self.sending.ring()
        return JSONResponse(_shown(edited))

    async def delete(self, request: Request) -> Response:
        contact = self.store.contact(request.path_params["crm_id"])
        if contact is not None and not contact.deleted:
            self.store.delete(contact)
            self.sending.ring()
        return Response(status_code=NO_CONTENT)

    async def send_again(self, _request: Request) -> Response:
        """Tell Concord all we have once more, as a CRM does that keeps no note of what it said."""
        contacts = self.store.contacts()
        await self.sending.state(contacts)
        return JSONResponse({"sent": len(contacts)})

    async def deliveries(self, _request: Request) -> Response:
        return JSONResponse({"data": [asdict(one) for one in self.store.deliveries()]})


def _shown(contact: Contact) -> dict[str, Any]:
    return {**asdict(contact), "name": contact.name}
