"""Plain pages where a person looks at a mailbox and edits it, as they would in Outlook."""

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.control.door import LOOPBACK
from sandbox.directory import Person
from sandbox.html import page
from sandbox.pages.calendar import CalendarPages
from sandbox.pages.forms import changed, filled, read
from sandbox.pages.outlook import Outlook, OutlookError, person_of
from sandbox.pages.tasks import TaskPages
from sandbox.world import World

Endpoint = Callable[[Request], Awaitable[Response]]
FORM = ("GET", "POST")
SEE_OTHER = 303
PAGE_SIZE = 50


def mount(world: World, app: Starlette) -> list[BaseRoute]:
    pages = Pages(world, app)
    calendar, tasks = CalendarPages(world, pages.outlook), TaskPages(world, pages.outlook)
    table = [
        ("/", pages.people, ("GET",)),
        ("/mailbox", pages.people, ("GET",)),
        ("/mailbox/{mail}", pages.mailbox, ("GET",)),
        ("/mailbox/{mail}/new", pages.new, FORM),
        ("/mailbox/{mail}/contacts/{id}", pages.contact, FORM),
        ("/mailbox/{mail}/contacts/{id}/delete", pages.delete, ("POST",)),
        ("/mailbox/{mail}/calendar", calendar.week, ("GET",)),
        ("/mailbox/{mail}/calendar/new", calendar.new, FORM),
        ("/mailbox/{mail}/calendar/events/{id}", calendar.event, FORM),
        ("/mailbox/{mail}/calendar/events/{id}/delete", calendar.delete, ("POST",)),
        ("/mailbox/{mail}/tasks", tasks.tasks, ("GET",)),
        ("/mailbox/{mail}/tasks/new", tasks.new, ("POST",)),
        ("/mailbox/{mail}/tasks/lists", tasks.new_list, ("POST",)),
        ("/mailbox/{mail}/tasks/{list}", tasks.change_list, ("POST",)),
        ("/mailbox/{mail}/tasks/{list}/{id}", tasks.task, FORM),
        ("/mailbox/{mail}/tasks/{list}/{id}/check", tasks.check, ("POST",)),
        ("/mailbox/{mail}/tasks/{list}/{id}/delete", tasks.delete, ("POST",)),
        ("/mailbox/{mail}/tasks/{list}/{id}/steps", tasks.add_step, ("POST",)),
        ("/mailbox/{mail}/tasks/{list}/{id}/steps/{step}", tasks.change_step, ("POST",)),
    ]
    return [Route(path, pages.guarded(endpoint), methods=list(methods)) for path, endpoint, methods in table]


class Pages:
    def __init__(self, world: World, app: Starlette) -> None:
        self.world, self.outlook = world, Outlook(world, app)

    def guarded(self, endpoint: Endpoint) -> Endpoint:
        async def guard(request: Request) -> Response:
            if request.client is None or request.client.host not in LOOPBACK:
                return PlainTextResponse("This page answers only on this machine.", 403)
            try:
                return await endpoint(request)
            except OutlookError as error:
                return page("problem.html", status=error.status, problem=str(error))

        return guard

    async def people(self, _request: Request) -> Response:
        directory = self.world.directory
        people = [
            (person, directory.tenants[person.tenant_id].domain) for person in directory.people.values()
        ]
        return page("people.html", people=people, now=self.world.now())

    async def mailbox(self, request: Request) -> Response:
        person = person_of(request, self.world)
        folder, search = request.query_params.get("folder", ""), request.query_params.get("search", "")
        skip = request.query_params.get("skip", "0")
        skip = skip if skip.isdigit() else "0"
        folders = await self.outlook.folders(person)
        contacts, more = await self.outlook.contacts(
            person, folder=folder, search=search, skip=int(skip), top=PAGE_SIZE
        )
        following = int(skip) + PAGE_SIZE if more else None
        return page(
            "mailbox.html",
            person=person,
            folders=folders,
            folder=folder,
            search=search,
            contacts=contacts,
            following=following,
        )

    async def new(self, request: Request) -> Response:
        person, folder = person_of(request, self.world), request.query_params.get("folder", "")
        if request.method == "POST":
            said = read(await request.form())
            await self.outlook.create(person, folder=folder, contact=said)
            return RedirectResponse(self._back(person, folder), SEE_OTHER)
        return page("contact.html", person=person, contact=None, form=filled({}), folder=folder)

    async def contact(self, request: Request) -> Response:
        person, contact_id = person_of(request, self.world), request.path_params["id"]
        contact = await self.outlook.contact(person, contact_id)
        if request.method == "POST":
            form = await request.form()
            if update := changed(contact, read(form)):
                await self.outlook.update(person, contact_id, update, etag=str(form.get("etag", "")))
            return RedirectResponse(self._back(person, str(form.get("folder", ""))), SEE_OTHER)
        folder = request.query_params.get("folder", "")
        return page("contact.html", person=person, contact=contact, form=filled(contact), folder=folder)

    async def delete(self, request: Request) -> Response:
        person = person_of(request, self.world)
        await self.outlook.delete(person, request.path_params["id"])
        folder = (await request.form()).get("folder", "")
        return RedirectResponse(self._back(person, str(folder)), SEE_OTHER)

    @staticmethod
    def _back(person: Person, folder: str) -> str:
        return f"/mailbox/{person.mail}" + (f"?folder={quote(folder)}" if folder else "")
