"""The real client against the sandbox."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from microsoft_stage import ADELE, Tokens

from app.errors import Refused, Throttled, Unavailable
from app.graph.batch import Call
from app.graph.calls import create_contact, delete_contact, read_contact, update_contact
from app.graph.client import HOSTS, Graph, absolute, open_http
from app.graph.folders import find_or_make_folder
from app.graph.mailbox import Mailbox
from app.graph.protocol import EtagMismatch, ItemGone, OutcomeUnknown, Rejected
from app.graph.throttle import Permits

ANN = {"givenName": "Ann", "surname": "Lee"}


async def made(mailbox: Mailbox, **fields: str) -> dict[str, object]:
    return await mailbox.request(Call("POST", "/me/contacts", {**ANN, **fields}))


async def test_a_contact_is_made_read_changed_and_deleted(mailbox):
    contact = await made(mailbox)
    read = await mailbox.request(read_contact(contact["id"]))
    assert read["givenName"] == "Ann"

    changed = await mailbox.request(
        update_contact(contact["id"], {"title": "Dr"}, etag=contact["@odata.etag"])
    )
    with pytest.raises(EtagMismatch):
        await mailbox.request(update_contact(contact["id"], {"title": "Mr"}, etag=contact["@odata.etag"]))

    assert await mailbox.request(delete_contact(contact["id"], etag=changed["@odata.etag"])) == {}


@pytest.mark.lesson(25)
async def test_every_request_asks_for_immutable_ids_and_names_itself(mailbox, microsoft):
    contact = await made(mailbox)
    folder = await find_or_make_folder(mailbox, "Acme")
    await microsoft.control("move", mail=ADELE, id=contact["id"], to=folder.id)

    assert (await mailbox.request(read_contact(contact["id"])))["parentFolderId"] == folder.id
    (answer,) = await mailbox.batch([read_contact(contact["id"])])
    assert answer.result()["parentFolderId"] == folder.id
    named = [entry["client_request_id"] for entry in await microsoft.journal()]
    assert all(named)
    assert len(set(named)) == len(named)


async def test_a_refused_token_is_replaced_once(mailbox, tokens):
    tokens.token = "stale"
    assert (await mailbox.get("/me"))["mail"] == ADELE
    assert tokens.refusals == 1


async def test_a_token_that_is_refused_twice_asks_for_a_sign_in(mailbox, tokens, microsoft):
    await microsoft.fault(
        {"status": 401, "code": "InvalidAuthenticationToken"}, method="GET", path="/v1.0/me", times=2
    )
    with pytest.raises(Refused) as refused:
        await mailbox.get("/me")
    assert refused.value.problem == "sign-in-needed"
    assert tokens.refusals == 1


@pytest.mark.feature("C1")
async def test_a_permission_that_was_not_granted_is_a_state_not_a_failure(graph, microsoft):
    only_read = Tokens(microsoft, scopes=["User.Read", "Contacts.Read"])
    mailbox = Mailbox(graph, only_read, workspace="ws_1", connection_id="con_1")
    with pytest.raises(Refused) as refused:
        await made(mailbox)
    assert refused.value.problem == "permission-missing"


@pytest.mark.feature("A8")
async def test_an_account_without_a_mailbox_says_so(graph, microsoft):
    await microsoft.control("users", mail="nobox@contoso.example", display_name="No Box", mailbox=False)
    mailbox = Mailbox(
        graph, Tokens(microsoft, "nobox@contoso.example"), workspace="ws_1", connection_id="con_2"
    )
    with pytest.raises(Refused) as refused:
        await mailbox.get("/me/contactFolders")
    assert refused.value.problem == "no-mailbox"


@pytest.mark.lesson(20)
async def test_a_429_pauses_the_mailbox_for_all_and_nobody_sleeps_it_out(mailbox, graph, tokens, microsoft):
    await microsoft.fault({"status": 429, "retry_after": 30}, method="GET", path="/v1.0/me/contactFolders*")
    with pytest.raises(Throttled) as told:
        await mailbox.get("/me/contactFolders")
    assert told.value.after == timedelta(seconds=30)

    requests = len(await microsoft.journal())
    elsewhere = Mailbox(graph, tokens, workspace="ws_1", connection_id="con_1", priority="bulk")
    with pytest.raises(Throttled) as told:
        await elsewhere.get("/me/contactFolders")
    assert timedelta(seconds=28) < told.value.after <= timedelta(seconds=30)
    assert len(await microsoft.journal()) == requests


@pytest.mark.lesson(20)
async def test_a_short_pause_is_waited_out(mailbox, microsoft):
    await microsoft.fault({"status": 429, "retry_after": 1}, method="GET", path="/v1.0/me/contactFolders*")
    with pytest.raises(Throttled):
        await mailbox.get("/me/contactFolders")
    assert (await mailbox.get("/me/contactFolders"))["value"] == []


async def test_a_batch_answers_each_call_in_order(mailbox):
    folder = await find_or_make_folder(mailbox, "Acme")
    names = [f"Person {number:02}" for number in range(45)]
    answers = await mailbox.batch(
        [create_contact(folder.id, {"givenName": name}, mark=f"lnk_{name}.1") for name in names]
    )
    assert [answer.result()["givenName"] for answer in answers] == names


async def test_one_bad_call_of_a_batch_spoils_no_other(mailbox):
    contact = await made(mailbox)
    good, gone, bad = await mailbox.batch(
        [
            read_contact(contact["id"]),
            read_contact("AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0AnothingAA"),
            Call("PATCH", f"/me/contacts/{contact['id']}", {"businessPhones": ["1", "2", "3"]}),
        ]
    )
    assert good.result()["surname"] == "Lee"
    assert isinstance(gone.error(), ItemGone | Rejected)
    assert isinstance(bad.error(), Rejected)


async def test_a_throttled_item_is_left_to_the_caller_and_pauses_the_mailbox(mailbox, microsoft):
    await microsoft.fault({"status": 429, "retry_after": 9}, method="POST", path="/v1.0/me/contacts", skip=1)
    first, second = await mailbox.batch([Call("POST", "/me/contacts", ANN)] * 2)
    outcomes = sorted([first, second], key=lambda answer: answer.status)
    assert outcomes[0].result()["surname"] == "Lee"
    with pytest.raises(Throttled):
        outcomes[1].result()
    with pytest.raises(Throttled):
        await mailbox.get("/me/contactFolders")


@pytest.mark.lesson(25)
@pytest.mark.parametrize(("when", "items"), [("before_commit", 0), ("after_commit", 1)])
async def test_a_dropped_connection_leaves_the_outcome_unknown(mailbox, microsoft, when, items):
    await microsoft.fault({"drop": when}, method="POST", path="/v1.0/me/contacts")
    with pytest.raises(OutcomeUnknown):
        await made(mailbox)
    assert len((await mailbox.get("/me/contacts?$select=id"))["value"]) == items


@pytest.mark.lesson(25)
async def test_of_a_batch_that_dies_midway_each_call_knows_its_own_fate(mailbox, microsoft):
    calls = [Call("POST", "/me/contacts", {"givenName": f"P{number}"}) for number in range(50)]
    await microsoft.fault({"drop": "after_commit"}, method="POST", path="/v1.0/me/contacts", skip=25)
    answers = await mailbox.batch(calls)

    assert all(answer.status == 201 for answer in answers[:20])
    assert all(isinstance(answer.error(), OutcomeUnknown) for answer in answers[20:40])
    unsent = [answer.error() for answer in answers[40:]]
    assert all(isinstance(error, Unavailable) and not isinstance(error, OutcomeUnknown) for error in unsent)


async def test_a_whole_batch_that_dies_at_once_raises(mailbox, microsoft):
    await microsoft.fault({"drop": "before_commit"}, method="POST", path="/v1.0/$batch")
    with pytest.raises(OutcomeUnknown):
        await mailbox.batch([Call("GET", "/me")])


async def test_a_server_that_is_not_there_surely_did_nothing(redis, tokens):
    async with open_http() as http:
        nobody = Graph(http, permits=Permits(redis), base_url="http://127.0.0.1:9")
        with pytest.raises(Unavailable) as failure:
            await made(Mailbox(nobody, tokens, workspace="ws_1", connection_id="con_1"))
    assert not isinstance(failure.value, OutcomeUnknown)


async def test_a_slow_server_leaves_the_outcome_unknown(redis, tokens, microsoft):
    await microsoft.fault({"latency_ms": 1000}, method="POST", path="/v1.0/me/contacts")
    async with httpx.AsyncClient(timeout=0.2, trust_env=False) as http:
        impatient = Graph(http, permits=Permits(redis), base_url=microsoft.url)
        with pytest.raises(OutcomeUnknown):
            await made(Mailbox(impatient, tokens, workspace="ws_1", connection_id="con_1"))


@pytest.mark.lesson(20)
async def test_a_storm_of_requests_is_never_answered_429(mailbox, microsoft):
    await microsoft.control("settings", latency_ms=10)
    try:
        batch = [Call("GET", "/me/contacts?$select=id")] * 20
        singles = (mailbox.get("/me/contacts?$select=id") for _ in range(20))
        await asyncio.gather(*(mailbox.batch(batch) for _ in range(3)), *singles)
    finally:
        await microsoft.control("settings", latency_ms=0)
    statuses = [entry["status"] for entry in await microsoft.journal()]
    assert len(statuses) >= 3 + 60 + 20
    assert 429 not in statuses


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1.0/me",
        "http://graph.microsoft.com/v1.0/me",
        "https://graph.microsoft.com.evil.example/v1.0/me",
        "https://graph.microsoft.com@evil.example/v1.0/me",
        "https://graph.microsoft.com:444/v1.0/me",
        "evil.example",
        "",
    ],
)
def test_a_link_to_another_host_is_refused(link):
    with pytest.raises(Rejected, match="foreign_link"):
        absolute(HOSTS["global"] + "/v1.0", link)


def test_a_path_stays_on_our_host_whatever_it_looks_like():
    assert absolute(HOSTS["global"] + "/v1.0", "//evil.example") == HOSTS["global"] + "/v1.0//evil.example"


def test_a_link_of_graph_is_used_as_it_is():
    link = "https://graph.microsoft.com/v1.0/me/contacts/delta?$deltatoken=a%2Fb"
    assert absolute(HOSTS["global"] + "/v1.0", link) == link


def test_each_cloud_has_its_own_graph():
    graph = Graph(None, permits=None)
    assert graph.root("us_gov") == "https://graph.microsoft.us/v1.0"
    assert graph.root("china") == "https://microsoftgraph.chinacloudapi.cn/v1.0"
