"""The API beside its own document: schemathesis sends what the document allows, and what it forbids.

All its checks are on. What no schema can say is listed here, operation by operation, with its reason.
``EXAMPLES=100`` for more of what is drawn by dice; what is worked out from the schemas is tried in any case.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest
import schemathesis
from hypothesis.internal import lambda_sources
from schemathesis import Case, Response
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import AcceptedNegativeData, Failure, ServerError
from schemathesis.engine import events, from_schema
from schemathesis.openapi.checks import RejectedPositiveData, UseAfterFree
from schemathesis.python import asgi

from app.main import create_app
from tests.contract.stage import DOCUMENT, OPERATIONS, Json, Operation, Organisation, settled

GOOD: Final = "no-problem"
EXAMPLES: Final = int(os.environ.get("EXAMPLES", "5"))


@dataclass(frozen=True)
class ByDesign:
    """An answer of these operations that isn't wrong as long as it names nothing but this, and why."""

    operations: tuple[str, ...]
    failure: type[Failure]
    names: frozenset[str]
    because: str

    def explains(self, failure: Failure, case: Case, answer: Response) -> bool:
        mine = case.operation.definition.raw["operationId"] in self.operations
        if not mine or not isinstance(failure, self.failure) or not answer.content:
            return False
        named = names(answer.json())
        return bool(named) and named <= self.names


def names(body: Json) -> set[str]:
    """Return the places that a problem names, or its kind; of a batch the kinds of its entries."""
    if "results" in body:
        return {kind(result["problem"]) for result in body["results"] if "problem" in result}
    return {error.get("pointer", error.get("parameter")) for error in body.get("errors", [])} or {kind(body)}


def kind(problem: Json) -> str:
    return str(problem.get("type", GOOD)).removeprefix("/problems/")


def where(word: str) -> str:
    """Return the operations that take this header."""
    return " ".join(
        each.id for each in OPERATIONS if any(header["name"] == word for header in each.parameters("header"))
    )


def under(*paths: str) -> str:
    """Return the operations on these things."""
    return " ".join(each.id for each in OPERATIONS if each.path.startswith(paths))


def by_design(operations: str, failure: type[Failure], named: str, because: str) -> ByDesign:
    return ByDesign(tuple(operations.split()), failure, frozenset(named.split()), because)


DIFFERING: Final = [f"/recurrence/exceptions/{number}" for number in range(10)]
MOMENTS: Final = " ".join(
    ["/recurrence/exceptions"]
    + [
        f"{place}/{which}{part}"
        for place in ["", *DIFFERING]
        for which in ("start", "end", "original_start")
        for part in ("", "/date", "/date_time", "/time_zone")
    ]
)
"""Wherever an event says when something is."""

DESIGN: Final = [
    by_design(
        under("/v1/connections/{connection_id}"), UseAfterFree, GOOD,
        "a connection ends by and by, and stays to show its receipt",
    ),
    by_design(
        under("/v1/contacts/{crm_id}", "/v1/events/{crm_id}", "/v1/tasks/{crm_id}", "/v1/records/{record_id}"), UseAfterFree, GOOD,
        "a deleted record is shown for 30 days, and saving it again revives it",
    ),
    by_design(
        where("If-Match"), RejectedPositiveData, "revision-mismatch already-exists base-revision-unknown",
        "only the service knows which revision is current",
    ),
    by_design(
        where("If-Match"), AcceptedNegativeData, "revision-mismatch already-exists",
        "that the revision isn't current is told before the body is looked at",
    ),
    by_design(
        "connections.create connections.reconnect", RejectedPositiveData, "/return_url",
        "it lies under one of the workspace's `return_urls`",
    ),
    by_design(
        "webhooks.create webhooks.patch", RejectedPositiveData, "/url",
        "it is https, on an address that is public",
    ),
    by_design(
        "contacts.put contacts.patch events.put events.patch tasks.put tasks.patch", RejectedPositiveData, "/owners",
        "a user owns a record once, with one access",
    ),
    by_design(
        "events.put events.patch tasks.put tasks.patch", RejectedPositiveData,
        f"/owners /recurrence/rrule /due_date /start_date /completed_date /reminder /reminder/date"
        f" /reminder/date_time /reminder/time_zone {MOMENTS}",
        "a moment is a day that calendars have, in a zone that there is; an end comes later, a rule is one",
    ),
    by_design(
        "microsoft_app.put", RejectedPositiveData, "/certificate_pem /private_key_pem",
        "a certificate is one, and the key is its own",
    ),
    by_design(
        "connections.explain", RejectedPositiveData, "item address",
        "one of the two is asked about: the item or the address",
    ),
    by_design("matches.resolve", RejectedPositiveData, "/link", "it is one of the match's candidates"),
    by_design("changes.ack", RejectedPositiveData, "/up_to", "it is a cursor that the feed gave"),
    by_design("webhooks.replay", RejectedPositiveData, "/after", "it is a cursor that the feed gave"),
    by_design(
        "contacts.batch events.batch tasks.batch", AcceptedNegativeData, "invalid-request duplicate-in-batch",
        "an entry fails for itself: 200, and its problem in `results`",
    ),
    by_design("microsoft_app.check", ServerError, "service-unavailable", "nobody answers for Microsoft here"),
]  # fmt: skip

LEFT_OUT: Final = {
    "cursor": "a place in a list can only be repeated, and a made-up one is refused",
    "after": "so is a place in the feed",
    "wait": "a long poll only costs time",
    "Idempotency-Key": "the generator would send one key with many bodies, which is refused",
}
SAME_BODY: Final = {
    "workspaces.patch": "workspace.patch",
    "settings.put": "settings.patch",
    "settings.preview": "settings.patch",
    "contacts.patch": "contacts.put",
    "events.patch": "events.put",
    "tasks.patch": "tasks.put",
    **{f"{each}.batch": f"{each}.put" for each in ("contacts", "events", "tasks")},
}
"""Operations each value of whose bodies is tried with another one; test_bad_input tries the rest."""
SHARED_FIELD: Final = {"workspace.patch": "defaults"}  # settings.patch has each of them
BOUNDS_DEAR_TO_REACH: Final = {"maxItems": 10, "maxLength": 300}  # test_bad_input goes beyond each


def asked(part: Any, examples: Json) -> Any:
    """Return the document with things that exist for examples, and without what is only slow to try."""
    if isinstance(part, list):
        return [asked(each, examples) for each in part if not left_out(each)]
    if not isinstance(part, dict):
        return part
    if "in" in part and part.get("name") in examples:
        return {**part, "example": examples[part["name"]]}
    return {
        name: asked(inner, examples)
        for name, inner in part.items()
        if not (isinstance(inner, int) and inner > BOUNDS_DEAR_TO_REACH.get(name, inner))
    }


def only(operation: Operation) -> Json:
    """Return the document with nothing else than what a request of this operation may meet."""
    paths = {path: about for path, about in DOCUMENT["paths"].items() if alike(path, operation.path)}
    return DOCUMENT | {"paths": {path: of_contacts(about) for path, about in paths.items()}}


def of_contacts(part: Any) -> Any:
    """Return a path where of bodies for several entities only that of contacts is left: its ids are theirs."""
    if isinstance(part, list):
        return [of_contacts(each) for each in part]
    if not isinstance(part, dict):
        return part
    body = part.get("requestBody", {}).get("content", {}).get("application/json", {})
    kinds = body.get("schema", {}).get("anyOf", [])
    if not kinds or any("$ref" not in kind for kind in kinds):
        return {name: of_contacts(inner) if name != "responses" else inner for name, inner in part.items()}
    content = {"application/json": {**body, "schema": kinds[0]}}
    return {**part, "requestBody": {**part["requestBody"], "content": content}}


def alike(one: str, other: str) -> bool:
    """Say whether some URL may be of both paths, as that of ``/things/mine`` and ``/things/{id}``."""
    steps, others = one.split("/"), other.split("/")
    return len(steps) == len(others) and all(
        mine == theirs or "{" in f"{mine}{theirs}" for mine, theirs in zip(steps, others, strict=True)
    )


def without(document: Json, operation: Operation, field: str) -> Json:
    """Return the document as if the operation's body didn't have this field."""
    name = operation.about["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    schemas = document["components"]["schemas"]
    body = schemas[name] | {"properties": {**schemas[name]["properties"]}}
    del body["properties"][field]
    return document | {"components": document["components"] | {"schemas": schemas | {name: body}}}


def left_out(part: Any) -> bool:
    return isinstance(part, dict) and "in" in part and part.get("name") in LEFT_OUT


def credential(operation: Operation, us: Organisation) -> Json:
    given = operation.credential(us)
    return {"headers": {"Authorization": f"Bearer {given}"} if operation.about.get("security") else {}}


def known(us: Organisation) -> Json:
    """Let most requests name what exists."""
    return {
        "dictionaries": {name: {"values": [value]} for name, value in us.ids.items()},
        "parameters": {f"path.{name}": {"dictionary": name, "probability": 0.8} for name in us.ids},
    }


def configured(rules: Json, *, phases: set[str], examples: int, mode: str = "all") -> SchemathesisConfig:
    return SchemathesisConfig.from_dict(
        {
            "seed": 7,
            "continue-on-failure": True,
            "generation": {
                "with-security-parameters": False,
                "allow-extra-parameters": False,  # unknown parameters and headers are nobody's business
                "allow-x00": False,  # NUL is refused wherever it stands: PostgreSQL's text can't hold it
                "no-shrink": True,
                "max-examples": examples,
                "mode": mode,
            },
            "phases": {
                phase: {"enabled": phase in phases}
                for phase in ("examples", "coverage", "fuzzing", "stateful")
            },
            **rules,
        }
    )


@pytest.fixture(scope="module")
def app(module_settings):
    app = create_app(module_settings)
    app.openapi_schema = DOCUMENT
    yield app
    asgi.shutdown_lifespans()


@pytest.fixture(scope="module")
async def new_organisation(module_settings):
    app = create_app(module_settings)
    async with app.router.lifespan_context(app):
        yield lambda name: settled(app, name)


def schema_of(app, us, rules, *, document: Json = DOCUMENT, **options) -> Any:
    conditions = {"If-Match": "*", "If-None-Match": '"0"', "Concord-Base-Revision": 1}
    schema = schemathesis.openapi.from_dict(
        asked(document, us.ids | conditions), config=configured(rules, **options)
    )
    schema.app = app

    @schema.hook
    def filter_failure(_: Any, failure: Failure, case: Case, answer: Response) -> bool:
        return not any(rule.explains(failure, case, answer) for rule in DESIGN)

    return schema


def phases_of(operation: Operation) -> Iterator[tuple[set[str], Json]]:
    """Yield what to try, with which document: of what two bodies share each value is tried with one."""
    drawn, each_value = {"examples", "fuzzing"}, {"coverage"}
    document, shared = only(operation), SHARED_FIELD.get(operation.id)
    if operation.id in SAME_BODY:
        yield drawn, document
    elif shared is None:
        yield drawn | each_value, document
    else:
        yield drawn, document
        yield each_value, without(document, operation, shared)


def faults(schema) -> Iterator[str]:
    """Run the engine and tell each kind of failure once."""
    for event in from_schema(schema).execute():
        match event:
            case events.ScenarioFinished():
                for case_id, checks in event.recorder.checks.items():
                    for check in checks:
                        if check.failure_info is not None:
                            answer = event.recorder.interactions[case_id].response
                            yield (
                                f"{event.phase.value}: {check.name}: {check.failure_info.failure.message}\n"
                                f"{check.failure_info.code_sample[:2000]}\n{answer and answer.content[:2000]!r}"
                            )
            case events.EngineFinished():
                yield from (f"the run: {failure}" for failure in event.failures)
            case events.NonFatalError() | events.FatalError():
                yield f"the engine: {event}"


@pytest.fixture(scope="module", autouse=True)
def parsed_once():
    """Quirk: to name a lambda Hypothesis parses its whole file, once for each thread; each phase has its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lambda_sources, "AST_LAMBDAS_CACHE", {})
        yield


@pytest.mark.parametrize("operation", [pytest.param(each, id=each.id) for each in OPERATIONS])
async def test_what_is_documented_holds(app, new_organisation, operation):
    us = await new_organisation(operation.id.replace(".", "-").replace("_", "-"))
    rules, found = credential(operation, us) | known(us), []
    for phases, document in phases_of(operation):
        schema = schema_of(app, us, rules, document=document, phases=phases, examples=EXAMPLES)
        found += dict.fromkeys(faults(schema.include(operation_id=operation.id)))
    assert not found, "\n\n".join(found[:10])


async def test_what_was_made_is_there_until_it_is_deleted(app, new_organisation):
    us = await new_organisation("made")
    rules = [{"include-operation-id": each.id, **credential(each, us)} for each in OPERATIONS]
    schema = schema_of(
        app, us, {"operations": rules}, phases={"stateful"}, examples=4 * EXAMPLES, mode="positive"
    )

    found = list(dict.fromkeys(faults(schema)))

    assert not found, "\n\n".join(found[:10])
