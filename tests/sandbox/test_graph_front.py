"""What every request to the local Graph goes through: tokens, permissions, limits, faults, tracing."""

import asyncio

import httpx
import pytest
from graph_stage import Outlook, Stage, error_of

GUID = "7f105c7d-2dc5-4530-97cd-4e7ae6534c07"


async def test_an_answer_carries_what_every_answer_of_graph_carries(adele: Outlook):
    answer = await adele.get("me/contacts", headers={"client-request-id": GUID})

    assert answer.headers["client-request-id"] == GUID
    assert answer.headers["request-id"] != GUID
    assert answer.headers["odata-version"] == "4.0"
    assert answer.headers["content-type"].startswith("application/json;odata.metadata=minimal")
    assert "ServerInfo" in answer.headers["x-ms-ags-diagnostic"]
    assert answer.headers["date"]
    assert "/v1.0/$metadata#users(" in answer.json()["@odata.context"]


async def test_an_error_names_the_request_it_belongs_to(adele: Outlook):
    answer = await adele.get("me/contacts/nonsense", headers={"client-request-id": GUID})

    assert error_of(answer) == (400, "ErrorInvalidIdMalformed")
    assert answer.json()["error"]["innerError"]["client-request-id"] == GUID


TOKENS = [
    pytest.param({}, "Access token is empty.", id="no token"),
    pytest.param({"Authorization": "Bearer"}, "Access token is empty.", id="an empty token"),
    pytest.param({"Authorization": "Basic eDp5"}, "Access token is empty.", id="another scheme"),
    pytest.param({"Authorization": "Bearer made-up"}, "CompactToken parsing failed with error code: 80049217", id="a made-up token"),
]  # fmt: skip


@pytest.mark.parametrize(("headers", "message"), TOKENS)
@pytest.mark.parametrize("path", ["me/contacts", "subscriptions", "nonsense"])
async def test_without_a_valid_token_nothing_is_answered(stage: Stage, headers, message, path):
    async with stage.client(None, **headers) as nobody:
        answer = await nobody.get(path)

    assert error_of(answer) == (401, "InvalidAuthenticationToken")
    assert answer.json()["error"]["message"] == message
    assert answer.headers["www-authenticate"].startswith("Bearer ")


async def test_a_token_ends_by_the_sandboxs_clock(stage: Stage, adele: Outlook):
    await stage.advance(minutes=91)

    answer = await adele.get("me")

    assert error_of(answer) == (401, "InvalidAuthenticationToken")
    assert answer.json()["error"]["message"] == "Lifetime validation failed, the token is expired."


SCOPES = [
    pytest.param(["Contacts.Read"], "GET", "me/contacts", 200, None, id="reading with Read"),
    pytest.param(["contacts.read"], "GET", "me/contacts/delta", 200, None, id="in any letter case"),
    pytest.param(["Contacts.Read"], "POST", "me/contacts", 403, "ErrorAccessDenied", id="writing with Read"),
    pytest.param(["Contacts.Read"], "POST", "me/contactFolders", 403, "ErrorAccessDenied", id="making a folder with Read"),
    pytest.param(["Calendars.ReadWrite"], "GET", "me/contacts", 403, "ErrorAccessDenied", id="reading with something else"),
    pytest.param(["Contacts.ReadWrite"], "GET", "me", 403, "Authorization_RequestDenied", id="a person without User.Read"),
    pytest.param(["User.Read"], "GET", "me", 200, None, id="oneself with User.Read"),
    pytest.param(["User.Read"], "GET", "users/alex@contoso.example", 403, "Authorization_RequestDenied", id="somebody with User.Read"),
    pytest.param(["User.ReadBasic.All"], "GET", "users/alex@contoso.example", 200, None, id="somebody with more"),
    pytest.param(["Contacts.ReadWrite"], "GET", "users/alex@contoso.example/contacts", 403, "ErrorAccessDenied", id="somebody else's contacts"),
    pytest.param(["Contacts.ReadWrite"], "GET", "users/adele@contoso.example/contacts", 200, None, id="one's own by address"),
]  # fmt: skip


@pytest.mark.feature("C1")
@pytest.mark.parametrize(("scopes", "method", "path", "status", "code"), SCOPES)
async def test_each_call_takes_its_own_permission(stage: Stage, scopes, method, path, status, code):
    async with await stage.outlook(scopes=scopes) as client:
        answer = await client.request(method, path, json={} if method == "POST" else None)

    assert answer.status_code == status
    assert code is None or error_of(answer) == (status, code)


@pytest.mark.feature("D8")
async def test_a_person_without_a_mailbox_is_a_person_all_the_same(stage: Stage):
    async with await stage.outlook("nestor@contoso.example") as nestor:
        me = await nestor.read("me")
        refused = await nestor.get("me/contacts")

    assert (me["mail"], me["userPrincipalName"]) == (None, "nestor@contoso.example")
    assert error_of(refused) == (404, "MailboxNotEnabledForRESTAPI")


@pytest.mark.feature("D8")
async def test_a_mailbox_can_be_taken_away_and_given_back(stage: Stage, adele: Outlook):
    held = await adele.made(displayName="x")
    person = {"mail": "adele@contoso.example", "display_name": "Adele Vance"}

    await stage.control("users", **person, mailbox=False)
    assert error_of(await adele.get("me/contacts")) == (404, "MailboxNotEnabledForRESTAPI")
    await stage.control("users", **person, mailbox=True)

    assert (await adele.read("me/contacts"))["value"][0]["id"] == held["id"]


def app_token(stage: Stage, *, roles: set[str], mail: str = "adele@contoso.example") -> str:
    from sandbox.entra.issue import access_token

    tenant = stage.world.person(mail).tenant_id
    token, _ = access_token(stage.world, app_id=GUID, tenant_id=tenant, roles=frozenset(roles))
    return token


async def test_an_application_reads_every_mailbox_of_its_tenant_and_is_nobody_itself(stage: Stage):
    async with stage.client(app_token(stage, roles={"Contacts.ReadWrite"})) as app:
        assert (await app.get("users/adele@contoso.example/contacts")).status_code == 200
        assert (await app.get("users/alex@contoso.example/contacts")).status_code == 200
        assert error_of(await app.get("me/contacts")) == (400, "BadRequest")
        assert error_of(await app.get("users/lee@fabrikam.example/contacts")) == (
            404,
            "Request_ResourceNotFound",
        )


async def test_the_fifth_request_at_once_is_told_to_wait(stage: Stage, adele: Outlook):
    await stage.control("settings", latency_ms=150)

    answers = await asyncio.gather(*(adele.get("me/contacts") for _ in range(6)))

    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 429, 429]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert error_of(refused) == (429, "ApplicationThrottled")
    assert refused.json()["error"]["message"] == "Application is over its MailboxConcurrency limit."
    assert int(refused.headers["retry-after"]) >= 1


@pytest.mark.parametrize(
    "other", ["another mailbox", "another application", "a person, not a mailbox", "switched off"]
)
async def test_the_places_are_those_of_one_application_in_one_mailbox(stage: Stage, adele: Outlook, other):
    await stage.control("settings", latency_ms=150, throttle=other != "switched off")
    mail = "adele@contoso.example"
    path = "me" if other.startswith("a person") else "me/contacts"
    if other == "another mailbox":
        second = await stage.outlook("alex@contoso.example")
    elif other == "another application":
        second, path = stage.client(app_token(stage, roles={"Contacts.Read"})), f"users/{mail}/contacts"
    else:
        second = await stage.outlook(mail)
    async with second:
        answers = await asyncio.gather(
            *(adele.get("me/contacts") for _ in range(4)), *(second.get(path) for _ in range(4))
        )

    assert {answer.status_code for answer in answers} == {200}


async def test_ten_thousand_requests_in_ten_minutes_are_enough(stage: Stage, adele: Outlook):
    """Batch items count, refused ones too, and the window moves with the sandbox's clock."""
    items = [{"id": str(n), "method": "GET", "url": "/me/contacts/$count"} for n in range(20)]
    for _ in range(500):
        replies = await adele.batch(*items)
        assert {reply["status"] for reply in replies.values()} == {200}

    over = await adele.get("me/contacts")

    assert error_of(over) == (429, "TooManyRequests")
    wait = int(over.headers["retry-after"])
    assert 500 < wait <= 600
    assert (await adele.get("me")).status_code == 200
    await stage.advance(seconds=wait)
    assert (await adele.get("me/contacts")).status_code == 200


async def test_a_hundred_and_fifty_megabytes_in_five_minutes_are_enough(stage: Stage, adele: Outlook):
    body = {"displayName": "x", "personalNotes": "n" * 999_000}
    item = {
        "method": "POST",
        "url": "/me/contacts",
        "headers": {"Content-Type": "application/json"},
        "body": body,
    }
    statuses = []
    for _ in range(40):
        replies = await adele.batch(*({"id": str(n)} | item for n in range(4)))
        statuses += [reply["status"] for reply in replies.values()]

    assert statuses.count(201) == 150 * 1024 * 1024 // 999_049
    assert set(statuses) == {201, 429}


FAULTS = [
    pytest.param({"status": 500}, (500, "ErrorInternalServerError"), id="broken"),
    pytest.param({"status": 429, "retry_after": 3}, (429, "TooManyRequests"), id="throttled"),
    pytest.param(
        {"code": "ErrorItemNotFound", "status": 404}, (404, "ErrorItemNotFound"), id="a code of one's own"
    ),
    pytest.param({"status": 412}, (412, "ErrorIrresolvableConflict"), id="a conflict nobody caused"),
]


@pytest.mark.parametrize(("fault", "refusal"), FAULTS)
async def test_a_fault_answers_in_place_of_graph(stage: Stage, adele: Outlook, fault, refusal):
    await stage.fault(fault, match={"path": "/v1.0/me/contacts*", "mail": "ADELE@contoso.example"})

    refused = await adele.post("me/contacts", json={"displayName": "x"})

    assert error_of(refused) == refusal
    assert refused.headers.get("retry-after") == (
        str(fault["retry_after"]) if "retry_after" in fault else None
    )
    assert (await adele.read("me/contacts"))["value"] == []


@pytest.mark.lesson(25)
@pytest.mark.parametrize(("when", "kept"), [("before_commit", 0), ("after_commit", 1)])
async def test_a_drop_breaks_the_connection_before_or_after_the_write(
    stage: Stage, adele: Outlook, when, kept
):
    await stage.fault({"drop": when}, match={"method": "POST", "path": "/v1.0/me/contacts"})
    mark = await stage.mark()

    with pytest.raises(httpx.RemoteProtocolError):
        await adele.post("me/contacts", json={"displayName": "x"})

    assert len((await adele.read("me/contacts"))["value"]) == kept
    assert [e["status"] for e in await stage.journal(after=mark)] == [0, 200]


async def test_the_journal_knows_who_asked_for_what(stage: Stage, adele: Outlook):
    mark = await stage.mark()
    await adele.get("me/contacts?$top=1", headers={"client-request-id": GUID})
    await adele.get("users/adele@contoso.example/contacts/nonsense")

    shown = [
        (e["method"], e["path"], e["status"], e["client_request_id"]) for e in await stage.journal(after=mark)
    ]

    assert shown == [
        ("GET", "/v1.0/me/contacts", 200, GUID),
        ("GET", "/v1.0/users/adele@contoso.example/contacts/nonsense", 400, None),
    ]
