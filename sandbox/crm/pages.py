"""The CRM's own pages: everybody's connection, the contacts, and forms to edit them."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.crm import screen
from sandbox.crm.concord import Concord, ConcordRefusedError, ConcordSilentError
from sandbox.crm.contact import filled, read
from sandbox.crm.desk import USERS, Desk
from sandbox.crm.sending import Sending
from sandbox.crm.store import OURS, Contact, Store

Endpoint = Callable[[Request], Awaitable[Response]]
TEMPLATES = Environment(loader=PackageLoader("sandbox.crm", "templates"), autoescape=True, trim_blocks=True)
SEE_OTHER, NO_CONTENT, NOT_FOUND = 303, 204, 404
PAGE_SIZE = 50
MINUTE, HOUR, DAY = 60, 3600, 86400


class Pages:
    def __init__(self, store: Store, *, desk: Desk, sending: Sending, concord: Concord) -> None:
        self.store, self.desk, self.sending, self.concord = store, desk, sending, concord

    def routes(self) -> list[BaseRoute]:
        table: list[tuple[str, Endpoint, str]] = [
            ("/", self.home, "GET"),
            ("/live", self.live, "GET"),
            ("/connected", self.connected, "GET"),
            ("/contacts/new", self.new, "GET"),
            ("/contacts/new", self.add, "POST"),
            ("/contacts/{crm_id}", self.contact, "GET"),
            ("/contacts/{crm_id}", self.edit, "POST"),
            ("/contacts/{crm_id}/delete", self.delete, "POST"),
            ("/users/{user}/settings", self.settings, "GET"),
            ("/users/{user}/settings", self.choose, "POST"),
            ("/users/{user}/{what}", self.act, "POST"),
        ]
        return [Route(path, guarded(endpoint), methods=[method]) for path, endpoint, method in table]

    async def home(self, request: Request) -> Response:
        shown = await self._shown(request)
        return page("home.html", notice=request.query_params.get("notice", ""), **shown)

    async def live(self, request: Request) -> Response:
        """Return the moving parts of the page; nothing where nothing moved."""
        shown = await self._shown(request)
        answer = page("live.html", **shown)
        mark = f'"{hash(answer.body)}"'
        if request.headers.get("if-none-match") == mark:
            return Response(status_code=304, headers={"ETag": mark})
        answer.headers["ETag"] = mark
        return answer

    async def connected(self, request: Request) -> Response:
        """Take the browser back from Microsoft's sign-in."""
        self.desk.look_again()
        problem = request.query_params.get("problem")
        if problem:
            return back(f"Not connected yet: {problem.replace('-', ' ')}. The card says what to do.")
        return back("Connected. Choose what syncs.")

    async def new(self, _request: Request) -> Response:
        return page("contact.html", contact=None, form=filled({}), users=USERS, owner=USERS[0].id)

    async def add(self, request: Request) -> Response:
        form = await request.form()
        said = read(form, known={})
        said["owners"] = [{"user": str(form.get("owner") or USERS[0].id), "access": "primary"}]
        self.store.add([{field: value for field, value in said.items() if value}])
        self.sending.ring()
        return back()

    async def contact(self, request: Request) -> Response:
        contact = self._contact(request)
        owner = next((one["user"] for one in contact.document.get("owners") or []), USERS[0].id)
        return page(
            "contact.html", contact=contact, form=filled(contact.document), users=USERS, owner=owner,
            whose=self._whose(contact),
        )  # fmt: skip

    async def edit(self, request: Request) -> Response:
        contact = self._contact(request)
        self.store.edit(contact, read(await request.form(), known=contact.document))
        self.sending.ring()
        return back()

    async def delete(self, request: Request) -> Response:
        self.store.delete(self._contact(request))
        self.sending.ring()
        return back()

    async def settings(self, request: Request) -> Response:
        user = request.path_params["user"]
        shown = await self._settings(user)
        return page("settings.html", user=next(one for one in USERS if one.id == user), fields=shown)

    async def choose(self, request: Request) -> Response:
        user = request.path_params["user"]
        choices = screen.chosen(await request.form(), fields=await self._settings(user))
        if choices:
            await self.desk.choose(user, choices)
        return back("Saved.")

    async def act(self, request: Request) -> Response:
        user, what = request.path_params["user"], request.path_params["what"]
        form = await request.form()
        match what:
            case "connect":
                return RedirectResponse(await self.desk.connect(user), SEE_OTHER)
            case "confirm":
                await self.desk.confirm(user, account=str(form["account"]))
            case "direction":
                await self.desk.choose(user, {"direction": str(form["direction"])})
            case "sync":
                await self.desk.sync(user)
            case "disconnect":
                await self.desk.disconnect(user)
            case _:
                raise LookupError(f"There is no button {what}.")
        self.desk.look_again()
        return back()

    async def _settings(self, user: str) -> list[screen.Field]:
        openapi = await self.concord.call("GET", "/openapi.json")
        return screen.fields(openapi, settings=await self.desk.settings(user))

    async def _shown(self, request: Request) -> dict[str, Any]:
        trouble, cards = "", []
        try:
            cards = await self.desk.cards()
        except (ConcordSilentError, ConcordRefusedError) as error:
            trouble = str(error)
        words, skip = request.query_params.get("q", ""), request.query_params.get("skip", "")
        skipped = int(skip) if skip.isdigit() else 0
        contacts = self.store.contacts(words=words, limit=PAGE_SIZE + 1, offset=skipped)
        return {
            "cards": cards,
            "trouble": trouble,
            "contacts": [(contact, self._whose(contact)) for contact in contacts[:PAGE_SIZE]],
            "more": urlencode({"q": words, "skip": skipped + PAGE_SIZE}) if len(contacts) > PAGE_SIZE else "",
            "skipped": skipped,
            "count": self.store.count(),
            "words": words,
            "deliveries": self.store.deliveries(limit=3),
            "concord": self.concord.url,
        }

    def _contact(self, request: Request) -> Contact:
        contact = self.store.contact(request.path_params["crm_id"])
        if contact is None or contact.deleted:
            raise LookupError("This contact is not here any more.")
        return contact

    def _whose(self, contact: Contact) -> str:
        """Say who changed a contact last."""
        if contact.changed_by == OURS:
            return "CRM"
        owner = self.desk.owner_of(contact.changed_by)
        return f"Outlook of {owner}" if owner else "Outlook"


def guarded(endpoint: Endpoint) -> Endpoint:
    """Turn what Concord refuses, and what is not here, into a sentence on the page."""

    async def guard(request: Request) -> Response:
        try:
            return await endpoint(request)
        except (ConcordRefusedError, ConcordSilentError) as error:
            return back(str(error))
        except LookupError as error:
            return page("problem.html", status=NOT_FOUND, problem=str(error))

    return guard


def page(template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    headers = {"Cache-Control": "no-store"}
    return HTMLResponse(TEMPLATES.get_template(template).render(**values), status, headers=headers)


def back(notice: str = "") -> Response:
    return RedirectResponse(f"/?{urlencode({'notice': notice})}" if notice else "/", SEE_OTHER)


def ago(at: str) -> str:
    """Say how long ago a moment was, in a person's words."""
    seconds = int((datetime.now(UTC) - datetime.fromisoformat(at)).total_seconds())
    for size, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if seconds >= size:
            number = seconds // size
            return f"{number} {name}{'s' if number > 1 else ''} ago"
    return "just now" if seconds < 10 else f"{seconds // 10 * 10} seconds ago"  # noqa: PLR2004


def words(code: str) -> str:
    return code.replace("_", " ")


TEMPLATES.filters |= {"ago": ago, "words": words}
