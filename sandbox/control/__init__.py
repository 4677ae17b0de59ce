"""The sandbox's own controls, under /_sandbox (``api.md`` §10): JSON, no authorization, loopback only."""

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.control.bodies import SignIn
from sandbox.control.clock import ClockControls
from sandbox.control.door import Control, Mistake, answer, guarded, mistaken, read, shown
from sandbox.control.mailboxes import MailboxControls
from sandbox.control.people import People
from sandbox.control.signing_in import location_after
from sandbox.faults import Order
from sandbox.world import World

NO_CONTENT = 204
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def mount(world: World, app: Starlette) -> list[BaseRoute]:
    people, mailboxes = People(world), MailboxControls(world)
    controls, observed, clock = Controls(world, app), Observations(world), ClockControls(world)
    table: list[tuple[str, str, Control]] = [
        ("GET", "health", controls.health),
        ("GET", "ca", controls.ca),
        ("POST", "tenants", people.make_tenant),
        ("POST", "users", people.make_user),
        ("POST", "apps", people.register_app),
        ("POST", "tokens", people.make_token),
        ("POST", "entra", people.set_trouble),
        ("POST", "sign-in", controls.sign_in),
        ("POST", "seed", mailboxes.seed),
        ("POST", "move", mailboxes.move),
        ("POST", "faults", controls.add_fault),
        ("GET", "faults", controls.show_faults),
        ("DELETE", "faults", controls.clear_faults),
        ("GET", "journal", observed.journal),
        ("GET", "outbox", observed.outbox),
        ("GET", "settings", controls.show_settings),
        ("POST", "settings", controls.change_settings),
        ("GET", "clock", clock.show),
        ("POST", "clock", clock.advance),
        ("POST", "reset", controls.reset),
    ]
    routes: list[BaseRoute] = [
        Route(f"/_sandbox/{name}", guarded(control), methods=[method]) for method, name, control in table
    ]
    return [
        *routes,
        Route("/_sandbox/{rest:path}", guarded(_unknown), methods=METHODS),
    ]


class Controls:
    def __init__(self, world: World, app: Starlette) -> None:
        self.world, self.app = world, app

    async def health(self, _request: Request) -> Response:
        return answer({"status": "ready", "now": shown(self.world.now())})

    async def ca(self, _request: Request) -> Response:
        path = self.world.ca_path
        if path is None:
            raise Mistake("This sandbox has no HTTPS.", status=404)
        return answer({"path": str(path), "pem": path.read_text()})

    async def sign_in(self, request: Request) -> Response:
        return answer({"location": await location_after(self.app, await read(request, SignIn))})

    async def add_fault(self, request: Request) -> Response:
        return answer({"id": self.world.faults.add(await read(request, Order)).id}, 201)

    async def show_faults(self, _request: Request) -> Response:
        """Tell which faults still wait for a request; one that struck for the last time is gone."""
        waiting = [{"id": f.id, "skip": f.skip, "times": f.left} for f in self.world.faults.waiting]
        return answer({"faults": waiting})

    async def clear_faults(self, _request: Request) -> Response:
        self.world.faults.clear()
        return Response(status_code=NO_CONTENT)

    async def show_settings(self, _request: Request) -> Response:
        return answer(msgspec.to_builtins(self.world.settings))

    async def change_settings(self, request: Request) -> Response:
        changes = await read(request, dict[str, object])
        self.world.commit("settings.changed", self.world.kept_settings.changed(changes))
        return await self.show_settings(request)

    async def reset(self, _request: Request) -> Response:
        self.world.reset()
        return Response(status_code=NO_CONTENT)


class Observations:
    """What a test may look at and a real Microsoft would not show."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def journal(self, request: Request) -> Response:
        after = request.query_params.get("after") or "0"
        if not after.isdigit():
            raise Mistake("`after` must be a seq from the journal.")
        mail = request.query_params.get("mail") or None
        return answer({"entries": self.world.journal.entries(mail=mail, after=int(after))})

    async def outbox(self, request: Request) -> Response:
        return answer({"messages": self.world.outbox.of(request.query_params.get("mail") or None)})


async def _unknown(request: Request) -> Response:
    return mistaken(f"There is no control {request.method} {request.url.path}.", 404)
