"""What happens in a world, one thing after another, as the dice fall."""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.simulation.whole.people import ELSEWHERE, EMPTIED, FIELDS, FOLDER, Json, Outlook, person_of
from tests.simulation.whole.world import DIRECTIONS, RESOLUTIONS, World

MOST_PEOPLE = 5
CHOICES: dict[str, tuple[Any, ...]] = {
    "direction": DIRECTIONS,
    "conflict_resolution": RESOLUTIONS,
    "classes": ([], ["buyer"], ["seller"]),
    "ownership": ("all_assigned", "primary_only"),
}
MOMENTS = 60
Happening = Callable[[World], Awaitable[str | None]]
TROUBLES: tuple[Json, ...] = (
    {"status": 503, "retry_after": 1},
    {"status": 429, "retry_after": 1},
    {"status": 504},
    {"drop": "before_commit"},
    {"drop": "after_commit"},
    {"status": 412, "code": "ErrorIrresolvableConflict"},
    {"delta": "expire"},
    {"delta": "duplicate"},
    {"delta": "replay"},
    {"delta": "empty_page"},
)


async def play(world: World, *, steps: int) -> None:
    """Let so many things happen, then see how it ends."""
    await world.begins()
    await _crm_saves(world)
    await _crm_saves(world)
    for _ in range(steps):
        happening = world.dice.choices(list(HAPPENINGS), weights=list(HAPPENINGS.values()))[0]
        what = await happening(world)
        if what is not None:
            world.said.append(what)
    await world.ends()


def _somebody(world: World) -> Outlook:
    return world.dice.choice(world.people)


async def _some_item(world: World, folder: str = FOLDER) -> tuple[Outlook, Json | None]:
    outlook = _somebody(world)
    items = sorted(await outlook.items(folder), key=person_of)
    return outlook, world.dice.choice(items) if items else None


def _some_record(world: World) -> str | None:
    return world.dice.choice(sorted(world.crm.store)) if world.crm.store else None


def _some_owners(world: World) -> list[str]:
    users = [person.user for person in world.people]
    return world.dice.choice([users[:1], users[1:], users])


async def _crm_saves(world: World) -> str | None:
    number = len(world.ledger.owner) + 1
    if number > MOST_PEOPLE:
        return None
    owners = _some_owners(world)
    world.crm.saves(f"P{number}", owners)
    return f"the CRM saves P{number} of {owners}"


async def _crm_edits(world: World) -> str | None:
    crm_id, name = _some_record(world), world.dice.choice(list(FIELDS))
    if crm_id is None:
        return await _crm_saves(world)
    world.crm.edits(crm_id, name)
    return f"the CRM edits {crm_id}.{name} (edit {world.ledger.edits})"


async def _crm_empties(world: World) -> str | None:
    crm_id, name = _some_record(world), world.dice.choice(list(EMPTIED))
    if crm_id is None or not world.crm.store[crm_id].get(name):
        return None
    world.crm.empties(crm_id, name)
    return f"the CRM empties {crm_id}.{name} (edit {world.ledger.edits})"


async def _crm_overwrites(world: World) -> str | None:
    crm_id = _some_record(world)
    if crm_id is None:
        return None
    world.crm.edits(crm_id, *FIELDS)
    return f"the CRM overwrites {crm_id} (edits up to {world.ledger.edits})"


async def _crm_deletes(world: World) -> str | None:
    crm_id = _some_record(world)
    if crm_id is None:
        return None
    await world.crm.deletes(crm_id)
    return f"the CRM deletes {crm_id}"


async def _crm_assigns(world: World) -> str | None:
    crm_id, owners = _some_record(world), _some_owners(world)
    if crm_id is None:
        return None
    world.crm.assigns(crm_id, owners)
    return f"the CRM assigns {crm_id} to {owners}"


async def _put_arrives(world: World) -> str | None:
    if not world.crm.under_way:
        return None
    await world.crm.arrives()
    return "what is under way arrives"


async def _crm_reads(world: World) -> str | None:
    return "the CRM reads" if await world.crm.reads() else None


async def _crm_works(world: World) -> str | None:
    if not world.crm.queue:
        return None
    await world.crm.works()
    return "the CRM works its queue"


async def _outlook_adds(world: World) -> str | None:
    number, outlook = len(world.ledger.owner) + 1, _somebody(world)
    if number > MOST_PEOPLE:
        return None
    await outlook.adds(f"P{number}")
    return f"{outlook.user} adds P{number}"


async def _outlook_edits(world: World) -> str | None:
    outlook, item = await _some_item(world)
    if item is None:
        return None
    name = world.dice.choice(list(FIELDS))
    await outlook.edits(item, name)
    return f"{outlook.user} edits {person_of(item)}.{name} (edit {world.ledger.edits})"


async def _outlook_empties(world: World) -> str | None:
    outlook, item = await _some_item(world)
    name = world.dice.choice(list(EMPTIED))
    if item is None or not item.get(EMPTIED[name]):
        return None
    await outlook.empties(item, name)
    return f"{outlook.user} empties {person_of(item)}.{name} (edit {world.ledger.edits})"


async def _outlook_overwrites(world: World) -> str | None:
    outlook, item = await _some_item(world)
    if item is None:
        return None
    await outlook.edits(item, *FIELDS)
    return f"{outlook.user} overwrites {person_of(item)} (edits up to {world.ledger.edits})"


async def _outlook_deletes(world: World) -> str | None:
    outlook, item = await _some_item(world)
    if item is None:
        return None
    await outlook.deletes(item)
    return f"{outlook.user} deletes {person_of(item)}"


async def _outlook_moves(world: World) -> str | None:
    where, to = world.dice.choice([(FOLDER, ELSEWHERE), (ELSEWHERE, FOLDER)])
    outlook, item = await _some_item(world, where)
    if item is None:
        return None
    await outlook.moves(item, to=to)
    return f"{outlook.user} moves {person_of(item)} to {to}"


async def _worker_works(world: World) -> str | None:
    turns = world.dice.randrange(1, 4)
    did = [await world.stage.works(world.workspace) for _ in range(turns)]
    return "the worker works" if any(did) else None


async def _worker_dies(world: World) -> str | None:
    moments, before = world.dice.randrange(MOMENTS), world.stage.moments.deaths
    await world.stage.works(world.workspace, dies_in=moments)
    if world.stage.moments.deaths == before:
        return "the worker works"
    world.troubled = True
    return f"the worker dies after {moments} moments"


async def _notification(world: World) -> str | None:
    outlook = _somebody(world)
    await world.rings(outlook)
    return f"a notification for {outlook.user}"


async def _trouble(world: World) -> str | None:
    fault, outlook = world.dice.choice(TROUBLES), _somebody(world)
    match: dict[str, Any] = {"mail": outlook.mail}
    if fault.get("status") == 412:
        match |= {"path": "/v1.0/me/contacts/*", "method": "PATCH"}
    elif "delta" in fault:
        match |= {"path": "/v1.0/me/*/delta*"}
    else:
        match |= {"path": world.dice.choice(("/v1.0/me/*", "/v1.0/$batch"))}
    body = {
        "match": match,
        "fault": fault,
        "times": world.dice.randrange(1, 4),
        "skip": world.dice.randrange(4),
    }
    await world.stage.microsoft.post("/_sandbox/faults", json=body)
    world.troubled = True
    return f"trouble for {outlook.user}: {fault}"


async def _healing(world: World) -> str | None:
    await world.stage.microsoft.delete("/_sandbox/faults")
    return None


async def _time_passes(world: World) -> str | None:
    seconds = world.dice.choice((1, 6, 30, 130))
    await world.stage.advances(seconds)
    return f"{seconds} s pass"


async def _settings_change(world: World) -> str | None:
    outlook = _somebody(world)
    name = world.dice.choice(list(CHOICES))
    value = world.dice.choice(CHOICES[name])
    await world.chooses(outlook, **{name: value})
    return f"{outlook.user} chooses {name} {value}"


async def _crm_classifies(world: World) -> str | None:
    crm_id, classes = _some_record(world), world.dice.choice(([], ["buyer"], ["seller", "buyer"]))
    if crm_id is None:
        return None
    world.crm.classifies(crm_id, classes)
    return f"the CRM says that {crm_id} is {classes}"


async def _somebody_decides(world: World) -> str | None:
    decided = await world.decides()
    return f"somebody decides: {', '.join(decided)}" if decided else None


async def _pause(world: World) -> str | None:
    outlook, paused = _somebody(world), world.dice.random() < 0.5
    path = f"/v1/connections/{outlook.connection}"
    await world.crm.call("PATCH", path, json={"paused": paused})
    return f"{outlook.user} is {'paused' if paused else 'not paused'}"


async def _signed_out(world: World) -> str | None:
    outlook = _somebody(world)
    world.stage.tokens.signed_out.add(outlook.connection)
    return f"{outlook.user}'s sign-in ends"


HAPPENINGS: dict[Happening, int] = {
    _crm_saves: 6, _crm_edits: 10, _crm_deletes: 1, _crm_assigns: 2, _put_arrives: 8, _crm_reads: 4,
    _crm_works: 3, _outlook_adds: 4, _outlook_edits: 10, _outlook_deletes: 1, _outlook_moves: 2,
    _worker_works: 10, _worker_dies: 5, _notification: 10, _trouble: 3, _healing: 2, _time_passes: 5,
    _crm_empties: 3, _crm_overwrites: 2, _outlook_empties: 3, _outlook_overwrites: 2,
    _settings_change: 3, _crm_classifies: 2, _somebody_decides: 1, _pause: 1, _signed_out: 1,
}  # fmt: skip
