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

NOT_BUILT = 501


class MailboxControls:
    def __init__(self, world: World) -> None:
        self.world = world

    async def seed(self, request: Request) -> Response:
        wish = await read(request, Seed)
        person = person_named(self.world, wish.mail)
        sources = [wish.contacts, wish.vcf, wish.ics, wish.generate]
        if len([source for source in sources if source is not None]) != 1:
            raise Mistake("Give exactly one of contacts, vcf, ics and generate.")
        if wish.generate and wish.generate.tasks:
            raise Mistake("Tasks are not built yet; contacts and calendars are.", status=NOT_BUILT)
        created = 0
        if (found := list(_contacts(wish))) or wish.contacts is not None:
            created += self.world.exchange.seed(person, found, folder=wish.folder)
        if imports := list(self._events(wish)):
            name = "Calendar" if wish.folder == "Contacts" else wish.folder
            created += seeding.calendar(self.world.exchange, person, imports, folder=name)
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


def _contacts(wish: Seed) -> Iterable[dict[str, Any]]:
    if wish.generate is not None:
        return generate.contacts(wish.generate.contacts, seed=wish.generate.seed)
    return wish.contacts if wish.contacts is not None else vcards.contacts(wish.vcf or "")
