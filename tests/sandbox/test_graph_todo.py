"""The lists, tasks, checklists and links of Microsoft To Do in the local Graph (facts.md §6)."""

import pytest
from graph_stage import IMMUTABLE, Outlook, Stage, error_of
from todo_stage import LISTS, NEW_YORK, a_list, default_list, due, every

pytestmark = pytest.mark.feature("C9")

BUILT_IN = [("Tasks", "defaultList"), ("Flagged Emails", "flaggedEmails")]


async def test_a_mailbox_has_two_lists_of_its_own_and_more_are_made(adele: Outlook):
    made = await adele.made(LISTS, displayName="Viewings")
    listed = (await adele.read(LISTS))["value"]

    assert [(one["displayName"], one["wellknownListName"]) for one in listed] == [
        *BUILT_IN,
        ("Viewings", "none"),
    ]
    assert {(one["isOwner"], one["isShared"]) for one in listed} == {(True, False)}
    assert listed[-1] == await without_context(adele, f"{LISTS}/{made['id']}")
    renamed = await adele.patch(f"{LISTS}/{made['id']}", json={"displayName": "Visits"})
    assert (renamed.status_code, renamed.json()["displayName"]) == (200, "Visits")
    assert renamed.json()["@odata.etag"] != made["@odata.etag"]
    assert (await adele.delete(f"{LISTS}/{made['id']}")).status_code == 204
    assert error_of(await adele.get(f"{LISTS}/{made['id']}")) == (404, "ErrorItemNotFound")


async def without_context(outlook: Outlook, path: str) -> dict:
    shown = await outlook.read(path)
    return {name: value for name, value in shown.items() if name != "@odata.context"}


@pytest.mark.parametrize("number", [0, 1], ids=["the default list", "flagged mail"])
async def test_a_built_in_list_is_neither_renamed_nor_deleted(adele: Outlook, number):
    path = f"{LISTS}/{(await adele.read(LISTS))['value'][number]['id']}"
    renamed, deleted = await adele.patch(path, json={"displayName": "x"}), await adele.delete(path)

    for refused, word in ((renamed, "renamed"), (deleted, "deleted")):
        assert error_of(refused) == (400, "invalidRequest")
        inner = refused.json()["error"]["innerError"]
        assert inner["code"] == "ErrorInvalidRequest"
        assert inner["message"].endswith(f"A default task folder can't be {word}.")
    assert (await adele.read(path))["displayName"] == BUILT_IN[number][0]


WRONG_LISTS = [
    pytest.param({}, 400, id="no name"),
    pytest.param({"displayName": ""}, 400, id="an empty name"),
    pytest.param({"displayName": 5}, 400, id="a number"),
    pytest.param({"displayName": "x" * 256}, 400, id="too long"),
    pytest.param({"displayName": "x", "colour": "red"}, 400, id="no such property"),
]


@pytest.mark.parametrize(("body", "status"), WRONG_LISTS)
async def test_a_list_that_does_not_fit_is_refused(adele: Outlook, body, status):
    assert (await adele.post(LISTS, json=body)).status_code == status


async def test_a_name_is_taken_once(adele: Outlook):
    await adele.made(LISTS, displayName="Viewings")

    assert error_of(await adele.post(LISTS, json={"displayName": "viewings"})) == (409, "ErrorFolderExists")


async def test_what_todo_makes_of_a_new_task(adele: Outlook):
    """What holds nothing is not shown at all: a date that was cleared is one that is missing."""
    tasks = await a_list(adele)
    made = await adele.made(tasks, title="Call")

    known = {"@odata.context", "@odata.etag", "id", "createdDateTime", "lastModifiedDateTime"}
    assert {name: value for name, value in made.items() if name not in known} == {
        "title": "Call", "status": "notStarted", "importance": "normal", "isReminderOn": False,
        "hasAttachments": False, "categories": [], "body": {"content": "", "contentType": "text"},
    }  # fmt: skip
    assert made["createdDateTime"] == made["lastModifiedDateTime"]
    assert made["createdDateTime"].endswith("Z")
    assert "changeKey" not in made
    assert (await adele.read(f"{tasks}/{made['id']}"))["@odata.etag"] == made["@odata.etag"]


async def test_a_task_is_changed_in_what_an_update_names_and_deleted(adele: Outlook):
    tasks = await a_list(adele)
    made = await adele.made(tasks, title="Call", categories=["Buyer"], dueDateTime=due("2026-07-06"))
    path = f"{tasks}/{made['id']}"
    answer = await adele.patch(path, json={"title": "Write", "importance": "High", "status": "INPROGRESS"})
    changed = answer.json()

    assert answer.status_code == 200
    assert (changed["title"], changed["importance"], changed["status"]) == ("Write", "high", "inProgress")
    assert (changed["categories"], changed["dueDateTime"]) == (["Buyer"], made["dueDateTime"])
    assert (changed["id"], changed["createdDateTime"]) == (made["id"], made["createdDateTime"])
    assert changed["@odata.etag"] == answer.headers["etag"] != made["@odata.etag"]
    cleared = (await adele.patch(path, json={"dueDateTime": None, "categories": [], "title": None})).json()
    assert ("dueDateTime" in cleared, cleared["categories"], cleared["title"]) == (False, [], "")
    assert (await adele.delete(path)).status_code == 204
    assert error_of(await adele.get(path)) == (404, "ErrorItemNotFound")
    assert (await adele.read(tasks))["value"] == []


async def test_an_old_etag_passes_all_the_same(adele: Outlook):
    """Who relies on If-Match here overwrites what was typed meanwhile."""
    tasks = await a_list(adele)
    made = await adele.made(tasks, title="Call")
    path, stale = f"{tasks}/{made['id']}", {"If-Match": made["@odata.etag"]}
    await adele.patch(path, json={"title": "Typed meanwhile"})

    assert (await adele.patch(path, json={"title": "Ours"}, headers=stale)).json()["title"] == "Ours"
    assert (await adele.delete(path, headers=stale)).status_code == 204


WRONG_TASKS = [
    pytest.param({"title": 5}, 400, id="a number"),
    pytest.param({"title": "x" * 256}, 400, id="too long a title"),
    pytest.param({"subject": "x"}, 400, id="no such property"),
    pytest.param({"status": "done"}, 400, id="no such status"),
    pytest.param({"status": None}, 400, id="no status"),
    pytest.param({"importance": "urgent"}, 400, id="no such importance"),
    pytest.param({"isReminderOn": "yes"}, 400, id="no boolean"),
    pytest.param({"categories": None}, 400, id="no list"),
    pytest.param({"dueDateTime": "2026-07-06"}, 400, id="a bare date"),
    pytest.param({"dueDateTime": due("2026-07-06", "Mars/Olympus")}, 400, id="an unknown zone"),
    pytest.param({"dueDateTime": {"dateTime": "2026-07-06T00:00:00Z"}}, 400, id="an offset"),
    pytest.param({"body": {"contentType": "markdown"}}, 400, id="no such kind of body"),
    pytest.param({"recurrence": {"pattern": {}}}, 400, id="half a recurrence"),
    pytest.param({"recurrence": every("weekly", "2026-07-06")}, 400, id="a week without days"),
    pytest.param({"recurrence": every("daily", "soon")}, 400, id="no start date"),
    pytest.param({"@odata.type": "#microsoft.graph.event"}, 400, id="an event"),
    pytest.param({"checklistItems": [{"displayName": "x"}]}, 501, id="steps along with it"),
    pytest.param({"attachments": []}, 501, id="attachments"),
]


@pytest.mark.parametrize(("body", "status"), WRONG_TASKS)
async def test_a_task_that_does_not_fit_is_refused_and_nothing_is_kept(adele: Outlook, body, status):
    tasks = await a_list(adele)
    made = await adele.made(tasks, title="Call")

    assert (await adele.post(tasks, json=body)).status_code == status
    assert (await adele.patch(f"{tasks}/{made['id']}", json=body)).status_code == status
    assert [one["@odata.etag"] for one in (await adele.read(tasks))["value"]] == [made["@odata.etag"]]


async def test_no_task_is_made_in_the_list_of_flagged_mail(adele: Outlook):
    flagged = (await adele.read(LISTS))["value"][1]["id"]

    assert error_of(await adele.post(f"{LISTS}/{flagged}/tasks", json={"title": "x"})) == (
        400,
        "invalidRequest",
    )


DUE = [
    pytest.param("2026-07-06", "16:00", "Eastern Standard Time", "2026-07-06T04:00", id="cut in the zone it has"),
    pytest.param("2026-07-06", "00:00", "UTC", "2026-07-06T00:00", id="midnight UTC stays"),
    pytest.param("2026-07-06", "23:59", "UTC", "2026-07-06T00:00", id="late in the day"),
    pytest.param("2026-07-06", "09:00", "Pacific/Kiritimati", "2026-07-05T10:00", id="14 hours ahead: the day before"),
    pytest.param("2026-01-06", "09:00", "Pacific/Niue", "2026-01-06T11:00", id="11 hours behind"),
]  # fmt: skip


@pytest.mark.lesson(12)
@pytest.mark.parametrize(("day", "clock", "zone", "shown"), DUE)
async def test_a_due_date_is_a_date_in_the_zone_it_was_written_in(adele: Outlook, day, clock, zone, shown):
    tasks = await a_list(adele)
    made = await adele.made(tasks, title="x", dueDateTime=due(day, zone, clock=clock))

    assert made["dueDateTime"] == {"dateTime": f"{shown}:00.0000000", "timeZone": "UTC"}
    there = await adele.read(f"{tasks}/{made['id']}", Prefer=f'outlook.timezone="{zone}"')
    assert there["dueDateTime"] == {"dateTime": f"{day}T00:00:00.0000000", "timeZone": zone}


@pytest.mark.lesson(12)
async def test_a_preferred_zone_is_named_and_moves_times_but_those_that_are_always_utc(adele: Outlook):
    tasks = await a_list(adele)
    at = due("2026-07-06", clock="09:30")
    made = await adele.made(
        tasks, title="x", dueDateTime=at, startDateTime=at, reminderDateTime=at, isReminderOn=True, status="completed"
    )  # fmt: skip
    answer = await adele.get(f"{tasks}/{made['id']}", headers=NEW_YORK)
    shown = answer.json()

    names = ("dueDateTime", "startDateTime", "reminderDateTime")
    assert [shown[name]["dateTime"][:16] for name in names] == [
        "2026-07-05T20:00", "2026-07-05T20:00", "2026-07-06T05:30",
    ]  # fmt: skip
    assert answer.headers["preference-applied"] == NEW_YORK["Prefer"]
    assert shown["completedDateTime"] == made["completedDateTime"]
    assert shown["createdDateTime"] == made["createdDateTime"]
    refused = await adele.get(tasks, headers={"Prefer": 'outlook.timezone="Mars/Olympus"'})
    assert error_of(refused) == (400, "TimeZoneNotSupportedException")


@pytest.mark.lesson(12)
async def test_a_completed_date_is_midnight_utc_and_the_servers(stage: Stage, adele: Outlook):
    tasks = await a_list(adele)
    path = f"{tasks}/{(await adele.made(tasks, title='x'))['id']}"
    done = (await adele.patch(path, json={"status": "completed"})).json()
    await stage.advance(days=2)
    async with await stage.outlook() as later:
        kept = (await later.patch(path, json={"title": "y"})).json()
        opened = (await later.patch(path, json={"status": "notStarted"})).json()
        again = (await later.patch(path, json={"status": "completed"})).json()
        said = {"completedDateTime": due("2026-07-06", "Eastern Standard Time", clock="22:00")}
        back = (await later.patch(path, json={"status": "completed", **said})).json()

    assert done["completedDateTime"] == {
        "dateTime": f"{done['lastModifiedDateTime'][:10]}T00:00:00.0000000",
        "timeZone": "UTC",
    }
    assert kept["completedDateTime"] == done["completedDateTime"]
    assert "completedDateTime" not in opened
    assert again["completedDateTime"]["dateTime"][:10] == again["lastModifiedDateTime"][:10]
    assert again["completedDateTime"] != done["completedDateTime"]
    assert back["completedDateTime"] == {"dateTime": "2026-07-06T00:00:00.0000000", "timeZone": "UTC"}


async def test_a_body_is_text_when_made_and_html_when_changed(adele: Outlook):
    tasks = await a_list(adele)
    made = await adele.made(tasks, title="x", body={"content": "Two\nlines", "contentType": "text"})
    path = f"{tasks}/{made['id']}"
    refused = await adele.patch(path, json={"body": {"content": "x", "contentType": "text"}})
    changed = (
        await adele.patch(path, json={"body": {"content": "<p>Big</p>", "contentType": "html"}})
    ).json()
    as_text = await adele.read(path, Prefer='outlook.body-content-type="text"')

    assert made["body"] == {"content": "Two\nlines", "contentType": "text"}
    assert made["bodyLastModifiedDateTime"] == made["createdDateTime"]
    assert error_of(refused) == (400, "invalidRequest")
    assert changed["body"]["contentType"] == "html"
    assert changed["body"]["content"].startswith("<html>")
    assert "<p>Big</p>" in changed["body"]["content"]
    assert as_text["body"] == {"content": "Big", "contentType": "text"}
    empty = (await adele.patch(path, json={"body": {"content": "", "contentType": "text"}})).json()
    assert empty["body"]["content"] == ""


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
    assert "preference-applied" not in answer.headers


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
    [("me/todo", 400), ("me/todo/tasks", 400), (f"{LISTS}/x/nope", 400), (f"{LISTS}/x/extensions", 501),
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

    parts = [part for part in stage.world._parts if part is not stage.world.clock]
    rows = [row for part in parts for row in part.snapshot()]
    for part in parts:
        part.clear()
    for kind, body in rows:
        stage.world._appliers[kind](body)

    assert [(await adele.read(path))["value"] for path in paths] == before
    assert [one["id"] for one in before[3]] == [gone["id"]]
