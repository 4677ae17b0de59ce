"""What holds for every request: credentials, problems, ids, bodies, pages."""

import asyncio
import json
import logging
from base64 import urlsafe_b64encode

import httpx
import pytest
from applications import running

from app.errors import Problem
from app.problems import every_problem
from app.reasons import REASONS
from app.records.reasons import Reason
from app.states import KINDS

PROBLEM = "application/problem+json"


def problem(answer: httpx.Response, status: int, slug: str) -> dict:
    """Check that an answer is this problem in the shape of RFC 9457; return it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    body = answer.json()
    assert body["type"] == f"/problems/{slug}"
    assert body["status"] == status
    assert body["instance"] == f"/requests/{answer.headers['x-request-id']}"
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="none"),
        pytest.param({"Authorization": "Bearer nonsense"}, id="unknown"),
        pytest.param({"Authorization": "Bearer "}, id="empty"),
        pytest.param({"Authorization": "Basic b3A6b3A="}, id="another scheme"),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/workspace"), ("POST", "/v1/workspaces"), ("GET", "/v1/x")]
)
async def test_without_a_valid_credential_nothing_is_told(anonymous, headers, method, path):
    answer = await anonymous.request(method, path, headers=headers, content=b"{broken")

    problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_valid_credential_of_the_wrong_kind_is_403(api, workspace):
    problem(await api.get("/v1/workspace"), 403, "wrong-credential")
    problem(await workspace.http.get("/v1/workspaces"), 403, "wrong-credential")
    problem(await workspace.http.post("/v1/workspaces", json={"name": "X"}), 403, "wrong-credential")


async def test_the_operator_acts_as_a_workspace_it_names(api, workspace):
    named = {"Concord-Workspace": workspace.id}

    assert (await api.get("/v1/workspace", headers=named)).json()["id"] == workspace.id
    problem(await api.get("/v1/workspace", headers={"Concord-Workspace": "ws_x"}), 404, "workspace-not-found")
    problem(await api.get("/v1/workspaces", headers=named), 403, "wrong-credential")


async def test_a_workspace_key_never_reaches_another_workspace(workspace, new_workspace):
    other = await new_workspace("Other Realty")

    answer = await workspace.http.get("/v1/workspace", headers={"Concord-Workspace": other.id})

    problem(answer, 404, "workspace-not-found")


async def test_the_callers_request_id_comes_back_where_it_is_sane(anonymous):
    kept = await anonymous.get("/livez", headers={"X-Request-Id": "crm-42.a:b_c"})
    replaced = await anonymous.get("/livez", headers={"X-Request-Id": "a b\tc"})
    too_long = await anonymous.get("/livez", headers={"X-Request-Id": "x" * 101})

    assert kept.headers["x-request-id"] == "crm-42.a:b_c"
    assert replaced.headers["x-request-id"].startswith("req_")
    assert too_long.headers["x-request-id"].startswith("req_")


async def test_a_log_line_names_the_request_and_no_secret(workspace, caplog):
    caplog.set_level(logging.INFO, logger="app.api")

    await workspace.http.get("/v1/workspace?ada@example.org", headers={"X-Request-Id": "crm-42"})

    (line,) = [record.msg for record in caplog.records if record.name == "app.api"]
    assert (line["request_id"], line["workspace"]) == ("crm-42", workspace.id)
    assert (line["method"], line["route"], line["status"]) == ("GET", "/v1/workspace", 200)
    assert workspace.key not in str(line)
    assert "ada@" not in str(line)


async def test_unknown_paths_and_methods_are_problems(api):
    problem(await api.get("/v1/nowhere"), 404, "not-found")
    problem(await api.get("/nowhere"), 404, "not-found")
    refused = await api.delete("/v1/workspaces")
    problem(refused, 405, "method-not-allowed")
    assert refused.headers["allow"] == "GET, POST"


@pytest.mark.parametrize(
    ("body", "content_type", "status", "slug"),
    [
        pytest.param(b"{", "application/json", 422, "invalid-request", id="malformed"),
        pytest.param(b'{"name": "\xff"}', "application/json", 422, "invalid-request", id="not UTF-8"),
        pytest.param(b'{"name": NaN}', "application/json", 422, "invalid-request", id="NaN"),
        pytest.param(
            b'{"name": "\\ud800"}', "application/json", 422, "invalid-request", id="a lone surrogate"
        ),
        pytest.param(b"[" * 100_000, "application/json", 422, "invalid-request", id="too deep"),
        pytest.param(b"[]", "application/json", 422, "invalid-request", id="a list"),
        pytest.param(b'"x"', "application/json", 422, "invalid-request", id="a string"),
        pytest.param(b"null", "application/json", 422, "invalid-request", id="null"),
        pytest.param(b"", "application/json", 422, "invalid-request", id="absent"),
        pytest.param(b'{"name": "A"}', "text/plain", 415, "unsupported-media-type", id="text"),
        pytest.param(
            b"name=A", "application/x-www-form-urlencoded", 415, "unsupported-media-type", id="a form"
        ),
        pytest.param(b'{"name": "A"}', None, 415, "unsupported-media-type", id="no content type"),
        pytest.param(b'{"name": "A"}', "application/json; charset=utf-8", 201, None, id="with charset"),
    ],
)
async def test_a_body_is_json_or_refused(api, body, content_type, status, slug):
    headers = {} if content_type is None else {"Content-Type": content_type}

    answer = await api.post("/v1/workspaces", content=body, headers=headers)

    if slug is None:
        assert answer.status_code == status
    else:
        problem(answer, status, slug)


async def test_nul_is_refused_wherever_it_stands(api, workspace):
    body = json.dumps({"name": "Acme", "crm_id": "a\0b"})
    headers = {"Content-Type": "application/json"}
    told = problem(await api.post("/v1/workspaces", content=body, headers=headers), 422, "invalid-request")
    assert told["errors"][0]["pointer"] == "/crm_id"

    problem(await api.get("/v1/workspaces/ws_%00"), 422, "invalid-request")
    problem(await api.get("/v1/workspaces?cursor=%00"), 422, "invalid-request")


@pytest.mark.parametrize("promised", [True, False], ids=["announced", "chunked"])
async def test_a_body_above_10_mib_is_refused(api, promised):
    async def chunks():
        for _ in range(11):
            yield b" " * 1024 * 1024

    content = b" " * 11 * 1024 * 1024 if promised else chunks()

    answer = await api.post("/v1/workspaces", content=content, headers={"Content-Type": "application/json"})

    problem(answer, 413, "body-too-large")


async def test_what_is_wrong_is_named_by_pointer_or_parameter(api, workspace):
    body = {
        "vocabulary": {"classes": [{"id": 7, "title": "Buyers"}]},
        "hobby": "chess",
        "a/b~c": 1,
        "paused": "yes",
    }
    told = problem(await workspace.http.patch("/v1/workspace", json=body), 422, "invalid-request")
    pointers = {error["pointer"] for error in told["errors"]}
    assert pointers == {"/vocabulary/classes/0/id", "/hobby", "/a~1b~0c", "/paused"}

    told = problem(await api.get("/v1/workspaces?limit=0"), 422, "invalid-request")
    assert [(error["in"], error["parameter"]) for error in told["errors"]] == [("query", "limit")]


async def test_lists_come_in_pages_by_opaque_cursors(api, new_workspace):
    made = [(await new_workspace(f"Acme {number}")).id for number in range(5)]

    seen, cursor = [], None
    while True:
        params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = (await api.get("/v1/workspaces", params=params)).json()
        assert len(page["data"]) <= 2
        seen += [entry["id"] for entry in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert seen == made
    forged = urlsafe_b64encode(json.dumps(["/v1/workspaces", {"a": 1}]).encode()).decode()
    for bad in ("nonsense", "e30", "W10", forged):
        problem(await api.get("/v1/workspaces", params={"cursor": bad}), 422, "invalid-request")
    first = (await api.get("/v1/workspaces", params={"limit": 2})).json()["next_cursor"]
    other_list = await api.get(f"/v1/workspaces/{made[0]}/keys", params={"cursor": first})
    problem(other_list, 422, "invalid-request")


async def test_an_error_of_ours_tells_nothing_of_our_insides(app, anonymous):
    @app.get("/boom", operation_id="boom")
    async def boom() -> None:
        raise RuntimeError("the password is hunter2")

    told = problem(await anonymous.get("/boom"), 500, "internal-error")

    assert "hunter2" not in json.dumps(told)


async def test_without_postgresql_it_is_503_and_readyz_names_it(settings, client):
    gone = settings.model_copy(update={"database_url": "postgresql+asyncpg://x@127.0.0.1:1/x"})
    async with running(gone) as app, client(app, "ck_some-key") as http:
        answer = await http.get("/v1/workspace")
        problem(answer, 503, "service-unavailable")
        assert int(answer.headers["retry-after"]) > 0
        ready = await http.get("/readyz")
        assert (ready.status_code, ready.json()) == (
            503,
            {"status": "unavailable", "missing": ["postgresql"]},
        )
        assert (await http.get("/livez")).status_code == 200


async def test_without_redis_requests_are_served_and_readyz_names_it(settings, client):
    deaf = settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})
    async with running(deaf) as app, client(app, settings.operator_key.get_secret_value()) as http:
        assert (await http.post("/v1/workspaces", json={"name": "Acme"})).status_code == 201
        ready = await http.get("/readyz")
        assert (ready.status_code, ready.json()["missing"]) == (503, ["redis"])


async def test_ready_and_alive_and_counted(anonymous):
    async with asyncio.timeout(20):  # a busy machine may be asked more than once, as probes do
        while (ready := await anonymous.get("/readyz")).status_code != 200:
            assert ready.status_code == 503
    assert ready.json() == {"status": "ok", "missing": []}
    assert (await anonymous.get("/livez")).json() == {"status": "ok"}
    figures = (await anonymous.get("/metrics")).text
    assert 'concord_requests_total{method="GET",route="/readyz",status="200"}' in figures
    assert "process_resident_memory_bytes" in figures


async def test_every_problem_and_reason_is_explained(anonymous):
    listed = (await anonymous.get("/problems")).json()["data"]
    slugs = {entry["type"].removeprefix("/problems/") for entry in listed}

    assert slugs == {kind.slug for kind in every_problem()} | set(KINDS)
    for slug in slugs:
        one = (await anonymous.get(f"/problems/{slug}")).json()
        assert one["title"]
        assert one["cure"]
    page = await anonymous.get("/problems/record-not-found", headers={"Accept": "text/html,*/*"})
    assert page.headers["content-type"].startswith("text/html")
    assert "There is no such record." in page.text
    problem(await anonymous.get("/problems/nothing"), 404, "not-found")
    codes = {entry["code"] for entry in (await anonymous.get("/reasons")).json()["data"]}
    assert codes == set(Reason) == set(REASONS)


def test_every_problem_has_a_name_of_its_own():
    kinds = list(every_problem(Problem))

    assert len({kind.slug for kind in kinds}) == len(kinds)
    for kind in kinds:
        assert kind.title.endswith(".")
        assert kind.cure.endswith(".")
