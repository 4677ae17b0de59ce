"""Tasks seeded from Graph's JSON and from dice, and the pages where a person works through their lists."""

import re
from typing import Any

import pytest
from graph_stage import Outlook, Stage
from todo_stage import LISTS, a_list, default_list, due, every

pytestmark = pytest.mark.feature("F8")

ADELE = "adele@contoso.example"
PAGE = f"/mailbox/{ADELE}/tasks"


async def all_of(outlook: Outlook, name: str) -> list[dict[str, Any]]:
    lists = (await outlook.read(LISTS))["value"]
    here = next(one["id"] for one in lists if one["displayName"] == name)
    path = f"{LISTS}/{here}/tasks?$top=1000&$expand=checklistItems,linkedResources"
    return (await outlook.read(path))["value"]


async def test_tasks_are_seeded_with_their_steps_into_the_list_of_that_name(stage: Stage, adele: Outlook):
    steps = [{"displayName": "Keys", "isChecked": True}, {"displayName": "Photos"}]
    seeds = [
        {"title": "Inspection", "dueDateTime": due("2026-07-06"), "checklistItems": steps},
        {"title": "Call"},
    ]
    mail = [{"title": "Offer", "linkedResources": [{"applicationName": "Outlook"}]}]

    assert await stage.control("seed", mail=ADELE, tasks=seeds, folder="Viewings") == {"created": 2}
    await stage.control("seed", mail=ADELE, tasks=mail, folder="Flagged Emails")
    await stage.control("seed", mail=ADELE, tasks=[{"title": "Default"}])
    inspection, _ = await all_of(adele, "Viewings")
    assert [(one["displayName"], one["isChecked"]) for one in inspection["checklistItems"]] == [
        ("Keys", True),
        ("Photos", False),
    ]
    assert (await all_of(adele, "Flagged Emails"))[0]["linkedResources"][0]["applicationName"] == "Outlook"
    assert [one["title"] for one in await all_of(adele, "Tasks")] == ["Default"]


async def test_the_same_dice_make_the_same_tasks(stage: Stage, adele: Outlook):
    for mail in (ADELE, "alex@contoso.example"):
        made = await stage.control("seed", mail=mail, generate={"tasks": 120, "contacts": 2, "seed": 7})
        assert made == {"created": 122}
    mine = await all_of(adele, "Tasks")
    async with await stage.outlook("alex@contoso.example") as alex:
        theirs = await all_of(alex, "Tasks")

    assert [one["title"] for one in mine] == [one["title"] for one in theirs]
    assert len(mine) == 120
    assert any("recurrence" in one for one in mine)
    assert {one["status"] for one in mine} >= {"notStarted", "completed"}
    assert any(one["checklistItems"] for one in mine)


async def form(stage: Stage, path: str, **said: str) -> str:
    """Send a form and return where it leads."""
    answer = await stage.controls.post(path, data=said)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def test_a_person_works_through_a_list_on_a_page(stage: Stage, adele: Outlook):
    where = await form(stage, f"{PAGE}/lists", name="Viewings & <more>")
    here = re.search(r"list=([^&]+)", where)[1].replace("%3D", "=")
    await form(stage, f"{PAGE}/new", list=here, title="Call <Ann>", due="2026-07-06")
    listed = (await stage.controls.get(where)).text
    path = re.search(r'href="([^"]+/tasks/[^"?]+/[^"?]+)"', listed)[1]
    changes = {
        "title": "Write",
        "due": "2026-07-08",
        "importance": "high",
        "notes": "One\r\nTwo",
        "list": here,
    }
    await form(stage, path, **changes)
    (task,) = await all_of(adele, "Viewings & <more>")
    await form(stage, f"{path}/check", done="on")
    done = (await stage.controls.get(where)).text

    assert "Call &lt;Ann&gt;" in listed
    assert "6 Jul 2026" in listed
    assert (task["title"], task["importance"], task["dueDateTime"]["dateTime"][:10]) == (
        "Write",
        "high",
        "2026-07-08",
    )
    assert "One<br>" in task["body"]["content"]
    assert "One\nTwo" in (await stage.controls.get(path)).text
    assert "Completed (1)" in done
    await form(stage, f"{path}/check")
    assert (await all_of(adele, "Viewings & <more>"))[0]["status"] == "notStarted"
    await form(stage, f"{path}/delete")
    assert await all_of(adele, "Viewings & <more>") == []
    await form(stage, f"{PAGE}/{here}", name="Visits")
    assert (await all_of(adele, "Visits")) == []
    assert await form(stage, f"{PAGE}/{here}", delete="on", name="") == PAGE
    assert len((await adele.read(LISTS))["value"]) == 2


async def test_a_form_that_is_saved_unchanged_changes_nothing(stage: Stage, adele: Outlook):
    """A date keeps the zone it was written in, notes their kind."""
    tasks = await a_list(adele)
    made = await adele.made(
        tasks, title="x", dueDateTime=due("2026-07-06", "Eastern Standard Time"), body={"content": "a\r\nb", "contentType": "text"}
    )  # fmt: skip
    here = tasks.split("/")[3]
    same = {
        "title": "x",
        "due": "2026-07-06",
        "importance": "normal",
        "notes": "a\r\nb",
        "list": here,
        "repeats": "",
    }
    await form(stage, f"{PAGE}/{here}/{made['id']}", **same)

    assert (await adele.read(f"{tasks}/{made['id']}"))["@odata.etag"] == made["@odata.etag"]


async def test_steps_are_added_checked_and_deleted_on_a_page(stage: Stage, adele: Outlook):
    tasks = await a_list(adele)
    made = await adele.made(tasks, title="x")
    path = f"{PAGE}/{tasks.split('/')[3]}/{made['id']}"
    for name in ("Keys", "Photos"):
        assert await form(stage, f"{path}/steps", name=name) == path
    keys, photos = (await all_of(adele, "Viewings"))[0]["checklistItems"]
    await form(stage, f"{path}/steps/{keys['id']}", checked="on")
    await form(stage, f"{path}/steps/{photos['id']}", delete="on")

    (left,) = (await all_of(adele, "Viewings"))[0]["checklistItems"]
    assert (left["displayName"], left["isChecked"]) == ("Keys", True)
    assert "1 of 1" in (await stage.controls.get(f"{PAGE}?list={tasks.split('/')[3]}")).text


async def test_a_task_repeats_and_moves_to_another_list_on_a_page(stage: Stage, adele: Outlook):
    tasks, other = await a_list(adele), await a_list(adele, "Other")
    made = await adele.made(tasks, title="x", dueDateTime=due("2026-07-06"))
    here, there = tasks.split("/")[3], other.split("/")[3]
    changes = {"title": "x", "due": "2026-07-06", "repeats": "weekly", "list": there}
    assert (
        await form(stage, f"{PAGE}/{here}/{made['id']}", **changes)
        == f"{PAGE}?list={there.replace('=', '%3D')}"
    )
    (moved,) = await all_of(adele, "Other")
    await form(stage, f"{PAGE}/{there}/{moved['id']}/check", done="on")

    wanted = every("weekly", "2026-07-06", daysOfWeek=["monday"])["pattern"]
    assert moved["recurrence"]["pattern"].items() >= wanted.items()
    assert moved["id"] != made["id"]
    assert [(one["status"], one["dueDateTime"]["dateTime"][:10]) for one in await all_of(adele, "Other")] == [
        ("notStarted", "2026-07-13"),
        ("completed", "2026-07-06"),
    ]
    assert await all_of(adele, "Viewings") == []


async def test_a_todo_page_that_cannot_be_says_why(stage: Stage, adele: Outlook):
    here = await default_list(adele)
    made = await adele.made(f"{LISTS}/{here}/tasks", title="x")
    refused = [
        await stage.controls.post(f"{PAGE}/{here}", data={"name": "Mine"}),
        await stage.controls.post(f"{PAGE}/new", data={"list": here, "title": "x", "due": "soon"}),
        await stage.controls.post(f"{PAGE}/{here}/{made['id']}", data={"title": "x", "repeats": "daily"}),
        await stage.controls.post(f"{PAGE}/{here}/{made['id']}", data={"title": "x", "list": "nowhere"}),
        await stage.controls.post(f"{PAGE}/{here}/{made['id']}/steps", data={"name": " "}),
    ]

    assert [answer.status_code for answer in refused] == [400] * 5
    assert (await stage.controls.get(f"{PAGE}/{here}/{made['id']}x")).status_code == 400
    assert (await stage.controls.get("/mailbox/who@contoso.example/tasks")).status_code == 404
    assert (await stage.controls.get("/mailbox/nestor@contoso.example/tasks")).status_code == 404
    assert (
        'href="/mailbox/adele%40contoso.example/tasks"'
        in (await stage.controls.get(f"/mailbox/{ADELE}")).text
    )
