"""Controls over what is in a mailbox: seeding it, and dragging things about in it."""

from collections.abc import Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.control import generate, vcards
from sandbox.control.bodies import Move, Seed
from sandbox.control.door import Mistake, answer, read
from sandbox.control.people import person_named
from sandbox.world import World

NOT_BUILT = 501


class MailboxControls:
    def __init__(self, world: World) -> None:
        self.world = world

    async def seed(self, request: Request) -> Response:
        wish = await read(request, Seed)
        person = person_named(self.world, wish.mail)
        created = self.world.exchange.seed(person, _contacts(wish), folder=wish.folder)
        return answer({"created": created})

    async def move(self, request: Request) -> Response:
        wish = await read(request, Move)
        person = person_named(self.world, wish.mail)
        return answer({"id": self.world.exchange.drag(person, wish.id, to=wish.to)})


def _contacts(wish: Seed) -> Iterable[dict[str, Any]]:
    sources = [source for source in (wish.contacts, wish.vcf, wish.ics, wish.generate) if source is not None]
    if len(sources) != 1:
        raise Mistake("Give exactly one of contacts, vcf, ics and generate.")
    if wish.ics is not None or (wish.generate and (wish.generate.events or wish.generate.tasks)):
        raise Mistake("Calendars and tasks are not built yet; contacts are.", status=NOT_BUILT)
    if wish.generate is not None:
        return generate.contacts(wish.generate.contacts, seed=wish.generate.seed)
    return wish.contacts if wish.contacts is not None else list(vcards.contacts(wish.vcf or ""))
