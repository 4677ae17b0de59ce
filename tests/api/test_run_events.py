"""A run's events, as a page's EventSource gets them: no header, a token in the address, once."""

from datetime import datetime, timedelta

import httpx
import pytest

from app import clock
from app.sync.connections import Connections

ORIGIN = {"Origin": "https://crm.example"}


@pytest.fixture
async def runs(resources, workspace):
    """Two runs of Adele's that have ended: enough for a stream that ends too."""
    async with resources.db.transaction(workspace.id) as session:
        connection = Connections(session).add(
            now=clock.now(), user="agent-7", login_hint=None, requested=["contacts"],
            granted_scopes=["User.Read", "Contacts.ReadWrite", "offline_access"],
        )  # fmt: skip
        connection.status = "active"
    await workspace.http.patch("/v1/workspace", json={"origins": [ORIGIN["Origin"]]})
    chosen = f"/v1/connections/{connection.id}/settings/contacts"
    ids = []
    for direction in ("two_way", "crm_to_microsoft"):
        ids.append((await workspace.http.patch(chosen, json={"direction": direction})).json()["run"])
        await workspace.http.post(f"/v1/runs/{ids[-1]}/cancel")
    return ids


@pytest.fixture
def token_of(workspace):
    async def get(run: str, http: httpx.AsyncClient = workspace.http) -> str:
        made = await http.post(f"/v1/runs/{run}/events-token")
        assert made.status_code == 201, made.text
        return made.json()["token"]

    return get


async def watched(anonymous, run, token, **headers):
    return await anonymous.get(f"/v1/runs/{run}/events", params={"token": token}, headers=ORIGIN | headers)


async def test_a_page_watches_a_run_by_a_token(anonymous, runs, token_of):
    answer = await watched(anonymous, runs[0], await token_of(runs[0]))

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["access-control-allow-origin"] == ORIGIN["Origin"]
    assert "event: finished" in answer.text
    assert runs[0] in answer.text


async def test_a_token_is_good_once_for_one_run_and_for_nothing_else(anonymous, runs, token_of):
    token = await token_of(runs[0])

    for elsewhere in (f"/v1/runs/{runs[1]}/events", f"/v1/runs/{runs[0]}", "/v1/runs", "/v1/workspace"):
        refused = await anonymous.get(elsewhere, params={"token": token})
        assert (refused.status_code, refused.json()["type"]) == (401, "/problems/unauthenticated"), elsewhere
    as_bearer = {"Authorization": f"Bearer {token}"}
    assert (await anonymous.get(f"/v1/runs/{runs[0]}/events", headers=as_bearer)).status_code == 401
    assert (await watched(anonymous, runs[0], token)).status_code == 200
    again = await watched(anonymous, runs[0], token)
    assert (again.status_code, again.json()["detail"]) == (
        401, "This token has been used or has ended: get another one."
    )  # fmt: skip


async def test_a_token_ends_after_a_minute(anonymous, workspace, runs):
    made = (await workspace.http.post(f"/v1/runs/{runs[0]}/events-token")).json()
    lasts = datetime.fromisoformat(made["expires_at"]) - clock.now()
    clock.follow(clock.now() + timedelta(seconds=61))
    try:
        assert (await watched(anonymous, runs[0], made["token"])).status_code == 401
    finally:
        clock._offset = timedelta(0)
    assert timedelta(seconds=55) < lasts <= timedelta(seconds=60)


async def test_of_many_who_come_with_one_token_one_is_let_in(anonymous, runs, token_of):
    import asyncio

    token = await token_of(runs[0])
    answers = await asyncio.gather(*(watched(anonymous, runs[0], token) for _ in range(5)))

    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401, 401]


async def test_nothing_is_told_twice_after_a_reconnection(anonymous, runs, token_of):
    first = await watched(anonymous, runs[0], await token_of(runs[0]))
    seen = next(line.partition(": ")[2] for line in first.text.splitlines() if line.startswith("id: "))

    again = await watched(anonymous, runs[0], await token_of(runs[0]), **{"Last-Event-ID": seen})

    told = [line.partition(": ")[2] for line in again.text.splitlines() if line.startswith("event: ")]
    assert told == ["finished"]


async def test_a_user_gets_tokens_for_ones_own_runs_only(app, client, workspace, runs, token_of, anonymous):
    for user, status in (("agent-7", 201), ("agent-8", 404)):
        made = await workspace.http.post("/v1/session-tokens", json={"user": user, "role": "user"})
        async with client(app, made.json()["token"]) as page:
            got = await page.post(f"/v1/runs/{runs[0]}/events-token")
        assert got.status_code == status
        if status == 201:
            assert (await watched(anonymous, runs[0], got.json()["token"])).status_code == 200


async def test_a_repeated_request_gets_no_token(workspace, runs):
    asked = {"headers": {"Idempotency-Key": "twice"}}
    first = await workspace.http.post(f"/v1/runs/{runs[0]}/events-token", **asked)
    again = await workspace.http.post(f"/v1/runs/{runs[0]}/events-token", **asked)

    assert (bool(first.json()["token"]), again.json()["token"], again.json()["replayed"]) == (
        True,
        None,
        True,
    )
