"""Microsoft's documented examples, sent to the local Graph; every reply is held against Microsoft's own schema."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from calendar_stage import event, weekly
from graph_stage import Listener, Outlook, Stage
from openapi_schema_validator import OAS30Validator

from sandbox.graph.contact import NOT_BUILT as NOT_BUILT_OF_CONTACTS
from sandbox.graph.contact import PROPERTIES
from sandbox.graph.event_shown import CALENDAR_RULES, EVENT
from sandbox.graph.todo_places import LIST, TASK

ROOT = Path(__file__).parents[2]
TRUTH = ROOT.parent / "shared" / "graph"
DOCUMENT = ROOT / "docs" / "sandbox-rules.md"
BUILT = re.compile(
    r"https://graph\.microsoft\.com/v1\.0/(me|users/[^/?]+|me/contact\S*|subscriptions\S*|\$batch"
    r"|(me|users/[^/?]+)/(event|calendar|todo)\S*)(\?\S+)?$",
    re.IGNORECASE,
)
pytestmark = [
    pytest.mark.feature("F8"),
    pytest.mark.skipif(not TRUTH.is_dir(), reason="Microsoft's examples are not beside this repository"),
]

# What the examples of built resources ask for that the sandbox does not have, and says so.
NOT_BUILT = {
    "extensibility-open-users.md GET /me": "open extensions",
    "change-notifications-delivery-webhooks.md POST /subscriptions": "messages",
    "change-notifications-lifecycle-events.md POST /subscriptions": "messages",
    "webhooks.md POST /subscriptions": "messages",
    "user-delete.md DELETE /users": "deleting people",
    "event-list-attachments.md GET /me/events/{id}/attachments": "attachments",
    "event-post-attachments.md POST /me/events/AAMkAGI1AAAt9AHjAAA=/attachments": "attachments",
    "todotask-post-attachments.md POST /me/todo/lists/AAMkpsDRVK=/tasks/AAKdfjhgsjhgJ=/attachments": "attachments",
    "taskfileattachment-createuploadsession.md POST "
    "/me/todo/lists/AAMDiFkfh=/tasks/AAMkADliMm=/attachments/createUploadSession": "attachments",
}
# A schema extension that the organisation of the example has registered and ours has not, tokens that somebody
# else's mailbox gave out, and a placeholder where a time belongs.
REFUSED = {
    "user-get.md GET /users ext55gb1l09_msLearnCourses",
    "delta-query-events.md GET /me/calendarView/delta with a token",
    "todotask-delta.md GET /me/todo/lists/gDbc8U7HGwADDZocJgAAAA==/tasks/delta with a token",
    "event-snoozereminder.md POST /me/events/{id}/snoozeReminder",
}


def examples() -> Iterator[dict[str, Any]]:
    if TRUTH.is_dir():
        with (TRUTH / "examples.jsonl").open() as lines:
            for example in map(json.loads, lines):
                request = example["request"] or {}
                if BUILT.match(request.get("url") or "") and example["kind"] in {"pair", "request-only"}:
                    yield example


def name_of(example: dict[str, Any]) -> str:
    request = example["request"]
    path = request["url"].partition("/v1.0")[2].partition("?")[0]
    source = example["source"].rpartition("/")[2]
    extra = " ext55gb1l09_msLearnCourses" if "ext55gb1l09" in request["url"] else ""
    extra += " with a token" if "token=" in request["url"] else ""
    return f"{source} {request['method']} {'/users' if path.startswith('/users') else path}{extra}"


@cache
def openapi() -> dict[str, Any]:
    return json.loads((TRUTH / "openapi.json").read_bytes())


def schema_of(method: str, path: str, status: int) -> dict[str, Any] | None:
    """Return the schema of an answer to a request, found by the path as Microsoft writes it."""
    for template, operations in openapi()["paths"].items():
        pattern = re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path, re.IGNORECASE) and method.lower() in operations:
            answers = operations[method.lower()]["responses"]
            answer = (
                answers.get(str(status))
                or (answers.get("2XX") if status < 300 else None)
                or {"$ref": "#/components/responses/error"}
            )
            if "$ref" in answer:
                answer = openapi()["components"]["responses"]["error"]
            return answer.get("content", {}).get("application/json", {}).get("schema")
    raise AssertionError(f"Microsoft's description has no {method} {path}")


def conform(document: Any, schema: dict[str, Any]) -> None:
    """Hold a document against a schema, names included: what Graph doesn't have we don't show."""
    OAS30Validator(schema | {"components": openapi()["components"]}).validate(document)
    known = names_in(schema)
    shown = {name for name in document if "@" not in name}
    assert shown <= known, shown - known
    rows = {name for row in document.get("value", []) for name in row if "@" not in name}
    if rows and "value" in known:
        assert rows <= names_of_rows(schema), rows - names_of_rows(schema)


def names_in(schema: dict[str, Any]) -> set[str]:
    if "$ref" in schema:
        return names_in(openapi()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    return set(schema.get("properties", {})).union(*map(names_in, schema.get("allOf", [])))


def names_of_rows(schema: dict[str, Any]) -> set[str]:
    if "$ref" in schema:
        return names_of_rows(openapi()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    own = schema.get("properties", {}).get("value", {}).get("items")
    return (names_in(own) if own else set()).union(*map(names_of_rows, schema.get("allOf", [])))


async def prepared(
    stage: Stage, outlook: Outlook, listener: Listener, example: dict[str, Any]
) -> tuple[str, Any]:
    """Return the example's address and body with its placeholders filled in from a mailbox that has what it names."""
    folder = await outlook.made("me/contactFolders", displayName="Examples")
    contact = await outlook.made(
        f"me/contactFolders/{folder['id']}/contacts", displayName="Garth Fort", birthday="1974-07-22"
    )
    url = example["request"]["url"].partition("/v1.0/")[2]
    body = json.loads(json.dumps(example["request"]["body"]))
    if "subscriptions/" in url:
        soon = (stage.world.now() + timedelta(days=1)).isoformat()
        wish = {
            "changeType": "created",
            "resource": "me/contacts",
            "notificationUrl": listener.url,
            "expirationDateTime": soon,
        }
        made = await outlook.made("subscriptions", **wish)
        url = re.sub(r"\{\w+\}", made["id"], url)
    if isinstance(body, dict) and "notificationUrl" in body:
        body = {name: listener.url if name.endswith("Url") else value for name, value in body.items()}
        body["resource"] = body["resource"].replace("{id}", "adele@contoso.example")
    url = re.sub(r"users/[^/?]+", "users/adele@contoso.example", url)
    if "event" in url.lower() or "calendar" in url.lower():
        url = await with_events(stage, outlook, url)
    if "/todo/" in url:
        url = (await with_tasks(outlook, url)).rstrip("/")
    return url.replace("contactFolders/{id}", f"contactFolders/{folder['id']}").replace(
        "contacts/{id}", f"contacts/{contact['id']}"
    ), body


async def with_tasks(outlook: Outlook, url: str) -> str:
    """Return an address with the ids of a list, a task and what lies in it that are there."""
    here = await outlook.made("me/todo/lists", displayName="Examples")
    tasks = f"me/todo/lists/{here['id']}/tasks"
    task = await outlook.made(tasks, title="Shop for dinner", linkedResources=[{"displayName": "x"}])
    step = await outlook.made(f"{tasks}/{task['id']}/checklistItems", displayName="Create draft")
    url = re.sub(r"checklistitems/[^/?]+", f"checklistItems/{step['id']}", url)
    url = re.sub(r"linkedResources/[^/?]+", f"linkedResources/{task['linkedResources'][0]['id']}", url)
    url = re.sub(r"tasks/(?!delta)[^/?]+", f"tasks/{task['id']}", url)
    return re.sub(r"lists/(?!delta)[^/?]+", f"lists/{here['id']}", url)


async def with_events(stage: Stage, outlook: Outlook, url: str) -> str:
    """Return an address with the id of an event or a permission that is there; what is answered was called by Alex."""
    made = event("Review", "2019-04-08T20:30", "2019-04-08T21:00", recurrence=weekly(start="2019-04-08"))
    own = await outlook.made("me/events", **made)
    invitation = [{"emailAddress": {"address": "adele@contoso.example"}}]
    async with await stage.outlook("alex@contoso.example") as alex:
        await alex.made("me/events", **made | {"subject": "Theirs", "attendees": invitation})
    theirs = next(row for row in (await outlook.read("me/events"))["value"] if row["subject"] == "Theirs")
    entry = {"emailAddress": {"address": "alex@contoso.example"}, "role": "read"}
    permission = await outlook.made("me/calendar/calendarPermissions", **entry)
    url = url.replace("calendarPermissions/{id}", f"calendarPermissions/{permission['id']}")
    answered = url.endswith(("accept", "Accept", "decline"))
    return re.sub(r"events/[^/?]+", f"events/{(theirs if answered else own)['id']}", url)


@pytest.mark.parametrize("example", list(examples()), ids=name_of)
async def test_an_example_is_answered_as_microsoft_describes(stage: Stage, adele: Outlook, listener, example):
    url, body = await prepared(stage, adele, listener, example)
    method, name = example["request"]["method"], name_of(example)
    prefer = {k: v for k, v in (example["request"]["headers"] or {}).items() if k == "Prefer"}

    answer = await adele.request(method, url, json=body, headers=prefer)

    schema = schema_of(method, "/" + url.partition("?")[0], answer.status_code)
    if answer.content:
        conform(answer.json(), schema)
    if name in NOT_BUILT:
        assert answer.status_code == 501
    elif name in REFUSED:
        assert answer.status_code == 400
    else:
        assert answer.is_success, answer.text


async def test_whatever_is_shown_of_a_task_conforms(adele: Outlook):
    here = f"me/todo/lists/{(await adele.made('me/todo/lists', displayName='x'))['id']}"
    at = {"dateTime": "2026-07-06T09:00:00", "timeZone": "UTC"}
    pattern = {"type": "daily", "interval": 1}
    made = await adele.made(
        f"{here}/tasks", title="x", dueDateTime=at, startDateTime=at, reminderDateTime=at, categories=["y"],
        body={"content": "z", "contentType": "html"}, linkedResources=[{"externalId": "1"}],
        recurrence={"pattern": pattern, "range": {"type": "noEnd", "startDate": "2026-07-06"}},
    )  # fmt: skip
    one = f"{here}/tasks/{made['id']}"
    await adele.made(f"{one}/checklistItems", displayName="y", isChecked=True)
    await adele.patch(one, json={"status": "completed"})

    everything = "$expand=checklistItems,linkedResources"
    for path in (f"{one}?{everything}", f"{here}/tasks?{everything}", f"{here}/tasks/delta?{everything}",
                 f"{one}/checklistItems", f"{one}/linkedResources", here, "me/todo/lists/delta"):  # fmt: skip
        template = "/" + path.partition("?")[0]
        conform(await adele.read(path), schema_of("GET", template, 200))


async def test_what_is_delivered_conforms_too(stage: Stage, adele: Outlook, listener: Listener):
    soon = (stage.world.now() + timedelta(minutes=50)).isoformat()
    await adele.made(
        "subscriptions", changeType="created,updated,deleted", resource="me/contacts", expirationDateTime=soon,
        notificationUrl=listener.url, lifecycleNotificationUrl=listener.url,
    )  # fmt: skip
    held = await adele.made(displayName="x")
    await adele.delete(f"me/contacts/{held['id']}")
    await listener.hears(2)
    await stage.advance(minutes=51)

    heard = await listener.hears(3)

    schema = {"$ref": "#/components/schemas/microsoft.graph.changeNotificationCollection"}
    for entry in heard:
        conform({"value": [entry]}, schema)


async def test_whatever_is_shown_of_a_calendar_conforms(stage: Stage, adele: Outlook):
    invited = [{"emailAddress": {"address": "alex@contoso.example"}}]
    made = await adele.made(
        "me/events",
        **event(recurrence=weekly(), attendees=invited, isOnlineMeeting=True, location={"displayName": "x"}),
    )
    window = "startDateTime=2026-07-01&endDateTime=2026-08-01"
    second = (await adele.read(f"me/events/{made['id']}/instances?{window}"))["value"][1]
    await adele.patch(f"me/events/{second['id']}", json={"subject": "Late"})
    async with await stage.outlook("alex@contoso.example") as alex:
        copy = (await alex.read("me/events"))["value"][0]
        slot = {"start": made["start"], "end": made["end"]}
        await alex.post(f"me/events/{copy['id']}/tentativelyAccept", json={"proposedNewTime": slot})

    one = f"me/events/{made['id']}"
    everything = "$select=subject,attendees,originalStart,cancelledOccurrences,exceptionOccurrences&$expand=exceptionOccurrences,calendar"
    for path in (
        one,
        f"{one}?{everything}",
        f"me/calendarView?{window}",
        f"me/calendarView/delta?{window}",
        f"{one}/instances?{window}",
    ):
        template = "/" + path.partition("?")[0].replace(made["id"], "{event-id}")
        conform(await adele.read(path), schema_of("GET", template, 200))


def test_a_contact_has_the_properties_of_microsofts_description_and_no_others():
    described = names_in({"$ref": "#/components/schemas/microsoft.graph.contact"})

    assert described - {"singleValueExtendedProperties", "@odata.type"} == PROPERTIES | NOT_BUILT_OF_CONTACTS


def test_an_event_and_a_calendar_have_the_properties_of_microsofts_description_and_no_others():
    described = names_in({"$ref": "#/components/schemas/microsoft.graph.event"})
    calendar = names_in({"$ref": "#/components/schemas/microsoft.graph.calendar"})

    assert described - {"@odata.type"} == EVENT.properties | EVENT.navigation
    assert calendar - {"@odata.type"} == CALENDAR_RULES.properties | CALENDAR_RULES.navigation


def test_a_task_and_a_list_have_the_properties_of_microsofts_description_and_no_others():
    for kind, rules in (("todoTask", TASK), ("todoTaskList", LIST)):
        described = names_in({"$ref": f"#/components/schemas/microsoft.graph.{kind}"})

        assert described - {"@odata.type"} == rules.properties | rules.navigation


def test_the_document_says_how_many_of_how_many():
    counted = Counter(
        (example["resource"] or "subscription", name_of(example) not in NOT_BUILT.keys() | REFUSED)
        for example in examples()
    )
    text = DOCUMENT.read_text()

    for resource in {resource for resource, _ in counted}:
        answered, refused = counted[resource, True], counted[resource, False]
        assert f"| {resource} | {answered + refused} | {answered} |" in text
    assert f"| all | {sum(counted.values())} | {sum(v for (_, ok), v in counted.items() if ok)} |" in text
