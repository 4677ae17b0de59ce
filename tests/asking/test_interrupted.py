"""What comes between a question and its answer, or between an answer and what follows from it."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from app import clock
from app.graph.account import Account
from app.graph.auth import Grant, SignedIn
from app.sync.connections import Connections
from app.sync.identity import Arrival, settle_identity
from app.sync.rounds import sync_collection
from tests.meanwhile import Meanwhile

THREE = ("Ada", "Ben", "Cleo")
BACK = "Agent/Navy · Agent/Navy · linked · in_scope"
SCOPES = ("User.Read", "Contacts.ReadWrite", "offline_access")


async def works_and_is_killed(ada):
    """Let workers die after ever more commits, until one comes to its end; return how many died."""
    resources, workspace = ada.person.stage.resources, ada.person.workspace["id"]
    target = (await ada.person.collection()).id
    for commits in count(1):
        dying = Meanwhile(resources.db, after=commits)
        with suppress(asyncio.CancelledError):
            await asyncio.create_task(sync_collection(replace(resources, db=dying), workspace, target))
        if dying.left > 0:
            return commits - 1
        clock.follow(clock.now() + timedelta(seconds=11))  # its lease runs out
    return 0


@pytest.mark.feature("F3")
@pytest.mark.parametrize(
    ("kind", "decision", "becomes"),
    [
        ("deleted", "apply", "- · - · removed_there · removed_there"),
        ("deleted", "put_back", BACK),
        ("emptied", "apply", "Agent/_ · Agent/_ · linked · in_scope"),
        ("emptied", "put_back", BACK),
    ],
)
async def test_a_worker_killed_at_any_commit_follows_the_answer_once(ada, kind, decision, becomes):
    items = await ada.has(*THREE)
    if kind == "deleted":
        await ada.deletes(*items.values())
    for item in items.values() if kind == "emptied" else ():
        await ada.edits(item, companyName=None)
    await ada.syncs()
    run = await ada.asked()
    await ada.news()

    await ada.crm("POST", f"/v1/runs/{run['id']}/approve", {"decision": decision})
    assert await works_and_is_killed(ada) > 5
    await ada.syncs(full=True)

    assert set((await ada.tells(THREE)).values()) == {becomes}
    heard = [change["type"] for change in await ada.news()]
    told = {"deleted": "contact.deleted", "emptied": "contact.updated"}[kind]
    assert heard == [told] * (3 if decision == "apply" else 0)
    assert await ada.questions() == []


async def signs_in(ada, mail, oid):
    """Let Microsoft's sign-in come back with somebody; return what is wrong with that."""
    person, now = ada.person, clock.now()
    grant = Grant("not used", now + timedelta(hours=1), "not used", SCOPES)
    account = Account(mail, "Somebody", "tenant", "work", frozenset({mail}))
    arrival = Arrival(SignedIn(grant, "tenant", oid, "Somebody", mail), account, has_mailbox=True)
    resources = person.stage.resources
    async with resources.db.transaction(person.workspace["id"]) as session:
        connection = await Connections(session).locked(person.connection)
        return await settle_identity(session, resources, connection, arrival, now=now)


@pytest.mark.feature("F9")
@pytest.mark.parametrize(
    "kind", ["deleted in Outlook", "deleted by the CRM", "emptied in Outlook", "created"]
)
async def test_another_account_confirmed_in_the_middle_of_a_question_gets_everybody_anew(ada, stage, kind):
    await signs_in(ada, ada.person.mail, "first")
    await ada.chooses(removed_from_crm="delete")
    if kind == "created":
        await ada.crm("PATCH", "/v1/workspace", {"breaker": {"max_creates": 0}})
    items = await ada.has(*THREE)
    if kind == "deleted in Outlook":
        await ada.deletes(*items.values())
    for item in items.values() if kind == "emptied in Outlook" else ():
        await ada.edits(item, companyName=None)
    for name in THREE if kind == "deleted by the CRM" else ():
        await ada.crm("DELETE", f"/v1/contacts/{ada.ids[name]}")
    await ada.syncs()
    run = await ada.asked()

    other = (await stage.newcomer(workspace=ada.person.workspace, user="agent-2")).mail
    assert await signs_in(ada, other, "second") == "account-not-confirmed"
    stage.tokens.mails[ada.person.connection] = other
    stage.tokens.known.pop(ada.person.connection, None)
    ada.person.token = await stage.tokens.of(other)
    await ada.crm("PATCH", "/v1/workspace", {"breaker": {"max_creates": 5000}})
    await ada.crm("POST", f"/v1/connections/{ada.person.connection}/confirm", {"account": other})
    await ada.person.syncs()

    told = {stands.rpartition(" · ")[0] for stands in (await ada.tells(THREE)).values()}
    gone = kind == "deleted by the CRM"
    assert told == {"- · - · removed_by_us" if gone else "Agent/Navy · Agent/Navy · linked"}
    assert (await ada.questions(), await ada.ends_of(run)) == ([], ["cancelled"])


@pytest.mark.feature("F3")
@pytest.mark.lesson(3)
async def test_a_link_cut_while_its_item_is_being_made_leaves_nobody_twice(ada, stage):
    await ada.has("Ada")
    await stage.control(
        "faults", match={"method": "POST", "path": "/v1.0/$batch"}, times=1, skip=0, fault={"latency_ms": 150}
    )
    await ada.puts("ben", display_name="Ben", job_title="Agent")
    working = asyncio.create_task(ada.person.syncs())
    while not (under_way := await ada.rows("SELECT id FROM links WHERE attempt->>'kind' = 'create'")):
        assert not working.done()
    await ada.crm("POST", f"/v1/links/{under_way[0]['id']}/unlink")
    await working
    await ada.syncs(full=True)

    assert set(await ada.items()) == {"Ada", "Ben"}
    everybody = (await ada.crm("GET", "/v1/contacts"))["data"]
    assert sorted(record["display_name"] for record in everybody) == ["Ada", "Ben"]
    assert (await ada.tells(["Ada"]))["Ada"] == BACK
    (cut,) = await ada.rows("SELECT state, item_id FROM links WHERE id = :id", id=under_way[0]["id"])
    assert cut == {"state": "severed", "item_id": (await ada.items())["Ben"]["id"]}
    assert (await ada.crm("GET", "/v1/matches?status=open"))["data"] == []


@pytest.mark.feature("F3")
@pytest.mark.lesson(1)
async def test_a_folder_that_is_back_in_its_place_answers_the_question_itself(ada, stage):
    items = await ada.has(*THREE)
    path = f"/v1.0/me/contactFolders/{await ada.person.folder()}*"
    await stage.control(
        "faults", match={"path": path, "method": "GET"}, skip=0, times=None,
        fault={"code": "ErrorItemNotFound", "status": 404},
    )  # fmt: skip
    await ada.syncs()
    run = await ada.asked()
    assert run["approval"]["reason"] == "collection_gone"
    await ada.puts(ada.ids["Ada"], display_name="Ada", job_title="Captain")

    await stage.sandbox.delete("/_sandbox/faults")
    await ada.edits(items["Ben"], jobTitle="Admiral")
    await ada.syncs()

    assert list((await ada.tells(THREE)).values()) == [
        "Captain/Navy · Captain/Navy · linked · in_scope", "Admiral/Navy · Admiral/Navy · linked · in_scope", BACK,
    ]  # fmt: skip
    assert (await ada.questions(), await ada.ends_of(run)) == ([], ["cancelled"])
    assert "contact.deleted" not in {change["type"] for change in await ada.news()}


@pytest.mark.feature("F3")
@pytest.mark.parametrize("end", ["switched off", "disconnected", "the folder deleted", "everybody back"])
async def test_a_question_that_ends_by_rule_is_told_to_have_ended(ada, end):
    items = await ada.has(*THREE)
    for item in items.values():
        await ada.edits(item, companyName=None)
    await ada.syncs()
    run = await ada.asked()

    if end == "switched off":
        await ada.crm("DELETE", ada.person.settings)
    elif end == "disconnected":
        await ada.crm("DELETE", f"/v1/connections/{ada.person.connection}")
    elif end == "the folder deleted":
        await ada.loses_its_folder()
        await ada.syncs()
    else:
        for item in items.values():
            await ada.edits(item, companyName="Navy")
        await ada.syncs()
        await ada.syncs()

    assert await ada.ends_of(run) == ["cancelled"]
    assert run["id"] not in {each["id"] for each in await ada.questions()}


@pytest.mark.feature("A2")
async def test_a_run_cancelled_while_it_works_is_told_to_have_ended_once(ada):
    await ada.has("Ada")
    asked = await ada.crm("POST", f"/v1/connections/{ada.person.connection}/sync/contacts", {})
    resources, workspace = ada.person.stage.resources, ada.person.workspace["id"]
    dying = Meanwhile(resources.db, after=3)
    with suppress(asyncio.CancelledError):
        target = (await ada.person.collection()).id
        await asyncio.create_task(sync_collection(replace(resources, db=dying), workspace, target))
    assert (await ada.crm("GET", f"/v1/runs/{asked['id']}"))["status"] == "running"
    await ada.crm("POST", f"/v1/runs/{asked['id']}/cancel")
    clock.follow(clock.now() + timedelta(seconds=11))  # the dead worker's lease runs out
    await ada.person.syncs()

    assert await ada.ends_of(asked) == ["cancelled"]
