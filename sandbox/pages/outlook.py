"""What Outlook does for the pages: a Graph client in the same process, with the person's own token."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
from starlette.applications import Starlette
from starlette.requests import Request

from sandbox.directory import Person
from sandbox.entra.issue import access_token
from sandbox.founding import OUTLOOK
from sandbox.world import World

SCOPES = frozenset({"Contacts.ReadWrite", "Calendars.ReadWrite", "Tasks.ReadWrite", "User.Read"})
SHORTEST = timedelta(minutes=55)
FAILED = 400


class OutlookError(Exception):
    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def person_of(request: Request, world: World) -> Person:
    """Return whose mailbox a page is about."""
    person = world.person(request.path_params["mail"])
    if person is None:
        raise OutlookError(404, f"There is nobody with the address {request.path_params['mail']}.")
    return person


class Outlook:
    def __init__(self, world: World, app: Starlette) -> None:
        self._world = world
        self._http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")
        self._tokens: dict[str, tuple[str, datetime]] = {}

    async def folders(self, person: Person) -> list[dict[str, Any]]:
        listed = await self.call(person, "GET", "/me/contactFolders", params={"$top": "100"})
        return list(listed["value"])

    async def contacts(
        self, person: Person, *, folder: str, search: str, skip: int, top: int
    ) -> tuple[list[dict[str, Any]], bool]:
        """Return one page of a folder's contacts by name, and whether there are more."""
        params = {"$top": str(top), "$skip": str(skip), "$orderby": "displayName"}
        if search:
            wanted = search.replace("'", "''")
            params["$filter"] = f"startswith(displayName,'{wanted}')"
        listed = await self.call(person, "GET", f"{_folder(folder)}/contacts", params=params)
        return listed["value"], "@odata.nextLink" in listed

    async def contact(self, person: Person, contact_id: str) -> dict[str, Any]:
        return await self.call(person, "GET", f"/me/contacts/{quote(contact_id)}")

    async def create(self, person: Person, *, folder: str, contact: dict[str, Any]) -> None:
        said = {name: value for name, value in contact.items() if value}
        await self.call(person, "POST", f"{_folder(folder)}/contacts", json=said)

    async def update(self, person: Person, contact_id: str, update: dict[str, Any], *, etag: str) -> None:
        headers = {"If-Match": etag} if etag else {}
        await self.call(person, "PATCH", f"/me/contacts/{quote(contact_id)}", json=update, headers=headers)

    async def delete(self, person: Person, contact_id: str) -> None:
        await self.call(person, "DELETE", f"/me/contacts/{quote(contact_id)}")

    async def view(self, person: Person, *, begin: datetime, end: datetime) -> list[dict[str, Any]]:
        """Return what happens in the default calendar in between, by start."""
        window = {"startDateTime": begin.isoformat(), "endDateTime": end.isoformat(), "$top": "1000"}
        found = await self.call(person, "GET", "/me/calendarView", params=window)
        return list(found["value"])

    async def event(self, person: Person, event_id: str) -> dict[str, Any]:
        return await self.call(person, "GET", f"/me/events/{quote(event_id)}")

    async def create_event(self, person: Person, event: dict[str, Any]) -> None:
        await self.call(person, "POST", "/me/events", json=event)

    async def update_event(self, person: Person, event_id: str, update: dict[str, Any], *, etag: str) -> None:
        headers = {"If-Match": etag} if etag else {}
        await self.call(person, "PATCH", f"/me/events/{quote(event_id)}", json=update, headers=headers)

    async def delete_event(self, person: Person, event_id: str) -> None:
        await self.call(person, "DELETE", f"/me/events/{quote(event_id)}")

    async def call(
        self, person: Person, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any
    ) -> dict[str, Any]:
        """Call Graph as that person's Outlook, or raise OutlookError with what Graph says."""
        headers = {**(headers or {}), "Authorization": f"Bearer {self._token(person)}"}
        answer = await self._http.request(method, f"/v1.0{path}", headers=headers, **more)
        document: dict[str, Any] = answer.json() if answer.content else {}
        if answer.status_code >= FAILED:
            error = document.get("error", {})
            raise OutlookError(answer.status_code, f"{error.get('code')}: {error.get('message')}")
        return document

    def _token(self, person: Person) -> str:
        known = self._tokens.get(person.oid)
        if known is None or known[1] <= self._world.now() or known[0] not in self._world.grants.issued:
            value, _ = access_token(
                self._world, app_id=OUTLOOK, tenant_id=person.tenant_id, oid=person.oid, scopes=SCOPES
            )
            known = self._tokens[person.oid] = (value, self._world.now() + SHORTEST)
        return known[0]


def _folder(folder: str) -> str:
    return f"/me/contactFolders/{quote(folder)}" if folder else "/me"
