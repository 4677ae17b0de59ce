"""Delta queries of the local Graph."""

import random

import httpx
import pytest
from graph_stage import IMMUTABLE, MARK, Outlook, Stage, error_of

from sandbox.graph.changes import TOMBSTONES_KEPT, Changes

DELTA = "me/contacts/delta"


async def some(outlook: Outlook, *names: str, path: str = "me/contacts") -> list[dict]:
    return [await outlook.made(path, displayName=name) for name in names]


def names(rows: list[dict]) -> list[str]:
    return [row.get("displayName") or f"-{row['id'][-4:]}" for row in rows]


async def test_a_first_round_tells_everything_and_the_next_what_changed(immutable: Outlook):
    ann, bob, _ = await some(immutable, "Ann", "Bob", "Cy")
    rows, link = await immutable.round(DELTA, size=2, **IMMUTABLE)
    assert names(rows) == ["Ann", "Bob", "Cy"]
    assert all(row["@odata.type"] == "#microsoft.graph.contact" for row in rows)
    assert (await immutable.round(link, **IMMUTABLE))[0] == []

    await immutable.patch(f"me/contacts/{ann['id']}", json={"displayName": "Ann Lee"})
    await immutable.delete(f"me/contacts/{bob['id']}")
    await some(immutable, "Di")
    rows, again = await immutable.round(link, size=1, **IMMUTABLE)

    assert names([row for row in rows if "@removed" not in row]) == ["Ann Lee", "Di"]
    assert [row for row in rows if "@removed" in row] == [
        {"id": bob["id"], "@removed": {"reason": "deleted"}}
    ]
    assert again != link
    # The old link still works, and repeats: processing must be idempotent.
    assert (await immutable.round(link, **IMMUTABLE))[0] == rows


async def test_each_item_comes_whole_once_with_its_latest_state(adele: Outlook):
    (ann,) = await some(adele, "Ann")
    _, link = await adele.round(DELTA)
    for number in range(5):
        await adele.patch(f"me/contacts/{ann['id']}", json={"displayName": f"Ann {number}"})

    (row,), _ = await adele.round(link)

    assert {"@odata.type": "#microsoft.graph.contact"} | await shown(adele, ann["id"]) == row


async def shown(outlook: Outlook, item: str) -> dict:
    held = await outlook.read(f"me/contacts/{item}")
    return {name: value for name, value in held.items() if name != "@odata.context"}


async def test_a_first_round_does_not_tell_what_was_gone_before_it_began(adele: Outlook):
    ann, _ = await some(adele, "Ann", "Bob")
    await adele.delete(f"me/contacts/{ann['id']}")

    rows, _ = await adele.round(DELTA)

    assert names(rows) == ["Bob"]


async def test_what_goes_while_a_first_round_runs_is_told(adele: Outlook):
    ann, *_ = await some(adele, "Ann", "Bob", "Cy")
    page = await adele.read(DELTA, Prefer="odata.maxpagesize=1")
    await adele.delete(f"me/contacts/{ann['id']}")

    rows, _ = await adele.round(page["@odata.nextLink"])

    assert names(page["value"]) == ["Ann"]
    assert [row["id"] for row in rows if "@removed" in row] == [ann["id"]]


async def test_a_move_is_removed_here_and_new_there(stage: Stage, immutable: Outlook):
    folder = await immutable.made("me/contactFolders", displayName="Acme")
    there = f"me/contactFolders/{folder['id']}/contacts/delta"
    (ann,) = await some(immutable, "Ann")
    _, here_link = await immutable.round(DELTA, **IMMUTABLE)
    _, there_link = await immutable.round(there, **IMMUTABLE)

    await stage.control("move", mail="adele@contoso.example", id=ann["id"], to=folder["id"])

    assert [row.get("@removed") for row in (await immutable.round(here_link, **IMMUTABLE))[0]] == [
        {"reason": "deleted"}
    ]
    (row,), _ = await immutable.round(there_link, **IMMUTABLE)
    assert (row["id"], row["parentFolderId"]) == (ann["id"], folder["id"])


async def test_with_default_ids_a_move_takes_away_the_old_id(stage: Stage, adele: Outlook):
    (ann,) = await some(adele, "Ann")
    folder = await adele.made("me/contactFolders", displayName="Acme")
    _, link = await adele.round(DELTA)

    moved = await stage.control("move", mail="adele@contoso.example", id=ann["id"], to=folder["id"])

    (row,), _ = await adele.round(link)
    assert row == {"id": ann["id"], "@removed": {"reason": "deleted"}}
    assert moved["id"] != ann["id"]


async def test_a_restored_contact_looks_new(stage: Stage, immutable: Outlook):
    (ann,) = await some(immutable, "Ann")
    await immutable.delete(f"me/contacts/{ann['id']}")
    _, link = await immutable.round(DELTA, **IMMUTABLE)

    await stage.control("move", mail="adele@contoso.example", id=ann["id"], to="contacts")

    rows, _ = await immutable.round(link, **IMMUTABLE)
    assert [row["id"] for row in rows] == [ann["id"]]


async def test_headers_are_not_remembered_by_a_token(adele: Outlook):
    await some(adele, *(f"P{n}" for n in range(15)))
    first = await adele.read(DELTA, Prefer='odata.maxpagesize=2, IdType="ImmutableId"')

    second = await adele.read(first["@odata.nextLink"])

    assert (len(first["value"]), len(second["value"])) == (2, 10)
    assert first["value"][0]["id"][:8] != second["value"][0]["id"][:8]


async def test_select_is_remembered_by_a_token(adele: Outlook):
    (ann, _) = await some(adele, "Ann", "Bob")

    rows, link = await adele.round(f"{DELTA}?$select=displayName", size=1)
    await adele.patch(f"me/contacts/{ann['id']}", json={"jobTitle": "Boss"})
    rows += (await adele.round(link))[0]

    assert {frozenset(row) for row in rows} == {
        frozenset({"@odata.type", "@odata.etag", "id", "displayName"})
    }


async def test_a_contacts_page_never_holds_more_than_200(stage: Stage, adele: Outlook):
    await stage.control("seed", mail="adele@contoso.example", generate={"contacts": 450, "seed": 1})

    sizes, url = [], DELTA
    while url:
        page = await adele.read(url, Prefer="odata.maxpagesize=1000")
        sizes.append(len(page["value"]))
        url = page.get("@odata.nextLink", "")

    assert sizes == [200, 200, 50]


async def test_extended_properties_never_stand_in_a_delta(adele: Outlook):
    await adele.made(displayName="x", singleValueExtendedProperties=[{"id": MARK, "value": "1"}])

    (row,), _ = await adele.round(DELTA)

    assert "singleValueExtendedProperties" not in row


OPTIONS = [
    pytest.param(
        f"$expand=singleValueExtendedProperties($filter=id eq '{MARK}')", "ErrorInvalidUrlQuery", id="expand"
    ),
    pytest.param("$filter=emailAddresses/any(a:a/address eq 'x')", "ErrorInvalidUrlQuery", id="filter"),
    pytest.param("$orderby=displayName", "ErrorInvalidUrlQuery", id="orderby"),
    pytest.param("$search=x", "ErrorInvalidUrlQuery", id="search"),
    pytest.param("$top=5", "ErrorInvalidUrlQuery", id="top"),
    pytest.param("$skip=5", "ErrorInvalidUrlQuery", id="skip"),
    pytest.param("$count=true", "ErrorInvalidUrlQuery", id="count"),
    pytest.param("$select=nope", "RequestBroker--ParseUri", id="selecting what there is not"),
    pytest.param("$deltatoken=latest", "ErrorInvalidSyncStateData", id="latest is for the directory"),
    pytest.param("$skiptoken=abc", "ErrorInvalidSyncStateData", id="a made-up token"),
]


@pytest.mark.parametrize(("query", "code"), OPTIONS)
async def test_an_option_that_a_delta_does_not_support_is_refused(adele: Outlook, query, code):
    assert error_of(await adele.get(f"{DELTA}?{query}")) == (400, code)


async def test_a_token_works_in_its_own_place_only(stage: Stage, adele: Outlook):
    await some(adele, "Ann", "Bob")
    folder = await adele.made("me/contactFolders", displayName="Acme")
    _, link = await adele.round(DELTA)
    token = httpx.URL(link).params["$deltatoken"]
    tampered = ("A" if token[0] != "A" else "B") + token[1:]

    tried = [
        await adele.get(f"me/contactFolders/{folder['id']}/contacts/delta?$deltatoken={token}"),
        await adele.get(f"me/contactFolders/delta?$deltatoken={token}"),
        await adele.get(f"{DELTA}?$skiptoken={token}"),
        await adele.get(f"{DELTA}?$deltatoken={tampered}"),
        await adele.get(f"{DELTA}?$deltatoken={token}&$skiptoken={token}"),
    ]
    async with await stage.outlook("alex@contoso.example") as alex:
        tried.append(await alex.get(f"{DELTA}?$deltatoken={token}"))
    assert {error_of(answer) for answer in tried} == {(400, "ErrorInvalidSyncStateData")}
    assert error_of(await adele.get(f"{link}&$select=displayName")) == (400, "ErrorInvalidUrlQuery")


@pytest.mark.lesson(16)
async def test_a_token_expires_when_what_it_needs_is_pushed_out(stage: Stage, adele: Outlook):
    await some(adele, "Kept")
    _, link = await adele.round(DELTA)
    person = stage.world.person("adele@contoso.example")
    await stage.control("seed", mail=person.mail, generate={"contacts": TOMBSTONES_KEPT + 1, "seed": 1})
    _, later = await adele.round(DELTA)
    mailbox = stage.exchange.mailbox(person)
    for contact in list(mailbox.items.values())[1:]:
        stage.exchange.delete_item(person, contact, for_good=True)

    assert error_of(await adele.get(link)) == (410, "SyncStateNotFound")
    assert error_of(await adele.get(later)) == (410, "SyncStateNotFound")
    assert names((await adele.round(DELTA))[0]) == ["Kept"]


async def test_a_folder_that_vanished_has_no_delta(adele: Outlook):
    folder = await adele.made("me/contactFolders", displayName="Acme")
    _, link = await adele.round(f"me/contactFolders/{folder['id']}/contacts/delta")
    await adele.post(f"me/contactFolders/{folder['id']}/permanentDelete")

    assert error_of(await adele.get(link)) == (404, "ErrorItemNotFound")


async def test_folders_have_a_delta_of_their_own(adele: Outlook):
    outer = await adele.made("me/contactFolders", displayName="Outer")
    inner = await adele.made(f"me/contactFolders/{outer['id']}/childFolders", displayName="Inner")
    rows, link = await adele.round("me/contactFolders/delta", size=1)
    assert names(rows) == ["Outer", "Inner"]

    await some(adele, "Ann", path=f"me/contactFolders/{inner['id']}/contacts")
    await adele.patch(f"me/contactFolders/{inner['id']}", json={"displayName": "Core"})
    rows, link = await adele.round(link)
    assert names(rows) == ["Core"]

    await adele.delete(f"me/contactFolders/{outer['id']}")
    rows, _ = await adele.round(link)
    assert {row["id"] for row in rows if "@removed" in row} == {outer["id"], inner["id"]}


async def test_a_delta_agrees_with_the_folder_whatever_happens(stage: Stage, adele: Outlook):
    """Follow random rounds of random sizes while contacts come, change, move and go."""
    dice = random.Random(7)
    folder = await adele.made("me/contactFolders", displayName="Acme")
    mail, known, link = "adele@contoso.example", {}, DELTA
    for _ in range(60):
        held = (await adele.read("me/contacts?$top=1000"))["value"]
        match dice.choice(["make", "make", "edit", "delete", "move", "back"]):
            case "edit" if held:
                await adele.patch(
                    f"me/contacts/{dice.choice(held)['id']}", json={"displayName": str(dice.random())}
                )
            case "delete" if held:
                await adele.delete(f"me/contacts/{dice.choice(held)['id']}")
            case "move" if held:
                await stage.control("move", mail=mail, id=dice.choice(held)["id"], to=folder["id"])
            case "back" if there := (await adele.read(f"me/contactFolders/{folder['id']}/contacts"))["value"]:
                await stage.control("move", mail=mail, id=there[0]["id"], to="contacts")
            case _:
                await some(adele, str(dice.random()))
        if dice.random() < 0.4:
            rows, link = await adele.round(link, size=dice.randint(1, 4))
            for row in rows:
                known.pop(row["id"], None)
                if "@removed" not in row:
                    known[row["id"]] = row["displayName"]
            held = (await adele.read("me/contacts?$top=1000"))["value"]
            assert known == {item["id"]: item["displayName"] for item in held}


def test_the_order_of_changes_stays_whole_however_often_it_is_compacted():
    dice, changes, latest, position = random.Random(3), Changes(), {}, 0
    for _ in range(20_000):
        slot, position = (dice.randrange(300), 0), position + dice.randint(1, 3)
        gone = dice.random() < 0.2
        (changes.gone if gone else changes.touched)(slot, position)
        latest[slot] = (position, gone)
    since = dice.randrange(position)

    told = list(changes.after(since))

    assert [at for at, _, _ in told] == sorted(at for at, _, _ in told)
    assert {slot: (at, gone) for at, slot, gone in told} == {s: v for s, v in latest.items() if v[0] > since}
    assert len(changes.positions) < 3_000


FAULTS = [
    pytest.param(
        "empty_page", lambda rows: names(rows) == ["Ann", "Bob", "Cy"], id="an empty page with a nextLink"
    ),
    pytest.param(
        "duplicate", lambda rows: sorted(names(rows)) == ["Ann", "Bob", "Bob", "Cy"], id="an item twice"
    ),
]


@pytest.mark.lesson(16)
@pytest.mark.parametrize(("kind", "holds"), FAULTS)
async def test_a_round_goes_on_through_an_empty_page_and_a_repetition(
    stage: Stage, adele: Outlook, kind, holds
):
    await some(adele, "Ann", "Bob", "Cy")
    await stage.fault({"delta": kind}, match={"path": "*delta*"})

    rows, _ = await adele.round(DELTA, size=2)

    assert holds(rows)


async def test_a_fault_can_replay_an_old_change(stage: Stage, adele: Outlook):
    await some(adele, "Ann")
    _, link = await adele.round(DELTA)
    await some(adele, "Bob")
    await stage.fault({"delta": "replay"}, match={"path": "/v1.0/me/contacts/delta"})

    assert names((await adele.round(link))[0]) == ["Ann", "Bob"]
    assert names((await adele.round(link))[0]) == ["Bob"]


@pytest.mark.lesson(16)
async def test_a_fault_can_expire_a_token_even_in_the_middle_of_a_round(stage: Stage, adele: Outlook):
    await some(adele, "Ann", "Bob")
    page = await adele.read(DELTA, Prefer="odata.maxpagesize=1")
    await stage.fault({"delta": "expire"}, match={"path": "*delta*", "mail": "adele@contoso.example"})

    answer = await adele.get(page["@odata.nextLink"])

    assert error_of(answer) == (410, "SyncStateNotFound")
    assert "sync state generation is not found" in answer.json()["error"]["message"]
    assert httpx.URL(answer.headers["location"]).params["$deltatoken"] == ""
    assert names((await adele.round(answer.headers["location"]))[0]) == ["Ann", "Bob"]
