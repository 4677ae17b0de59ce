"""The lists and tasks of Microsoft To Do in the local Graph: what is written and what comes of it (facts.md §6)."""

import pytest
from graph_stage import Outlook, Stage, error_of
from todo_stage import LISTS, NEW_YORK, a_list, due, every, without_context

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
