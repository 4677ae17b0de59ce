"""Calls from a browser: which pages may make them, and read what comes back."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from app import clock
from app.openapi import operations
from app.routers.cors import TAKEN, Preflights

CRM, OTHER, STRANGER = "https://crm.example", "https://other.example", "https://evil.example"
ALLOW = "access-control-allow-origin"
ASKED = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization,if-match"}


@pytest.fixture
async def ours(new_workspace):
    workspace = await new_workspace("Acme")
    await workspace.http.patch("/v1/workspace", json={"origins": [CRM]})
    return workspace


@pytest.fixture
async def theirs(new_workspace):
    workspace = await new_workspace("Other")
    await workspace.http.patch("/v1/workspace", json={"origins": [OTHER]})
    return workspace


@pytest.fixture
def statements(resources):
    """What the database is asked."""
    seen = []

    def look(_connection, _cursor, statement, *_):
        seen.append(statement)

    event.listen(resources.db.engine.sync_engine, "before_cursor_execute", look)
    yield seen
    event.remove(resources.db.engine.sync_engine, "before_cursor_execute", look)


def vary(answer):
    return {word.strip() for word in answer.headers.get("vary", "").split(",")}


@pytest.mark.parametrize("origin", [CRM, OTHER])
async def test_a_preflight_is_answered_for_what_any_workspace_lists(anonymous, ours, theirs, origin):
    answer = await anonymous.options("/v1/connections/con_1", headers={"Origin": origin, **ASKED})

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers[ALLOW] == origin
    assert {"GET", "PUT", "POST", "PATCH", "DELETE"} == {
        *answer.headers["access-control-allow-methods"].split(", ")
    }
    assert {"Authorization", "If-Match"} <= {*answer.headers["access-control-allow-headers"].split(", ")}
    assert int(answer.headers["access-control-max-age"]) > 0
    assert vary(answer) == {"Origin"}
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin", [STRANGER, "null", "https://crm.example:8443", "http://crm.example", f"{CRM}."]
)
async def test_a_preflight_of_any_other_origin_is_refused_with_the_cure(anonymous, ours, origin):
    answer = await anonymous.options("/v1/workspace", headers={"Origin": origin, **ASKED})

    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/origin-not-listed")
    assert ALLOW not in answer.headers


@pytest.mark.parametrize(
    ("origin", "read"), [(CRM, True), (OTHER, False), (STRANGER, False), ("null", False), (None, False)]
)
async def test_an_answer_is_read_by_the_origins_of_the_credentials_workspace(ours, theirs, origin, read):
    answer = await ours.http.get("/v1/workspace", headers={"Origin": origin} if origin else {})

    assert answer.status_code == 200
    assert answer.headers.get(ALLOW) == (origin if read else None)
    exposed = answer.headers.get("access-control-expose-headers", "")
    assert set(filter(None, exposed.split(", "))) == (
        {"ETag", "X-Request-Id", "Retry-After"} if read else set()
    )
    assert vary(answer) == {"Origin"}


async def test_the_operators_key_is_read_by_the_workspace_that_it_acts_as(api, ours):
    acting = {"Origin": CRM, "Concord-Workspace": ours.id}

    assert (await api.get("/v1/workspace", headers=acting)).headers[ALLOW] == CRM
    assert ALLOW not in (await api.get("/v1/workspaces", headers={"Origin": CRM})).headers


async def test_problems_are_read_too(app, client, ours):
    made = await ours.http.post("/v1/session-tokens", json={"user": "agent-7", "role": "user"})
    async with client(app, made.json()["token"]) as page:
        page.headers["Origin"] = CRM
        answers = [
            await page.get("/v1/contacts"),  # not for a session
            await page.get("/v1/connections/con_none"),
            await page.post("/v1/connections", content=b"{"),
            await page.post("/v1/connections", json={"user": 7}),
            await page.request("LOCK", "/v1/connections"),
            await page.get("/v1/nowhere"),
        ]
        clock.follow(clock.now() + timedelta(days=1))
        try:
            answers.append(await page.get("/v1/connections/me"))
        finally:
            clock._offset = timedelta(0)
    assert [answer.status_code for answer in answers] == [403, 404, 415, 422, 405, 404, 401]
    assert {answer.headers.get(ALLOW) for answer in answers} == {CRM}
    assert answers[-1].json()["detail"].startswith("This session has ended")


async def test_nobody_reads_what_is_told_to_nobody(anonymous, ours):
    for headers in ({"Origin": CRM}, {"Origin": CRM, "Authorization": "Bearer ck_unknown"}):
        answer = await anonymous.get("/v1/workspace", headers=headers)
        assert (answer.status_code, answer.headers.get(ALLOW)) == (401, None)


@pytest.mark.parametrize("path", ["/openapi.json", "/problems", "/problems/not-found", "/reasons"])
async def test_what_is_public_is_read_by_every_page(anonymous, path):
    assert (await anonymous.get(path, headers={"Origin": STRANGER})).headers[ALLOW] == "*"
    asked = await anonymous.options(path, headers={"Origin": STRANGER, **ASKED})
    assert (asked.status_code, ALLOW in asked.headers) == (204, True)


@pytest.mark.parametrize("path", ["/livez", "/metrics", "/connected", "/problemsx"])
async def test_nothing_else_is_for_pages(anonymous, path):
    assert ALLOW not in (await anonymous.get(path, headers={"Origin": CRM})).headers


@pytest.mark.parametrize(
    ("given", "kept"),
    [("https://CRM.Example", CRM), ("https://crm.example:443", CRM), ("http://localhost:80", "http://localhost"),
     ("http://localhost:5173", "http://localhost:5173")],
)  # fmt: skip
async def test_an_origin_is_kept_as_browsers_say_it(workspace, anonymous, given, kept):
    changed = await workspace.http.patch("/v1/workspace", json={"origins": [given]})

    assert changed.json()["origins"] == [kept]
    assert (await workspace.http.get("/v1/workspace", headers={"Origin": kept})).headers[ALLOW] == kept
    assert (await anonymous.options("/v1/workspace", headers={"Origin": kept, **ASKED})).status_code == 204


async def test_a_request_asks_no_more_for_the_sake_of_its_origin(ours, statements):
    await ours.http.get("/v1/workspace")
    plain = len(statements)
    statements.clear()

    await ours.http.get("/v1/workspace", headers={"Origin": CRM})

    assert len(statements) == plain


async def test_an_origin_that_is_listed_is_asked_for_once_in_a_while(anonymous, workspace, statements):
    """Origins of its own: what an application remembers outlives a test."""
    listed, late = "https://remembered.example", "https://late.example"

    def ask(origin):
        return anonymous.options("/v1/workspace", headers={"Origin": origin, **ASKED})

    await workspace.http.patch("/v1/workspace", json={"origins": [listed]})
    for _ in range(5):
        assert (await ask(listed)).status_code == 204
    assert len([one for one in statements if "workspaces.origins @>" in one]) == 1
    assert (await ask(late)).status_code == 403
    await workspace.http.patch("/v1/workspace", json={"origins": [listed, late]})
    assert (await ask(late)).status_code == 204


async def test_what_is_remembered_stays_small(resources, ours, monkeypatch):
    monkeypatch.setattr("app.routers.cors.MOST_REMEMBERED", 3)
    await ours.http.patch("/v1/workspace", json={"origins": [f"{CRM}:{port}" for port in range(1000, 1008)]})
    preflights = Preflights(app=None)

    for port in range(1000, 1008):
        assert await preflights._is_listed(f"{CRM}:{port}", resources.db)

    assert len(preflights.listed) <= 3


def test_every_header_that_an_operation_takes_may_come_from_a_page(app):
    named = {
        parameter["name"]
        for _, _, operation in operations(app.openapi())
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "header"
    }
    assert named <= set(TAKEN)
