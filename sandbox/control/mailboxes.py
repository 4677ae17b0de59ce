"""Controls over what is in a mailbox: seeding it, and dragging things about in it."""

from collections.abc import Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.control import generate, icalendars, seeding, vcards
from sandbox.control.bodies import Move, Seed
from sandbox.control.door import Mistake, answer, read
from sandbox.control.icalendars import Import
from sandbox.control.people import person_named
from sandbox.world import World


class MailboxControls:
    def __init__(self, world: World) -> None:
        self.world = world

    async def seed(self, request: Request) -> Response:
        wish = await read(request, Seed)
        person = person_named(self.world, wish.mail)
        sources = [wish.contacts, wish.vcf, wish.ics, wish.tasks, wish.generate]
        if len([source for source in sources if source is not None]) != 1:
            raise Mistake("Give exactly one of contacts, vcf, ics, tasks and generate.")
        created = 0
        if (found := list(_contacts(wish))) or wish.contacts is not None:
            created += self.world.exchange.seed(person, found, folder=wish.folder)
        named = None if wish.folder == "Contacts" else wish.folder
        if imports := list(self._events(wish)):
            created += seeding.calendar(self.world.exchange, person, imports, folder=named or "Calendar")
        if tasks := list(self._tasks(wish)):
            created += seeding.tasks(self.world.exchange, person, tasks, folder=named or "Tasks")
        return answer({"created": created})

    async def move(self, request: Request) -> Response:
        wish = await read(request, Move)
        person = person_named(self.world, wish.mail)
        return answer({"id": self.world.exchange.drag(person, wish.id, to=wish.to)})

    def _events(self, wish: Seed) -> Iterable[Import]:
        if wish.ics is not None:
            return icalendars.events(wish.ics)
        if wish.generate is None:
            return ()
        made = generate.events(wish.generate.events, seed=wish.generate.seed, around=self.world.now())
        return (Import(body, uid="") for body in made)

    def _tasks(self, wish: Seed) -> Iterable[dict[str, Any]]:
        if wish.generate is None:
            return wish.tasks or ()
        return generate.tasks(wish.generate.tasks, seed=wish.generate.seed, around=self.world.now())


def _contacts(wish: Seed) -> Iterable[dict[str, Any]]:
    if wish.generate is not None:
        return generate.contacts(wish.generate.contacts, seed=wish.generate.seed)
    return wish.contacts if wish.contacts is not None else vcards.contacts(wish.vcf or "")
