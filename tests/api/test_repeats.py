"""Idempotency-Key: the same request twice is done once."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from app import clock

SLUG = "/problems/"
KEY = {"Idempotency-Key": "order-55"}


async def count(api):
    return len((await api.get("/v1/workspaces")).json()["data"])


async def stored(resources):
    async with resources.db.transaction("operator") as session:
        return (
            (await session.execute(text("SELECT idempotency_keys::text FROM idempotency_keys")))
            .scalars()
            .all()
        )


async def test_a_repeated_post_gets_the_first_answer_without_its_secret(api, resources):
    first = await api.post("/v1/workspaces", json={"name": "Acme", "entities": []}, headers=KEY)
    again = await api.post("/v1/workspaces", content=b'{"entities":[],\n"name":"Acme"}',
                           headers={**KEY, "Content-Type": "application/json"})  # fmt: skip

    assert first.status_code == again.status_code == 201
    one, two = first.json(), again.json()
    assert one["key"]["secret"] is not None
    assert (two["key"]["secret"], two["key"]["replayed"], two["replayed"]) == (None, True, True)
    assert (two["id"], two["key"]["id"]) == (one["id"], one["key"]["id"])
    assert again.headers["idempotency-replayed"] == "true"
    assert await count(api) == 1
    assert one["key"]["secret"] not in "".join(await stored(resources))


async def test_another_body_under_the_same_key_is_refused(api):
    await api.post("/v1/workspaces", json={"name": "Acme"}, headers=KEY)
    other = await api.post("/v1/workspaces", json={"name": "Other"}, headers=KEY)

    assert (other.status_code, other.json()["type"]) == (422, SLUG + "idempotency-key-reused")
    assert await count(api) == 1


async def test_a_key_counts_for_one_path_and_one_credential(api, workspace):
    path = f"/v1/workspaces/{workspace.id}/keys"

    one = await api.post("/v1/workspaces", json={"name": "Acme"}, headers=KEY)
    two = await api.post(path, json={"name": "Acme"}, headers=KEY)
    three = await workspace.http.post("/v1/workspaces", json={"name": "Acme"}, headers=KEY)

    assert (one.status_code, two.status_code, three.status_code) == (201, 201, 403)


async def test_of_many_at_once_one_is_done(api):
    answers = await asyncio.gather(
        *(api.post("/v1/workspaces", json={"name": "Acme"}, headers=KEY) for _ in range(8))
    )

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert all(a.json()["type"] == SLUG + "request-in-progress" for a in answers if a.status_code == 409)
    assert await count(api) == 1
    assert (await api.post("/v1/workspaces", json={"name": "Acme"}, headers=KEY)).status_code == 201


async def test_a_refusal_is_repeated_too(api):
    bad = [await api.post("/v1/workspaces", json={"name": 7}, headers=KEY) for _ in range(2)]

    assert [answer.status_code for answer in bad] == [422, 422]
    assert bad[1].headers["idempotency-replayed"] == "true"
    assert bad[1].headers["content-type"] == "application/problem+json"


async def test_after_a_failure_of_ours_the_request_may_be_made_again(app, api, workspace, resources):
    calls = []

    @app.post("/v1/flaky", operation_id="flaky")
    async def flaky() -> dict[str, int]:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError
        return {"calls": len(calls)}

    first = await workspace.http.post("/v1/flaky", headers=KEY)
    second = await workspace.http.post("/v1/flaky", headers=KEY)
    third = await workspace.http.post("/v1/flaky", headers=KEY)

    assert (first.status_code, second.json(), third.json()) == (500, {"calls": 2}, {"calls": 2})


async def test_a_request_cut_off_with_its_process_may_be_made_again_after_a_while(api, resources):
    await api.post("/v1/workspaces", json={"name": "Acme"}, headers=KEY)
    async with resources.db.transaction("operator") as session:
        await session.execute(text("UPDATE idempotency_keys SET status = NULL, body = NULL"))
    busy = await api.post("/v1/workspaces", json={"name": "Acme"}, headers=KEY)
    async with resources.db.transaction("operator") as session:
        long_ago = clock.now() - timedelta(minutes=3)
        await session.execute(text("UPDATE idempotency_keys SET claimed_at = :at"), {"at": long_ago})
    later = await api.post("/v1/workspaces", json={"name": "Acme"}, headers=KEY)

    assert (busy.status_code, busy.json()["type"]) == (409, SLUG + "request-in-progress")
    assert later.status_code == 201


async def test_a_key_is_forgotten_after_a_day(api, resources):
    await api.post("/v1/workspaces", json={"name": "Acme"}, headers=KEY)
    async with resources.db.transaction("operator") as session:
        await session.execute(text("UPDATE idempotency_keys SET expires_at = :at"), {"at": clock.now()})

    again = await api.post("/v1/workspaces", json={"name": "Acme"}, headers=KEY)

    assert "idempotency-replayed" not in again.headers
    assert await count(api) == 2
    assert len(await stored(resources)) == 1


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "café"], ids=["empty", "blank", "too long", "not ASCII"])
async def test_a_strange_key_is_refused(api, key):
    refused = await api.post(
        "/v1/workspaces", json={"name": "A"}, headers={"Idempotency-Key": key.encode("latin-1")}
    )

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["parameter"] == "Idempotency-Key"
