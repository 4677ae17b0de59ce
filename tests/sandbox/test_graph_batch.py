"""JSON batches of the local Graph."""

import asyncio
import time

import httpx
import pytest
from graph_stage import IMMUTABLE, Outlook, Stage, error_of

JSON = {"Content-Type": "application/json"}


def create(number: int | str, **more) -> dict:
    body = {"displayName": f"Person {number}"}
    return {"id": str(number), "method": "POST", "url": "/me/contacts", "headers": JSON, "body": body, **more}


async def test_each_item_is_answered_as_it_would_be_alone(adele: Outlook):
    held = await adele.made(displayName="Held")
    replies = await adele.batch(
        {"id": "list", "method": "GET", "url": "/me/contacts?$select=displayName&$count=true"},
        {"id": "stale", "method": "PATCH", "url": f"/me/contacts/{held['id']}", "headers": JSON | {"If-Match": 'W/"old"'}, "body": {}},
        {"id": "bad", "method": "POST", "url": "/me/contacts", "headers": JSON, "body": {"displayName": 7}},
        {"id": "gone", "method": "GET", "url": "/me/contacts/nonsense"},
        {"id": "delete", "method": "DELETE", "url": f"/me/contacts/{held['id']}"},
    )  # fmt: skip

    assert {name: reply["status"] for name, reply in replies.items()} == {
        "list": 200, "stale": 412, "bad": 400, "gone": 400, "delete": 204,
    }  # fmt: skip
    assert replies["list"]["body"]["@odata.count"] == 1
    assert replies["gone"]["body"]["error"]["code"] == "ErrorInvalidIdMalformed"
    assert "body" not in replies["delete"]
    assert all(reply["headers"]["request-id"] for reply in replies.values())


URLS = [
    pytest.param("/me/contacts", id="relative"),
    pytest.param("me/contacts", id="without a slash"),
    pytest.param("/v1.0/me/contacts", id="with the version"),
    pytest.param("https://graph.microsoft.com/v1.0/me/contacts", id="absolute"),
    pytest.param("/me/contacts?%24top=5", id="with an option"),
]


@pytest.mark.parametrize("url", URLS)
async def test_an_address_may_be_relative_or_absolute(adele: Outlook, url):
    replies = await adele.batch({"id": "1", "method": "get", "url": url})

    assert (replies["1"]["status"], replies["1"]["body"]["value"]) == (200, [])


async def test_headers_belong_to_their_item_and_not_to_the_batch(adele: Outlook):
    await adele.made(displayName="x")
    answer = await adele.post(
        "$batch",
        headers=IMMUTABLE,
        json={
            "requests": [
                {"id": "with", "method": "GET", "url": "/me/contacts", "headers": IMMUTABLE},
                {"id": "without", "method": "GET", "url": "/me/contacts"},
            ]
        },
    )

    ids = {reply["id"]: reply["body"]["value"][0]["id"] for reply in answer.json()["responses"]}
    assert ids["with"][:8] != ids["without"][:8]


MALFORMED = [
    pytest.param([create(n) for n in range(21)], "MaximumValueExceeded", id="twenty-one requests"),
    pytest.param([], "BadRequest", id="no request"),
    pytest.param([create("a"), create("A")], "BadRequest", id="an id twice in two letter cases"),
    pytest.param([{"method": "GET", "url": "/me"}], "BadRequest", id="no id"),
    pytest.param([{"id": "1", "url": "/me"}], "BadRequest", id="no method"),
    pytest.param([{"id": "1", "method": "GET"}], "BadRequest", id="no url"),
    pytest.param([{"id": "1", "method": "FETCH", "url": "/me"}], "BadRequest", id="no such method"),
    pytest.param([create(1, headers={})], "BadRequest", id="a body without a content type"),
    pytest.param([create(1, headers="json")], "BadRequest", id="headers that are none"),
    pytest.param([create(1, dependsOn=["2"])], "BadRequest", id="depending on what is not there"),
    pytest.param([create(1, dependsOn=["2"]), create(2, dependsOn=["1"])], "BadRequest", id="depending in a circle"),
    pytest.param([create(1, atomicityGroup="g")], "BadRequest", id="an atomicity group"),
    pytest.param([create(1), {"id": "2", "method": "POST", "url": "/$batch", "headers": JSON, "body": {}}], "BadRequest", id="a batch in a batch"),
]  # fmt: skip


@pytest.mark.parametrize(("requests", "code"), MALFORMED)
async def test_a_malformed_batch_is_refused_whole(adele: Outlook, requests, code):
    answer = await adele.post("$batch", json={"requests": requests})

    assert error_of(answer) == (400, code)
    assert (await adele.read("me/contacts"))["value"] == []


async def test_twenty_requests_are_taken_and_one_more_is_refused_in_microsofts_words(adele: Outlook):
    replies = await adele.batch(*(create(n) for n in range(20)))
    over = await adele.post("$batch", json={"requests": [create(n) for n in range(21)]})

    assert {reply["status"] for reply in replies.values()} == {201}
    assert over.json()["error"]["message"] == "Number of batch request steps exceeds the maximum value of 20."


async def test_what_depends_on_a_failure_fails_with_it(stage: Stage, adele: Outlook):
    mark = await stage.mark()
    replies = await adele.batch(
        create("third", dependsOn=["second"]),
        {"id": "second", "method": "GET", "url": "/me/contacts/nonsense", "dependsOn": ["first"]},
        create("first"),
        create("apart"),
    )

    statuses = {name: reply["status"] for name, reply in replies.items()}
    assert statuses == {"first": 201, "second": 400, "third": 424, "apart": 201}
    assert sorted(entry["status"] for entry in await stage.journal(after=mark)) == [200, 201, 201, 400, 424]


async def test_items_run_four_at_a_time(stage: Stage, adele: Outlook):
    await stage.control("settings", latency_ms=60)
    begun = time.monotonic()

    replies = await adele.batch(*(create(n) for n in range(12)))

    took = time.monotonic() - begun
    assert {reply["status"] for reply in replies.values()} == {201}
    assert 0.18 <= took < 0.6


@pytest.mark.lesson(20)
async def test_a_batch_beside_other_requests_has_some_items_throttled(stage: Stage, adele: Outlook):
    await stage.control("settings", latency_ms=100)
    alone = [asyncio.create_task(adele.get("me/contacts")) for _ in range(2)]
    await asyncio.sleep(0.03)

    replies = await adele.batch(*(create(n) for n in range(4)))

    assert [(await answer).status_code for answer in alone] == [200, 200]
    throttled = [reply for reply in replies.values() if reply["status"] == 429]
    assert len(throttled) == 2
    for reply in throttled:
        assert reply["body"]["error"]["code"] == "ApplicationThrottled"
        assert int(reply["headers"]["Retry-After"]) >= 1


async def test_the_journal_knows_the_batch_and_each_item(stage: Stage, adele: Outlook):
    mark = await stage.mark()
    headers = JSON | {"client-request-id": "11111111-2222-3333-4444-555555555555"}
    await adele.batch(
        create(1, headers=headers), {"id": "2", "method": "GET", "url": "/v1.0/me/contacts?$top=1"}
    )

    entries = await stage.journal(after=mark)

    outer = entries[0]
    shown = [(e["method"], e["path"], e["status"], e["batch"], e["client_request_id"]) for e in entries]
    assert shown == [
        ("POST", "/v1.0/$batch", 200, None, None),
        ("POST", "/v1.0/me/contacts", 201, str(outer["seq"]), headers["client-request-id"]),
        ("GET", "/v1.0/me/contacts", 200, str(outer["seq"]), None),
    ]


async def test_a_fault_on_a_path_strikes_the_matching_item_only(stage: Stage, adele: Outlook):
    await stage.fault(
        {"status": 503, "retry_after": 2}, match={"method": "POST", "path": "/v1.0/me/contacts*"}, skip=1
    )

    replies = await adele.batch(*(create(n) for n in range(3)))

    assert [replies[name]["status"] for name in "012"] == [201, 503, 201]
    assert replies["1"]["headers"]["Retry-After"] == "2"


DROPS = [
    pytest.param("before_commit", ["Person 0", "Person 1"], id="before the item"),
    pytest.param("after_commit", ["Person 0", "Person 1", "Person 2", "Person 3"], id="after all"),
]


@pytest.mark.parametrize(("when", "kept"), DROPS)
async def test_a_drop_on_an_item_breaks_the_connection_of_the_whole_batch(
    stage: Stage, adele: Outlook, when, kept
):
    await stage.fault({"drop": when}, match={"path": "/v1.0/me/contacts", "method": "POST"}, skip=2)

    with pytest.raises(httpx.RemoteProtocolError):
        await adele.batch(*(create(n) for n in range(4)))

    assert [shown["displayName"] for shown in (await adele.read("me/contacts"))["value"]] == kept
