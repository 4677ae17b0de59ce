"""Whether plan and run agree: a choice is previewed, then made, and both are told in the same words."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from tests.preview.preview_stage import FOLDER, Person
from tests.preview.worlds import UNTIL_ASKED_AGAIN, World, a_choice

Json = dict[str, Any]
ENDED_THERE = {"suspended", "moved_out", "removed_there", "severed", "gone"}
COUNTED = ("to_crm", "to_microsoft", "in_review", "conflicts")
ENOUGH = 10


async def agrees(world: World) -> None:
    """Preview what the dice choose, then choose it: the preview did nothing, and the run does what it said."""
    person, dice = world.chooser, world.dice
    choice = a_choice(dice, running=world.running)
    place, untouched = await person.journal_end(), await person.everything()

    run = await person.previews(**choice)
    plan = await person.plan(run)

    assert (run["status"], run["problem"]) == ("succeeded", None)
    assert await person.everything() == untouched
    assert {entry["method"] for entry in await person.journal(after=place)} <= {"GET", "POST"}
    before, named = await Before.of(person), dice.random() < 0.5
    was = await person.crm("GET", person.settings)
    chosen = await person.crm("PATCH", person.settings, choice | ({"previewed": run["id"]} if named else {}))
    if chosen == was and chosen["direction"] != "disabled":
        await person.crm("POST", f"/v1/connections/{person.connection}/sync/contacts")
    asked = await _lives_on(person, before)
    said, did = told(plan), await done(person, before)
    assert said == did, f"{choice}: only said {said - did}, only done {did - said}"
    if chosen["direction"] != "disabled":
        real = _summed(one for one in await person.runs() if one["id"] not in before.runs)
        wanted = {name: run["counts"][name] for name in COUNTED}
        counted = {name: real.get(name, wanted[name] if not real else None) for name in COUNTED}
        assert wanted == counted, f"{choice}: said {wanted}, counted {counted}"
    if chosen["direction"] != "disabled":
        await _nobody_is_left_out(person, plan)
    if named:
        assert not asked, f"{choice}: what was seen is asked about again: {asked}"
    else:
        foreseen, questions = _question(run["approval"]), [_question(one) for one in asked]
        assert foreseen in (questions or [None]), f"{choice}: foreseen {foreseen}, asked {questions}"


async def _nobody_is_left_out(person: Person, plan: list[Json]) -> None:
    """Of each contact of the user that is not in the mailbox the plan says why, and explain says the same."""
    absent = await person.rows(
        "SELECT record_id FROM records WHERE workspace_id = :workspace AND deleted_at IS NULL "
        'AND record_id IN (SELECT record_id FROM owners WHERE workspace_id = :workspace AND "user" = :user) '
        "AND record_id NOT IN (SELECT record_id FROM links WHERE workspace_id = :workspace "
        "AND connection_id = :connection AND state = 'linked' AND record_id IS NOT NULL)",
        workspace=person.workspace["id"], user=person.user, connection=person.connection,
    )  # fmt: skip
    here = [step for step in plan if step["side"] == "microsoft" and step["record_id"]]
    told = {step["record_id"] for step in here}
    out = {row["record_id"] for row in absent}
    assert not out - told, f"nothing is said of {out - told}"
    for step in here:
        if step["step"] == "skip" and step["record_id"] in out:
            path = f"/v1/records/{step['record_id']}/explain?connection={person.connection}"
            (place,) = [
                place
                for place in (await person.crm("GET", path))["connections"]
                if place["connection"] == person.connection
            ]
            assert step["because"] == place["reason"], f"{step}, but {place}"


async def _lives_on(person: Person, before: "Before") -> list[Json]:
    """Let the choice take effect, approving whatever is asked; return the questions."""
    asked: list[Json] = []
    await person.syncs()
    while waiting := [
        run for run in await person.runs(status="awaiting_approval", connection=person.connection)
        if run["id"] not in before.runs
    ]:  # fmt: skip
        for run in waiting:
            asked.append(run["approval"])
            assert len(asked) < ENOUGH, f"there is no end of questions: {asked}"
            await person.crm("POST", f"/v1/runs/{run['id']}/approve", {"decision": "apply"})
        await person.syncs(patience=UNTIL_ASKED_AGAIN)
    return asked


def _question(approval: Json | None) -> Any:
    return approval and (approval["reason"], approval["side"], approval["would"])


def _summed(runs: Any) -> Json:
    """Return what these runs counted together."""
    total: Json = {}
    for run in runs:
        for name, value in run["counts"].items():
            if isinstance(value, dict):
                held = total.setdefault(name, dict.fromkeys(value, 0))
                total[name] = {verb: held[verb] + number for verb, number in value.items()}
            else:
                total[name] = total.get(name, 0) + value
    return total


@dataclass
class Before:
    """What there was before the real run."""

    items: dict[str, str]
    links: dict[str, Json]
    records: set[str]
    runs: set[str]
    seq: int
    place: int

    @classmethod
    async def of(cls, person: Person) -> "Before":
        workspace = person.workspace["id"]
        records = await person.rows(
            "SELECT record_id FROM records WHERE workspace_id = :workspace", workspace=workspace
        )
        seqs = await person.rows(
            "SELECT coalesce(max(seq), 0) AS seq FROM changes WHERE workspace_id = :workspace",
            workspace=workspace,
        )
        return cls(
            await _items(person), await _links(person), {row["record_id"] for row in records},
            {run["id"] for run in await person.runs()}, seqs[0]["seq"], await person.journal_end(),
        )  # fmt: skip


async def _items(person: Person) -> dict[str, str]:
    there = any(folder["displayName"] == FOLDER for folder in await person.folders())
    return {item["id"]: item["displayName"] for item in await person.contacts()} if there else {}


async def _links(person: Person) -> dict[str, Json]:
    rows = await person.rows(
        "SELECT id, state, record_id, item_id FROM links "
        "WHERE workspace_id = :workspace AND connection_id = :connection",
        workspace=person.workspace["id"], connection=person.connection,
    )  # fmt: skip
    return {row["id"]: row for row in rows}


async def done(person: Person, before: Before) -> Counter:
    """Return what the real run did, told apart by looking at both sides: (step, side, whose)."""
    after, links = await _items(person), await _links(person)
    records, found = await _records(person), Counter()
    names = {**before.items, **after}
    for link in (*before.links.values(), *links.values()):
        if link["item_id"] and link["record_id"] in records:
            names[link["item_id"]] = records[link["record_id"]]["name"]
    for entry in await person.journal(after=before.place):
        item = entry["path"].partition("/contacts/")[2]
        if entry["method"] in {"PATCH", "DELETE"} and item and entry["batch"] is not None:
            verb = "update" if entry["method"] == "PATCH" else "delete"
            found[verb, "microsoft", names.get(item)] += entry["status"] < 300
    for item in after.keys() - before.items.keys():
        found["create", "microsoft", after[item]] += 1
    changes = await person.rows(
        "SELECT type, snapshot FROM changes WHERE workspace_id = :workspace AND seq > :seq",
        workspace=person.workspace["id"], seq=before.seq,
    )  # fmt: skip
    for change in changes:
        kind, _, verb = change["type"].partition(".")
        if kind == "contact":
            found[verb.removesuffix("d"), "crm", change["snapshot"]["display_name"]] += 1
    return +(found + _turned(before, links, records, names))


async def _records(person: Person) -> dict[str, Json]:
    rows = await person.rows(
        "SELECT record_id, doc ->> 'display_name' AS name, deleted_because FROM records "
        "WHERE workspace_id = :workspace",
        workspace=person.workspace["id"],
    )
    return {row["record_id"]: row for row in rows}


def _turned(
    before: Before, links: dict[str, Json], records: dict[str, Json], names: dict[str, str]
) -> Counter:
    """Return what became of the links besides."""
    found: Counter = Counter()
    for link_id, link in links.items():
        was = before.links.get(link_id, {"state": None})["state"]
        record = records.get(link["record_id"], {"name": None, "deleted_because": None})
        began = link["state"] != was
        if began and link["state"] == "linked":
            met = link["record_id"] in before.records and link["item_id"] in before.items
            found["link", "microsoft", record["name"]] += met
        if was == "linked" and link["state"] in ENDED_THERE:
            found["unlink", "microsoft", record["name"]] += (
                record["deleted_because"] != "deleted_in_microsoft"
            )
        if began and link["state"] == "in_review" and link["item_id"]:
            found["review", "crm", names[link["item_id"]]] += 1
    return found


def told(plan: list[Json]) -> Counter:
    """Return what a plan says, in the same words."""
    steps = Counter((step["step"], step["side"], step["title"]) for step in plan)
    return Counter({
        key: number for key, number in steps.items()
        if key[0] != "skip" and key[:2] != ("review", "microsoft")
    })  # fmt: skip
