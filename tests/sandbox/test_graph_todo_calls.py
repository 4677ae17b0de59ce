"""What lies in tasks, and how tasks are asked for: options, pages, permissions, batches (facts.md §6)."""

import pytest
from graph_stage import IMMUTABLE, Outlook, Stage, error_of
from test_graph_front import app_token
from todo_stage import LISTS, a_list, default_list, due, every, without_context

from sandbox.entra.permissions import APPLICATION

pytestmark = pytest.mark.feature("C9")


async def test_links_come_along_with_a_new_task_and_are_shown_on_request(adele: Outlook):
    tasks = await a_list(adele)
    link = {"applicationName": "Concord", "displayName": "Deal 7", "externalId": "lnk_1.1", "webUrl": "https://crm.example/7"}  # fmt: skip
    made = await adele.made(tasks, title="x", linkedResources=[link])
    path = f"{tasks}/{made['id']}"

    (shown,) = made["linkedResources"]
    assert {name: shown[name] for name in link} == link
    assert "linkedResources" not in await adele.read(path)
    assert (await adele.read(f"{path}?$expand=linkedResources"))["linkedResources"] == [shown]
    both = (await adele.read(f"{tasks}?$expand=checklistItems,linkedResources"))["value"][0]
    assert (both["checklistItems"], both["linkedResources"]) == ([], [shown])
    assert (await adele.read(f"{path}/linkedResources"))["value"] == [shown]
    again = await adele.patch(path, json={"linkedResources": [link]})
    assert again.status_code == 501


PARTS = [
    pytest.param("checklistItems", {"displayName": "Keys"}, {"isChecked": True}, id="steps"),
    pytest.param(
        "linkedResources", {"displayName": "Deal", "externalId": "7"}, {"webUrl": "https://x.example"}, id="links"
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "body", "update"), PARTS)
async def test_what_lies_in_a_task_is_made_read_changed_and_deleted(adele: Outlook, name, body, update):
    tasks = await a_list(adele)
    task = await adele.made(tasks, title="x")
    path = f"{tasks}/{task['id']}/{name}"
    made = await adele.made(path, **body)
    other = await adele.made(path, **body | {"displayName": "Other"})
    changed = await adele.patch(f"{path}/{made['id']}", json=update)

    assert {key: made[key] for key in body} == body
    assert changed.status_code == 200
    assert body | update == {key: changed.json()[key] for key in body | update}
    listed = (await adele.read(path))["value"]
    assert [one["id"] for one in listed] == [made["id"], other["id"]]
    assert (await without_context(adele, f"{path}/{made['id']}")) == listed[0]
    assert len((await adele.read(f"{path}?$top=1"))["value"]) == 1
    assert (await adele.get(f"{path}/$count")).text == "2"
    assert (await adele.delete(f"{path}/{made['id']}")).status_code == 204
    assert error_of(await adele.get(f"{path}/{made['id']}")) == (404, "ErrorItemNotFound")
    assert error_of(await adele.post(path, json={"nope": 1})) == (400, "RequestBodyRead")


async def test_a_step_that_is_checked_says_when_until_it_is_unchecked(stage: Stage, adele: Outlook):
    tasks = await a_list(adele)
    path = f"{tasks}/{(await adele.made(tasks, title='x'))['id']}/checklistItems"
    step = await adele.made(path, displayName="Keys")
    await stage.advance(minutes=5)
    one = f"{path}/{step['id']}"
    checked = (await adele.patch(one, json={"isChecked": True})).json()
    opened = (await adele.patch(one, json={"isChecked": False, "displayName": "All keys"})).json()

    assert (step["isChecked"], "checkedDateTime" in step) == (False, False)
    assert checked["checkedDateTime"] > step["createdDateTime"] == checked["createdDateTime"]
    assert (opened["displayName"], "checkedDateTime" in opened) == ("All keys", False)
    assert (await adele.patch(one, json={"displayName": ""})).status_code == 400
    assert (await adele.post(path, json={})).status_code == 400


async def test_select_fails_with_the_title_and_says_nothing_without_it(adele: Outlook):
    tasks = await a_list(adele)
    made = await adele.made(tasks, title="Call")
    for path in (tasks, f"{tasks}/{made['id']}", f"{tasks}/delta"):
        assert error_of(await adele.get(f"{path}?$select=id,title")) == (400, "invalidRequest")
        shown = await adele.read(f"{path}?$select=id")
        assert "Call" in str(shown)
    assert (await adele.get(f"{tasks}?$select=subject")).status_code == 400
    lists = (await adele.read(f"{LISTS}?$select=displayName"))["value"]
    assert set(lists[0]) == {"@odata.etag", "id", "displayName"}


async def test_completed_tasks_that_are_filtered_for_have_lost_their_recurrence(adele: Outlook):
    tasks = await a_list(adele)
    last = every("daily", "2026-07-06", count=1)
    made = await adele.made(tasks, title="Once", recurrence=last, dueDateTime=due("2026-07-06"))
    await adele.made(tasks, title="Often", recurrence=every("daily", "2026-07-06"))
    await adele.patch(f"{tasks}/{made['id']}", json={"status": "completed"})

    (done,) = (await adele.read(f"{tasks}?$filter=status eq 'completed'"))["value"]
    (other,) = (await adele.read(f"{tasks}?$filter=status ne 'completed'"))["value"]
    assert (done["title"], "recurrence" in done) == ("Once", False)
    assert other["recurrence"]["pattern"]["type"] == "daily"
    assert "recurrence" in await adele.read(f"{tasks}/{made['id']}")


FOUND = [
    pytest.param("$filter=title eq 'call'", ["Call"], id="by title"),
    pytest.param("$filter=status ne 'completed' and importance eq 'high'", ["Call"], id="two clauses"),
    pytest.param("$filter=dueDateTime/dateTime lt '2026-07-10'", ["Call"], id="by date, others have none"),
    pytest.param("$filter=isReminderOn eq true", [], id="by a flag"),
    pytest.param("$orderby=title desc", ["Write", "Draft", "Call"], id="by title, downwards"),
    pytest.param("$orderby=dueDateTime/dateTime&$top=1", ["Write"], id="no date comes first"),
    pytest.param("$skip=2", ["Draft"], id="skipped"),
]


@pytest.mark.parametrize(("query", "titles"), FOUND)
async def test_tasks_are_filtered_and_ordered(adele: Outlook, query, titles):
    tasks = await a_list(adele)
    await adele.made(tasks, title="Call", importance="high", dueDateTime=due("2026-07-06"))
    await adele.made(tasks, title="Write")
    await adele.made(tasks, title="Draft", status="completed", dueDateTime=due("2026-07-11"))

    assert [one["title"] for one in (await adele.read(f"{tasks}?{query}"))["value"]] == titles


@pytest.mark.parametrize(
    "query",
    ["$filter=body/content eq 'x'", "$filter=linkedResources/any(l:l/externalId eq 'x')", "$search=x", "$orderby=body", "$top=0"],
)  # fmt: skip
async def test_an_option_that_tasks_do_not_support_is_refused(adele: Outlook, query):
    tasks = await a_list(adele)

    assert (await adele.get(f"{tasks}?{query}")).status_code == 400
    assert (await adele.get(f"{tasks}?$expand=attachments")).status_code == 501


async def test_lists_and_tasks_come_in_pages_that_add_up(stage: Stage, adele: Outlook):
    await stage.control("seed", mail="adele@contoso.example", generate={"tasks": 23, "seed": 1})
    tasks = f"{LISTS}/{await default_list(adele)}/tasks"
    url, sizes = tasks, []
    while url:
        page = await adele.read(url)
        sizes.append(len(page["value"]))
        url = page.get("@odata.nextLink")

    assert sizes == [10, 10, 3]
    assert (await adele.read(f"{tasks}?$top=2&$count=true"))["@odata.count"] == 23
    assert (await adele.get(f"{tasks}/$count")).text == "23"
    assert (await adele.get(f"{LISTS}/$count")).text == "2"


async def test_ids_of_tasks_are_never_immutable(adele: Outlook):
    tasks = await a_list(adele)
    made = await adele.made(tasks, title="x")
    answer = await adele.get(f"{tasks}/{made['id']}", headers=IMMUTABLE)

    assert answer.json()["id"] == made["id"]
    listed = await adele.get(tasks, headers=IMMUTABLE)
    assert listed.json()["value"][0]["id"] == made["id"]
    for one in (answer, listed, await adele.get(LISTS, headers=IMMUTABLE)):
        assert "preference-applied" not in one.headers


async def test_a_task_is_found_in_its_own_list_and_is_no_contact_and_no_event(adele: Outlook):
    tasks, other = await a_list(adele), await a_list(adele, "Other")
    made, contact = await adele.made(tasks, title="x"), await adele.made(displayName="Ann")

    assert error_of(await adele.get(f"{other}/{made['id']}")) == (404, "ErrorItemNotFound")
    assert error_of(await adele.get(f"me/contacts/{made['id']}")) == (404, "ErrorItemNotFound")
    assert error_of(await adele.get(f"me/events/{made['id']}")) == (404, "ErrorItemNotFound")
    assert error_of(await adele.get(f"{tasks}/{contact['id']}")) == (404, "ErrorItemNotFound")
    assert error_of(await adele.get(f"{tasks}/x")) == (400, "ErrorInvalidIdMalformed")
    folder = tasks.split("/")[3]
    assert error_of(await adele.get(f"me/contactFolders/{folder}")) == (404, "ErrorItemNotFound")
    assert error_of(await adele.get(f"me/calendars/{folder}/events")) == (404, "ErrorItemNotFound")
    assert error_of(await adele.get(f"{LISTS}/{contact['parentFolderId']}")) == (404, "ErrorItemNotFound")


async def test_tasks_take_their_own_permission_and_are_for_their_person_only(stage: Stage, adele: Outlook):
    """Applications have none of their own, and what is shared can't be reached."""
    path = f"users/adele@contoso.example/todo/lists/{await default_list(adele)}/tasks"
    async with await stage.outlook(scopes=["Tasks.Read"]) as reader:
        assert (await reader.get(path)).status_code == 200
        assert error_of(await reader.post(path, json={"title": "x"})) == (403, "ErrorAccessDenied")
    async with await stage.outlook(scopes=["Contacts.ReadWrite"]) as other:
        assert error_of(await other.get(LISTS)) == (403, "ErrorAccessDenied")
    async with stage.client(app_token(stage, roles=set(APPLICATION))) as app:
        assert error_of(await app.get(path)) == (403, "ErrorAccessDenied")
    async with await stage.outlook("alex@contoso.example", scopes=["Tasks.ReadWrite.Shared"]) as alex:
        assert error_of(await alex.get(path)) == (403, "ErrorAccessDenied")
    async with await stage.outlook("alex@contoso.example") as alex:
        assert error_of(await alex.get(path)) == (403, "ErrorAccessDenied")


async def test_a_personal_account_has_tasks_too(stage: Stage):
    async with await stage.outlook("patti@outlook.example") as patti:
        made = await patti.made(await a_list(patti), title="x")

        assert made["status"] == "notStarted"


async def test_tasks_come_in_batches(adele: Outlook):
    tasks = await a_list(adele)
    json_body = {"Content-Type": "application/json"}
    answers = await adele.batch(
        {"id": "1", "method": "POST", "url": f"/{tasks}", "body": {"title": "x"}, "headers": json_body},
        {"id": "2", "method": "POST", "url": f"/{tasks}", "body": {"title": 5}, "headers": json_body},
        {"id": "3", "method": "GET", "url": f"/{LISTS}"},
    )

    assert [answers[name]["status"] for name in "123"] == [201, 400, 200]
    assert answers["1"]["body"]["title"] == "x"


async def test_calls_on_tasks_stand_in_the_journal_and_meet_faults(stage: Stage, adele: Outlook):
    tasks = await a_list(adele)
    await stage.fault({"status": 503}, match={"path": "*/todo/lists/*/tasks"})
    after = await stage.mark()
    statuses = [(await adele.get(tasks)).status_code for _ in range(2)]

    assert statuses == [503, 200]
    assert [(one["path"], one["status"]) for one in await stage.journal(after=after)] == [
        (f"/v1.0/{tasks}", 503),
        (f"/v1.0/{tasks}", 200),
    ]


@pytest.mark.parametrize(
    ("path", "status"),
    [("me/todo", 501), ("me/todo/tasks", 400), (f"{LISTS}/x/nope", 400), (f"{LISTS}/x/extensions", 501),
     (f"{LISTS}/x/tasks/y/attachments", 501), (f"{LISTS}/x/tasks/y/attachmentSessions", 501)],
)  # fmt: skip
async def test_a_path_under_todo_that_is_not_there_is_refused(adele: Outlook, path, status):
    assert (await adele.get(path)).status_code == status


async def test_tasks_survive_a_shortened_log(stage: Stage, adele: Outlook):
    tasks = await a_list(adele)
    lists_link = (await adele.round(f"{LISTS}/delta"))[1]
    gone = await adele.made(LISTS, displayName="Gone")
    task = await adele.made(
        tasks, title="x", dueDateTime=due("2026-07-06"), linkedResources=[{"externalId": "1"}]
    )
    await adele.made(f"{tasks}/{task['id']}/checklistItems", displayName="Keys")
    _, link = await adele.round(f"{tasks}/delta")
    lost = await adele.made(tasks, title="y")
    await adele.delete(f"{tasks}/{lost['id']}")
    await adele.delete(f"{LISTS}/{gone['id']}")
    paths = [f"{tasks}?$expand=checklistItems,linkedResources", LISTS, link, lists_link, f"{LISTS}/delta"]
    before = [(await adele.read(path))["value"] for path in paths]

    stage.rebuild()

    assert [(await adele.read(path))["value"] for path in paths] == before
    assert [one["id"] for one in before[3]] == [gone["id"]]
