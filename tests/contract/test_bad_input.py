"""Whatever is wrong with a request, of any operation: a problem that names it and its cure, and nothing stored."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import asyncpg
import httpx
import pytest

from app.main import create_app
from app.routers.intake import MOST_BYTES
from tests.contract.bodies import minimal, outside, places, plain, planted, pointer, types, wrong_values
from tests.contract.stage import DOCUMENT, OPERATIONS, OPERATOR_KEY, Json, Operation, Organisation, settled

COUNT = """
SELECT string_agg(format('SELECT %L AS name, count(*) AS rows FROM %s', oid::regclass, oid::regclass), ' UNION ALL ')
FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""
JSON = {"Content-Type": "application/json"}
LARGE = b" " * (MOST_BYTES + 1)
NOWHERE = "nowhere"
STRANGERS_CURSOR = "the stranger's"
EXAMPLE_CURSOR = b"d3NfMDZhOjQy"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A request that must be refused, and how. ``key`` and ``ids`` say whose: ours, or the stranger's."""

    operation: Operation
    name: str
    status: int = 422
    slug: str = "invalid-request"
    names: Json = field(default_factory=dict)
    content: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    key: str | None = "ours"


def bad_credentials(operation: Operation) -> Iterator[Case]:
    if not operation.about.get("security"):
        return
    refused = Case(
        operation=operation, name="without-credential", status=401, slug="unauthenticated", key=None
    )
    yield refused
    yield replace(refused, name="unknown-credential", key="ck_unknown")
    other = "ours" if operation.takes_the_operators_key else OPERATOR_KEY
    yield replace(refused, name="wrong-credential", status=403, slug="wrong-credential", key=other)
    if not operation.takes_the_operators_key:
        unknown = replace(refused, status=404, slug="workspace-not-found")
        for key, name in (("ours", "of-another-workspace"), (OPERATOR_KEY, "of-no-workspace")):
            named = {"Concord-Workspace": "stranger" if key == "ours" else NOWHERE}
            yield replace(unknown, name=name, key=key, headers=named)


SLUGS = {"entity": "entity-unknown", "slug": "not-found", "crm_id": "record-not-found"}


def foreign_ids(operation: Operation) -> Iterator[Case]:
    """Ids of another organisation, and of nothing at all, wherever what they name must be there."""
    answers = operation.about["responses"].get("404", {"content": {"application/problem+json": {}}})
    told = answers["content"]["application/problem+json"].get("examples", {})
    for parameter in [*operation.parameters("path"), *operation.parameters("query")]:
        name = parameter["name"]
        slug = SLUGS.get(name, f"{name.removesuffix('_id')}-not-found")
        made = name == "crm_id" and operation.method == "put"
        if slug not in told or made or (parameter["in"] == "query" and not name.endswith("_id")):
            continue
        place = "ids" if parameter["in"] == "path" else "query"
        missing = Case(operation=operation, name=f"{name}-of-nothing", status=404, slug=slug)
        missing = replace(missing, **with_body(operation), **{place: {name: NOWHERE}})
        yield missing
        if name not in {"workspace_id", "entity", "slug"}:
            yield replace(missing, name=f"{name}-of-a-stranger", **{place: {name: "stranger"}})


def bad_parameters(operation: Operation) -> Iterator[Case]:
    for place in ("query", "header"):
        for parameter in operation.parameters(place):
            name = parameter["name"]
            for kind, value in bad_words(parameter):
                told = {"headers" if place == "header" else "query": {name: str(value)}}
                given = with_body(operation)
                if place == "header":
                    told = {"headers": given.get("headers", {}) | told["headers"]}
                case = Case(
                    operation=operation, name=f"{name}-{kind}", names={"in": place, "parameter": name}
                )
                yield replace(case, **given | told)


def bad_words(parameter: Json) -> Iterator[tuple[str, Any]]:
    """Return what a parameter may not be: a URL knows text only."""
    schema = plain(parameter["schema"])
    if types(schema) <= {"integer", "number", "boolean"}:
        yield "type", "perhaps"
    yield from outside(schema)
    if parameter["name"] == "cursor":
        yield "garbage", "nonsense"
        yield "of-another-list", urlsafe_b64encode(b'["/v1/elsewhere","x_1"]').decode()
        yield "of-another-kind", urlsafe_b64encode(b'{"a":1}').decode()
    if parameter["name"] == "after":
        yield "garbage", "nonsense"
        yield "of-a-stranger", STRANGERS_CURSOR


def bad_bodies(operation: Operation) -> Iterator[Case]:
    schema = body_of(operation)
    if schema is None:
        return
    case = Case(operation=operation, name="malformed", content=b'{"a": ', headers=JSON, names={"pointer": ""})
    yield case
    yield replace(case, name="a-list", content=b"[]")
    yield replace(case, name="not-utf-8", content=b'{"a": "\xff"}')
    if operation.about["requestBody"].get("required"):
        yield replace(case, name="absent", content=None, headers={})
        yield replace(case, name="null", content=b"null")
    other = replace(case, status=415, slug="unsupported-media-type", names={})
    yield replace(other, name="as-text", content=b"{}", headers={"Content-Type": "text/plain"})
    yield replace(
        other, name="as-a-form", content=b"a=b", headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    yield replace(case, name="oversized", status=413, slug="body-too-large", names={}, content=LARGE)
    for path, part in places(schema):
        where = pointer(path)
        for kind, value in [*wrong_values(part), *unknown_fields(part)] if path else unknown_fields(part):
            content = json.dumps(planted(schema, path, value)).encode()
            at = f"{where}/surprise" if kind == "unknown" else where
            yield replace(case, name=f"{where}-{kind}", content=content, names={"pointer": at})


def unknown_fields(schema: Json) -> Iterator[tuple[str, Any]]:
    if plain(schema).get("additionalProperties") is False:
        yield "unknown", minimal(schema) | {"surprise": 1}


def with_body(operation: Operation) -> Json:
    """Return the least body that an operation takes, where it takes one."""
    schema = body_of(operation)
    return {} if schema is None else {"content": json.dumps(minimal(schema)).encode(), "headers": JSON}


def body_of(operation: Operation) -> Json | None:
    content = operation.about.get("requestBody", {}).get("content", {})
    return content["application/json"]["schema"] if content else None


CASES = [
    case
    for operation in OPERATIONS
    for kind in (bad_credentials, foreign_ids, bad_parameters, bad_bodies)
    for case in kind(operation)
]


@dataclass
class Stage:
    """The application, whom it serves, and how many rows it holds."""

    http: httpx.AsyncClient
    superuser: asyncpg.Connection
    counting: str
    ours: Organisation
    strangers: Organisation
    kinds: dict[str, Json]

    async def rows(self) -> dict[str, int]:
        return dict(await self.superuser.fetch(self.counting))

    async def ask(self, case: Case) -> httpx.Response:
        strangers = self.strangers
        theirs = {STRANGERS_CURSOR: strangers.cursor}

        def meant(words: dict[str, str]) -> dict[str, str]:
            return {
                name: strangers.ids.get(name, strangers.ids["workspace_id"])
                if word == "stranger"
                else theirs.get(word, word)
                for name, word in words.items()
            }

        key = case.key
        if key == "ours":
            wrong = case.slug == "wrong-credential"
            key = self.ours.key if wrong else case.operation.credential(self.ours)
        content = case.content and case.content.replace(EXAMPLE_CURSOR, self.ours.cursor.encode())
        return await self.http.request(
            case.operation.method,
            case.operation.path.format(**self.ours.ids | meant(case.ids)),
            headers=meant(case.headers) | ({} if key is None else {"Authorization": f"Bearer {key}"}),
            params=meant(case.query),
            content=content,
        )


@pytest.fixture(scope="module")
async def stage(module_settings, servers):
    app = create_app(module_settings)
    app.openapi_schema = DOCUMENT
    superuser = await servers.superuser()
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://concord.example") as http,
    ):
        kinds = {kind["type"]: kind for kind in (await http.get("/problems")).json()["data"]}
        counting = await superuser.fetchval(COUNT)
        yield Stage(http, superuser, counting, await settled(app, "Acme"), await settled(app, "Other"), kinds)
    await superuser.close()


def told_by(answer: httpx.Response, case: Case) -> tuple[Json, str]:
    """Return the problem, and what of the pointer is above it: many entries in one body fail each for itself."""
    body = answer.json()
    if answer.status_code == 200 and "results" in body:
        return body["results"][0]["problem"], "/upserts/0"
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["instance"] == f"/requests/{answer.headers['x-request-id']}"
    return body, ""


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=f"{case.operation.id}-{case.name}") for case in CASES]
)
async def test_it_is_refused_by_name_with_a_cure_and_nothing_is_stored(stage, case):
    before = await stage.rows()

    answer = await stage.ask(case)

    told, above = told_by(answer, case)
    assert (told["status"], told["type"]) == (case.status, f"/problems/{case.slug}"), answer.text
    assert str(case.status) in case.operation.about["responses"]
    assert stage.kinds[told["type"]]["cure"]
    assert told["title"]
    assert told["detail"]
    if case.names:
        wanted = case.names
        if "pointer" in wanted:
            wanted = {"pointer": wanted["pointer"].removeprefix(above)}
        named = [error for error in told["errors"] if wanted.items() <= error.items()]
        assert named, answer.text
        assert all(error["detail"] for error in named)
    assert await stage.rows() == before


def test_every_operation_has_its_cases():
    having = {case.operation.id for case in CASES}

    takes = [each.id for each in OPERATIONS if {"parameters", "requestBody", "security"} & set(each.about)]
    assert [name for name in takes if name not in having] == []
