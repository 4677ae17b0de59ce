"""What is told of tasks: the deltas of lists and tasks, recurring tasks, moves, and subscriptions (facts.md §1, 2, 6)."""

import random

import pytest
from graph_stage import IMMUTABLE, Listener, Outlook, Stage, error_of
from subscription_stage import minutes_left, subscribed, wish
from todo_stage import LISTS, NEW_YORK, a_list, dates, default_list, due, every

pytestmark = pytest.mark.feature("C9")

ADELE = "adele@contoso.example"


def titles(rows: list) -> list:
    return [row.get("title", "-") for row in rows]


async def test_a_first_round_of_tasks_tells_everything_and_the_next_what_changed(adele: Outlook):
    tasks = await a_list(adele)
    kept, changed, gone = [await adele.made(tasks, title=title) for title in ("Kept", "Changed", "Gone")]
    rows, link = await adele.round(f"{tasks}/delta", size=2)
    await adele.patch(f"{tasks}/{changed['id']}", json={"title": "Anew"})
    await adele.delete(f"{tasks}/{gone['id']}")
    made = await adele.made(tasks, title="New")
    later, again = await adele.round(link)

    assert rows == [
        {name: value for name, value in one.items() if name != "@odata.context"}
        for one in (kept, changed, gone)
    ]
    assert (titles(later), later[1]) == (
        ["Anew", "-", "New"],
        {"id": gone["id"], "@removed": {"reason": "deleted"}},
    )
    assert later[2]["id"] == made["id"]
    assert (await adele.round(again))[0] == []


async def test_lists_have_a_delta_of_their_own(adele: Outlook):
    """It says nothing of the tasks in them, and a token works in its own place only."""
    rows, link = await adele.round(f"{LISTS}/delta", size=1)
    made = await adele.made(LISTS, displayName="Viewings")
    lost = await adele.made(LISTS, displayName="Lost")
    told, link = await adele.round(link)
    await adele.made(f"{LISTS}/{made['id']}/tasks", title="x")
    assert (await adele.round(link))[0] == []
    await adele.patch(f"{LISTS}/{made['id']}", json={"displayName": "Visits"})
    await adele.delete(f"{LISTS}/{lost['id']}")
    later, _ = await adele.round(link)

    assert [row["wellknownListName"] for row in rows] == ["defaultList", "flaggedEmails"]
    assert [row["displayName"] for row in told] == ["Viewings", "Lost"]
    assert later[0]["displayName"] == "Visits"
    assert later[1] == {"id": lost["id"], "@removed": {"reason": "deleted"}}
    token = link.partition("deltatoken=")[2]
    stray = await adele.get(f"me/contactFolders/delta?$deltatoken={token}")
    assert error_of(stray) == (400, "ErrorInvalidSyncStateData")


async def test_expand_and_top_are_remembered_by_a_token_and_headers_are_not(adele: Outlook):
    tasks = await a_list(adele)
    for title in ("One", "Two"):
        await adele.made(
            tasks, title=title, dueDateTime=due("2026-07-06"), linkedResources=[{"externalId": title}]
        )
    first = await adele.get(f"{tasks}/delta?$expand=checklistItems,linkedResources&$top=1", headers=NEW_YORK)
    page = first.json()
    second = await adele.read(page["@odata.nextLink"])
    await adele.made(tasks, title="Three", linkedResources=[{"externalId": "Three"}])
    third = await adele.read(second["@odata.deltaLink"])

    assert [one["externalId"] for one in page["value"][0]["linkedResources"]] == ["One"]
    assert [one["externalId"] for one in second["value"][0]["linkedResources"]] == ["Two"]
    assert third["value"][0]["checklistItems"] == []
    assert dates(page["value"] + second["value"]) == ["2026-07-05", "2026-07-06"]
    assert first.headers["preference-applied"] == NEW_YORK["Prefer"]
    assert "linkedResources" not in (await adele.read(f"{tasks}/delta"))["value"][0]


@pytest.mark.parametrize(
    "query", ["$filter=status eq 'completed'", "$orderby=title", "$search=x", "$deltatoken=latest", "$skip=1"]
)
async def test_an_option_that_a_delta_of_tasks_does_not_support_is_refused(adele: Outlook, query):
    assert (await adele.get(f"{await a_list(adele)}/delta?{query}")).status_code == 400


async def test_what_changes_inside_a_task_is_told_by_nobody(stage: Stage, adele: Outlook, listener: Listener):
    tasks = await a_list(adele)
    task = await adele.made(tasks, title="x")
    path = f"{tasks}/{task['id']}"
    _, link = await adele.round(f"{tasks}/delta?$expand=checklistItems")
    await subscribed(stage, adele, listener, resource=tasks, minutes=60)
    step = await adele.made(f"{path}/checklistItems", displayName="Keys")
    await adele.made(f"{path}/linkedResources", externalId="1")
    await adele.patch(f"{path}/checklistItems/{step['id']}", json={"isChecked": True})

    assert (await adele.read(path))["@odata.etag"] == task["@odata.etag"]
    assert (await adele.round(link))[0] == []
    await listener.hears_nothing_more()
    await adele.patch(path, json={"title": "y"})
    (row,) = (await adele.round(link))[0]
    assert row["checklistItems"][0]["isChecked"] is True


async def test_a_deleted_list_ends_its_delta(adele: Outlook):
    tasks = await a_list(adele)
    await adele.made(tasks, title="x")
    _, link = await adele.round(f"{tasks}/delta")
    await adele.delete(tasks.removesuffix("/tasks"))

    assert error_of(await adele.get(link)) == (404, "ErrorItemNotFound")
    assert error_of(await adele.get(tasks)) == (404, "ErrorItemNotFound")


@pytest.mark.lesson(16)
@pytest.mark.parametrize("place", [f"{LISTS}/delta", "tasks"], ids=["lists", "tasks"])
async def test_an_expired_token_says_where_to_begin_again(stage: Stage, adele: Outlook, place):
    url = place if place != "tasks" else f"{await a_list(adele)}/delta"
    _, link = await adele.round(url)
    await stage.fault({"delta": "expire"}, match={"path": "*delta*"})
    refused = await adele.get(link)

    assert error_of(refused) == (410, "SyncStateNotFound")
    assert refused.headers["location"].endswith("delta?$deltatoken=")
    assert (await adele.get(refused.headers["location"])).status_code == 200


async def test_a_task_that_is_dragged_to_another_list_is_gone_here_and_new_there(
    stage: Stage, adele: Outlook
):
    here, there = await a_list(adele), await a_list(adele, "Other")
    made = await adele.made(here, title="x", linkedResources=[{"externalId": "lnk_1.1"}])
    links = [(await adele.round(f"{tasks}/delta"))[1] for tasks in (here, there)]
    moved = (await stage.control("move", mail=ADELE, id=made["id"], to=there.split("/")[3]))["id"]
    (left,), (come,) = [(await adele.round(link))[0] for link in links]

    assert left == {"id": made["id"], "@removed": {"reason": "deleted"}}
    assert (come["id"], come["title"]) == (moved, "x")
    assert moved != made["id"]
    assert error_of(await adele.get(f"{here}/{made['id']}")) == (404, "ErrorItemNotFound")
    found = await adele.read(f"{there}/{moved}?$expand=linkedResources")
    assert found["linkedResources"][0]["externalId"] == "lnk_1.1"


async def test_a_delta_agrees_with_the_list_whatever_happens(stage: Stage, adele: Outlook):
    """Follow random rounds of random sizes while tasks come, change, are done, recur, move and go."""
    dice, tasks, other = random.Random(7), await a_list(adele), await a_list(adele, "Other")
    known, link = {}, f"{tasks}/delta"
    for number in range(60):
        held = [one["id"] for one in (await adele.read(f"{tasks}?$top=1000"))["value"]]
        one = f"{tasks}/{dice.choice(held)}" if held else ""
        match dice.choice(["make", "make", "edit", "done", "delete", "move", "back"]):
            case "edit" if held:
                await adele.patch(one, json={"title": str(number)})
            case "done" if held:
                await adele.patch(one, json={"status": "completed"})
            case "delete" if held:
                await adele.delete(one)
            case "move" if held:
                await stage.control("move", mail=ADELE, id=held[0], to=other.split("/")[3])
            case "back" if there := (await adele.read(other))["value"]:
                await stage.control("move", mail=ADELE, id=there[0]["id"], to=tasks.split("/")[3])
            case _:
                await adele.made(tasks, title="x", recurrence=every("daily", "2026-07-06", count=3))
        if dice.random() < 0.4:
            rows, link = await adele.round(link, size=dice.randint(1, 4))
            for row in rows:
                known.pop(row["id"], None)
                if "@removed" not in row:
                    known[row["id"]] = row
            assert known == {one["id"]: one for one in (await adele.read(f"{tasks}?$top=1000"))["value"]}


NEXT = [
    pytest.param(every("daily", "2026-07-06", interval=3), "2026-07-09", id="every third day"),
    pytest.param(every("weekly", "2026-07-06", daysOfWeek=["monday", "thursday"]), "2026-07-09", id="twice a week"),
    pytest.param(every("absoluteMonthly", "2026-07-31", dayOfMonth=31), "2026-08-31", id="at the end of the month"),
    pytest.param(
        every("relativeMonthly", "2026-07-06", daysOfWeek=["monday"], index="first"), "2026-08-03", id="first monday"
    ),
    pytest.param(every("absoluteYearly", "2026-07-06", dayOfMonth=6, month=7), "2027-07-06", id="once a year"),
]  # fmt: skip


@pytest.mark.parametrize(("recurrence", "coming"), NEXT)
async def test_a_recurring_task_that_is_completed_is_open_again_and_leaves_a_done_copy(
    adele: Outlook, recurrence, coming
):
    """The id stays with the open one; the copy has a new one, no recurrence, and the links of the other."""
    tasks, first = await a_list(adele), recurrence["range"]["startDate"]
    made = await adele.made(
        tasks,
        title="x",
        recurrence=recurrence,
        dueDateTime=due(first),
        linkedResources=[{"externalId": "1.1"}],
    )
    await adele.made(f"{tasks}/{made['id']}/checklistItems", displayName="Keys", isChecked=True)
    _, link = await adele.round(f"{tasks}/delta?$expand=checklistItems,linkedResources")
    answer = await adele.patch(f"{tasks}/{made['id']}", json={"status": "completed", "title": "y"})
    (again, done), _ = await adele.round(link)

    assert (answer.json()["id"], answer.json()["status"]) == (made["id"], "notStarted")
    assert (again["id"], again["title"], again["status"]) == (made["id"], "y", "notStarted")
    assert (dates([again, done]), done["status"], done["title"]) == ([coming, first], "completed", "y")
    assert ("completedDateTime" in again, "completedDateTime" in done) == (False, True)
    assert ("recurrence" in again, "recurrence" in done) == (True, False)
    assert done["id"] != made["id"]
    (link_again,), (link_done,) = again["linkedResources"], done["linkedResources"]
    assert link_again["externalId"] == link_done["externalId"] == "1.1"
    assert link_again["id"] != link_done["id"]
    assert [one["checklistItems"][0]["isChecked"] for one in (again, done)] == [False, True]


async def test_the_last_of_a_recurring_task_is_completed_as_any_other(adele: Outlook):
    tasks = await a_list(adele)
    made = await adele.made(
        tasks, title="x", recurrence=every("daily", "2026-07-06", count=2), startDateTime=due("2026-07-05"),
        reminderDateTime=due("2026-07-06", clock="08:00"),
    )  # fmt: skip
    path = f"{tasks}/{made['id']}"
    again = (await adele.patch(path, json={"status": "completed"})).json()
    last = (await adele.patch(path, json={"status": "completed"})).json()

    assert dates([made, again, last]) == ["2026-07-06", "2026-07-07", "2026-07-07"]
    assert again["startDateTime"]["dateTime"][:16] == "2026-07-06T00:00"
    assert again["reminderDateTime"]["dateTime"][:16] == "2026-07-07T08:00"
    assert (again["status"], last["status"], last["id"]) == ("notStarted", "completed", made["id"])
    assert len((await adele.read(tasks))["value"]) == 2


async def test_a_recurring_task_without_its_date_recurs_no_more(adele: Outlook):
    tasks = await a_list(adele)
    made = await adele.made(tasks, title="x", recurrence=every("daily", "2026-07-06"))
    cleared = (await adele.patch(f"{tasks}/{made['id']}", json={"dueDateTime": None})).json()

    assert dates([made, cleared]) == ["2026-07-06", None]
    assert "recurrence" not in cleared


async def test_what_happens_to_the_tasks_of_a_list_is_told(stage: Stage, adele: Outlook, listener: Listener):
    tasks, other = await a_list(adele), await a_list(adele, "Other")
    await subscribed(stage, adele, listener, resource=f"/{tasks}", minutes=60)
    made = await adele.made(tasks, title="x", recurrence=every("daily", "2026-07-06"))
    await adele.made(other, title="elsewhere")
    await adele.patch(f"{tasks}/{made['id']}", json={"status": "completed"})
    await adele.delete(f"{tasks}/{made['id']}")

    heard = await listener.hears(4)
    assert [one["changeType"] for one in heard] == ["created", "updated", "created", "deleted"]
    me, list_id = (await adele.read("me"))["id"], tasks.split("/")[3]
    path = f"Users/{me}/todo/lists/{list_id}/tasks/{made['id']}"
    assert (heard[0]["resource"], heard[0]["clientState"]) == (path, "secret")
    assert heard[0]["resourceData"] == {
        "@odata.type": "#Microsoft.Graph.TodoTask",
        "@odata.id": path,
        "@odata.etag": made["@odata.etag"],
        "id": made["id"],
    }
    assert heard[3]["resource"] == path
    await listener.hears_nothing_more()


async def test_a_move_is_deleted_in_one_list_and_created_in_the_other(stage, adele, listener):
    here, there = await a_list(adele), await a_list(adele, "Other")
    made = await adele.made(here, title="x")
    async with await stage.outlook(**IMMUTABLE) as immutable:
        for tasks in (here, there):
            await subscribed(stage, immutable, listener, resource=tasks, minutes=60)
    moved = (await stage.control("move", mail=ADELE, id=made["id"], to=there.split("/")[3]))["id"]

    told = {(one["changeType"], one["resourceData"]["id"]) for one in await listener.hears(2)}
    assert told == {("deleted", made["id"]), ("created", moved)}


async def test_tasks_are_subscribed_to_for_4230_minutes_at_most(stage, adele, listener):
    tasks = f"{LISTS}/{await default_list(adele)}/tasks"
    refused = await adele.post("subscriptions", json=wish(stage, listener, resource=tasks, minutes=4232))
    made = await subscribed(stage, adele, listener, resource=tasks, minutes=4229.9)
    path = f"subscriptions/{made['id']}"
    longer = wish(stage, listener, minutes=4232)["expirationDateTime"]
    renewed = await adele.patch(path, json={"expirationDateTime": longer})

    assert minutes_left(stage, made) == pytest.approx(4230, abs=0.2)
    for answer in (refused, renewed):
        assert error_of(answer) == (400, "ExtensionError")
        assert "can only be 4230 minutes in the future" in answer.json()["error"]["message"]
    again = await adele.post("subscriptions", json=wish(stage, listener, resource=f"/{tasks}", minutes=60))
    assert error_of(again) == (409, "Conflict")
    assert (await adele.delete(path)).status_code == 204


WRONG_RESOURCES = [
    pytest.param(LISTS, {}, (400, "ExtensionError"), id="lists"),
    pytest.param("one", {}, (400, "ExtensionError"), id="one task"),
    pytest.param(f"{LISTS}/x/tasks", {}, (400, "ErrorInvalidIdMalformed"), id="no list"),
    pytest.param("tasks", {"includeResourceData": True}, (501, "NotImplemented"), id="with resource data"),
]


@pytest.mark.parametrize(("resource", "changes", "refusal"), WRONG_RESOURCES)
async def test_nothing_else_of_todo_can_be_subscribed_to(stage, adele, listener, resource, changes, refusal):
    tasks = await a_list(adele)
    made = await adele.made(tasks, title="x")
    resource = {"tasks": tasks, "one": f"{tasks}/{made['id']}"}.get(resource, resource)
    body = wish(stage, listener, resource=resource, minutes=60, **changes)

    assert error_of(await adele.post("subscriptions", json=body)) == refusal


async def test_a_personal_account_has_no_subscriptions_to_tasks(stage, listener):
    async with await stage.outlook("patti@outlook.example") as patti:
        body = wish(stage, listener, resource=await a_list(patti), minutes=60)

        assert error_of(await patti.post("subscriptions", json=body)) == (400, "ExtensionError")


@pytest.mark.lesson(18)
async def test_of_lifecycle_events_tasks_have_the_reminder_only(stage, adele, listener):
    """A subscription that ends does so in silence."""
    url = f"{listener.url}/lifecycle"
    await subscribed(
        stage, adele, listener, resource=await a_list(adele), minutes=50, lifecycleNotificationUrl=url
    )
    await stage.advance(minutes=46)
    (reminder, *_) = await listener.hears(1)
    await stage.advance(minutes=10)
    await listener.hears_nothing_more()

    assert reminder["lifecycleEvent"] == "reauthorizationRequired"
    assert {one["lifecycleEvent"] for one in listener.heard} == {"reauthorizationRequired"}
    assert stage.subscriptions() == []
