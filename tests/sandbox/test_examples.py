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
from graph_stage import Listener, Outlook, Stage
from openapi_schema_validator import OAS30Validator

from sandbox.graph.contact import NOT_BUILT as NOT_BUILT_OF_CONTACTS
from sandbox.graph.contact import PROPERTIES

ROOT = Path(__file__).parents[2]
TRUTH = ROOT.parent / "shared" / "graph"
DOCUMENT = ROOT / "docs" / "sandbox-rules.md"
BUILT = re.compile(
    r"https://graph\.microsoft\.com/v1\.0/(me|users/[^/?]+|me/contact\S*|subscriptions\S*|\$batch)(\?\S+)?$",
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
}
# A schema extension that the organisation of the example has registered and ours has not.
REFUSED = {"user-get.md GET /users ext55gb1l09_msLearnCourses"}


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
    return f"{source} {request['method']} {'/users' if path.startswith('/users') else path}{extra}"


@cache
def openapi() -> dict[str, Any]:
    return json.loads((TRUTH / "openapi.json").read_bytes())


def schema_of(method: str, path: str, status: int) -> dict[str, Any] | None:
    """Return the schema of an answer to a request, found by the path as Microsoft writes it."""
    for template, operations in openapi()["paths"].items():
        pattern = re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path) and method.lower() in operations:
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
    return url.replace("contactFolders/{id}", f"contactFolders/{folder['id']}").replace(
        "contacts/{id}", f"contacts/{contact['id']}"
    ), body


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


def test_a_contact_has_the_properties_of_microsofts_description_and_no_others():
    described = names_in({"$ref": "#/components/schemas/microsoft.graph.contact"})

    assert described - {"singleValueExtendedProperties", "@odata.type"} == PROPERTIES | NOT_BUILT_OF_CONTACTS


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
