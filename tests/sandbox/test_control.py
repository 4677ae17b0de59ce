"""The sandbox's controls (api.md, chapter 10) and the pages of a mailbox."""

from typing import Any

import httpx
import pytest
from entra_stage import ADELE, PERSONAL, Entra, contacts, outlook

pytestmark = pytest.mark.feature("F8")
CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Grace Hopper\r\nN:Hopper;Grace;;;\r\nEMAIL:grace@example.org\r\nEND:VCARD\r\n"


BAD = [
    pytest.param("tenants", {}, 400, id="tenant without domain"),
    pytest.param("tenants", {"domain": "no dots"}, 400, id="tenant with a bad domain"),
    pytest.param("tenants", {"domain": "a.example", "colour": "red"}, 400, id="tenant with an unknown name"),
    pytest.param("tenants", {"domain": "outlook.example"}, 409, id="tenant of personal accounts"),
    pytest.param("users", {"mail": "nobody"}, 400, id="user without a domain"),
    pytest.param("users", {"mail": "a@nowhere.example"}, 400, id="user of no tenant"),
    pytest.param(
        "users", {"mail": "a@contoso.example", "kind": "personal"}, 409, id="personal account at work"
    ),
    pytest.param("users", {"mail": "a@outlook.example", "kind": "work"}, 409, id="work account at home"),
    pytest.param("users", {"mail": ADELE, "kind": "personal"}, 409, id="kind changed"),
    pytest.param("users", {"mail": ADELE, "aliases": ["alex@contoso.example"]}, 409, id="alias of another"),
    pytest.param("users", {"mail": ADELE, "aliases": ["nobody"]}, 400, id="alias without a domain"),
    pytest.param("move", {"mail": ADELE, "id": "x", "to": "y"}, 400, id="move of a malformed id"),
    pytest.param("move", {"mail": "who@a.example", "id": "x", "to": "y"}, 404, id="move of nobody's"),
    pytest.param("seed", {"mail": ADELE}, 400, id="seed without a source"),
    pytest.param("seed", {"mail": ADELE, "vcf": CARD, "contacts": []}, 400, id="seed with two sources"),
    pytest.param(
        "seed", {"mail": ADELE, "contacts": [{"hobby": "chess"}]}, 400, id="seed Graph would refuse"
    ),
    pytest.param("seed", {"mail": ADELE, "vcf": "BEGIN:VCARD\r\nFN"}, 400, id="seed with half a card"),
    pytest.param("seed", {"mail": ADELE, "ics": "x"}, 400, id="seed with no calendar"),
    pytest.param("seed", {"mail": ADELE, "tasks": [{"subject": "x"}]}, 400, id="seed with no task"),
    pytest.param("seed", {"mail": ADELE, "tasks": [{"checklistItems": [1]}]}, 400, id="seed with no step"),
    pytest.param("seed", {"mail": ADELE, "tasks": [], "contacts": []}, 400, id="seed of two kinds"),
    pytest.param(
        "seed", {"mail": "nestor@contoso.example", "contacts": []}, 404, id="seed without a mailbox"
    ),
    pytest.param(
        "tokens", {"mail": ADELE, "scopes": ["Contacts.Juggle"]}, 400, id="token with no such permission"
    ),
    pytest.param("tokens", {"mail": "who@a.example", "scopes": ["User.Read"]}, 404, id="token of nobody"),
    pytest.param(
        "sign-in", {"authorize_url": "https://x.example/", "mail": ADELE}, 400, id="sign-in elsewhere"
    ),
    pytest.param(
        "sign-in", {"authorize_url": "u", "mail": ADELE, "grant": 7}, 400, id="sign-in with a bad grant"
    ),
    pytest.param("faults", {"fault": {}}, 400, id="fault without a form"),
    pytest.param("faults", {"fault": {"status": 200}}, 400, id="fault that is none"),
    pytest.param("faults", {"fault": {"status": 503, "drop": "before_commit"}}, 400, id="fault of two forms"),
    pytest.param("faults", {"fault": {"drop": "sometime"}}, 400, id="fault at no known moment"),
    pytest.param("faults", {"fault": {"status": 503}, "times": 0}, 400, id="fault for no request"),
    pytest.param(
        "faults", {"fault": {"status": 503}, "match": {"url": "*"}}, 400, id="fault with an unknown match"
    ),
    pytest.param("settings", {"latency_ms": -1}, 400, id="negative latency"),
    pytest.param("settings", {"page_size": 5}, 400, id="unknown setting"),
    pytest.param("settings", {"throttle": "yes"}, 400, id="setting of another type"),
    pytest.param("clock", {"advance_seconds": -1}, 400, id="clock backwards"),
    pytest.param("clock", {}, 400, id="clock by nothing"),
    pytest.param("entra", {"mail": ADELE, "refresh": "maybe"}, 400, id="unknown trouble"),
    pytest.param("entra", {"mail": "who@a.example"}, 404, id="nobody's trouble"),
    pytest.param("apps", {"client_id": "x", "redirect_uris": ["ftp://x"]}, 400, id="bad redirect URI"),
    pytest.param("apps", {"client_id": "x", "certificate_pem": "x"}, 400, id="bad certificate"),
    pytest.param("apps", {"client_id": "x", "tenant": "nowhere.example"}, 404, id="application of no tenant"),
    pytest.param("juggle", {}, 404, id="no such control"),
]


@pytest.mark.parametrize(("name", "body", "status"), BAD)
async def test_a_mistake_is_told_in_a_sentence_and_changes_nothing(
    entra: Entra, name: str, body: dict[str, Any], status: int
):
    entra.world.exchange.mailbox(entra.person(ADELE))
    before = list(entra.world._snapshot())
    answer = await entra.http.post(f"/_sandbox/{name}", json=body)

    assert answer.status_code == status, answer.text
    assert answer.json()["error"]
    assert list(entra.world._snapshot()) == before


async def test_a_body_that_is_no_json_is_a_mistake(entra: Entra):
    answer = await entra.http.post("/_sandbox/tenants", content=b"{")

    assert (answer.status_code, bool(answer.json()["error"])) == (400, True)


async def test_controls_and_pages_answer_on_this_machine_only(entra: Entra):
    away = httpx.ASGITransport(entra.http._transport.app, client=("192.0.2.7", 1))
    async with httpx.AsyncClient(transport=away, base_url="http://localhost") as http:
        answers = [await http.get(path) for path in ("/_sandbox/clock", f"/mailbox/{ADELE}")]

    assert [answer.status_code for answer in answers] == [403, 403]


async def test_tenants_and_users_are_made_and_changed(entra: Entra):
    tenant = await entra.control("tenants", domain="acme.example", require_admin_consent=False)
    made = await entra.control(
        "users", mail="Ann@acme.example", display_name="Ann", mailbox=True, kind="work"
    )
    await entra.control("tenants", domain="acme.example", require_admin_consent=True)
    again = await entra.control("users", mail="ann@acme.example", mailbox=False)

    assert made == again == {"id": made["id"], "mail": "Ann@acme.example", "tenant_id": tenant["id"]}
    assert entra.person("ann@acme.example").display_name == "Ann"
    assert entra.person("ann@acme.example").mailbox is False
    assert (await entra.sign_in("ann@acme.example"))["error_description"].startswith("AADSTS90094")


@pytest.mark.feature("D4")
async def test_a_mailbox_has_aliases_that_the_directory_lists_and_mail_reaches(entra: Entra):
    await entra.control("users", mail=ADELE, aliases=["A.Vance@contoso.example"])
    headers = await outlook(entra)
    told = (await entra.http.get("/v1.0/me?$select=mail,proxyAddresses", headers=headers)).json()

    assert told["mail"] == ADELE
    assert told["proxyAddresses"] == [f"SMTP:{ADELE}", "smtp:A.Vance@contoso.example"]
    assert entra.person("a.vance@contoso.example") == entra.person(ADELE)

    await entra.control("users", mail=ADELE, aliases=[])
    assert entra.world.person("a.vance@contoso.example") is None


@pytest.mark.feature("D8")
async def test_taking_the_mailbox_away_leaves_the_account(entra: Entra):
    await entra.control("users", mail=ADELE, mailbox=False)
    headers = await outlook(entra)
    refused = await entra.http.get("/v1.0/me/contacts", headers=headers)

    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "MailboxNotEnabledForRESTAPI")
    assert (await entra.http.get("/v1.0/me", headers=headers)).status_code == 200


@pytest.mark.feature("A8")
async def test_a_personal_account_needs_no_tenant_of_its_own(entra: Entra):
    made = await entra.control("users", mail="kim@gmail.example", kind="personal")

    assert made["tenant_id"] == entra.person(PERSONAL).tenant_id


async def test_moving_does_what_dragging_in_outlook_does(entra: Entra):
    headers = await outlook(entra)
    folder = (
        await entra.http.post("/v1.0/me/contactFolders", json={"displayName": "Acme"}, headers=headers)
    ).json()
    made = (await entra.http.post("/v1.0/me/contacts", json={"givenName": "Ann"}, headers=headers)).json()
    moved = await entra.control("move", mail=ADELE, id=made["id"], to=folder["id"])

    assert moved["id"] != made["id"]
    assert [c["id"] for c in await contacts(entra, path=f"me/contactFolders/{folder['id']}/contacts")] == [
        moved["id"]
    ]
    assert (await entra.http.get(f"/v1.0/me/contacts/{made['id']}", headers=headers)).status_code == 404


async def test_a_token_is_another_application_s_than_the_registered_one(entra: Entra):
    theirs = (await entra.control("tokens", mail=ADELE, scopes=["User.Read"]))["access_token"]
    ours = (await entra.tokens())["access_token"]
    tokens = [entra.world.bearer(f"Bearer {token}") for token in (theirs, ours)]

    assert tokens[0].app_id != tokens[1].app_id
    assert tokens[0].scopes == {"User.Read"}
    assert (
        await entra.http.get("/v1.0/me/contacts", headers={"Authorization": f"Bearer {theirs}"})
    ).status_code == 403


async def test_signing_in_walks_the_page_and_is_refused_where_the_page_refuses(entra: Entra):
    url = entra.authorize_url(redirect_uri="https://evil.example")
    refused = await entra.http.post("/_sandbox/sign-in", json={"authorize_url": url, "mail": ADELE})
    nobody = await entra.http.post(
        "/_sandbox/sign-in", json={"authorize_url": entra.authorize_url(), "mail": "who@nowhere.example"}
    )

    assert (refused.status_code, "AADSTS50011" in refused.json()["error"]) == (409, True)
    assert (nobody.status_code, "no such account" in nobody.json()["error"]) == (409, True)


async def test_faults_are_added_and_all_removed(entra: Entra):
    made = await entra.control(
        "faults", fault={"code": "ErrorItemNotFound", "status": 404}, match={"path": "/v1.0/me*"}
    )
    headers = await outlook(entra)
    struck = await entra.http.get("/v1.0/me", headers=headers)
    other = await entra.control("faults", fault={"status": 503}, times=9)
    waiting = (await entra.http.get("/_sandbox/faults")).json()
    cleared = await entra.http.delete("/_sandbox/faults")

    assert made["id"]
    assert waiting == {"faults": [{"id": other["id"], "skip": 0, "times": 9}]}
    assert (struck.status_code, struck.json()["error"]["code"]) == (404, "ErrorItemNotFound")
    assert cleared.status_code < 300
    assert (await entra.http.get("/v1.0/me", headers=headers)).status_code == 200


async def test_the_journal_counts_requests_in_order_and_can_be_continued(entra: Entra):
    headers = await outlook(entra)
    await entra.http.get("/v1.0/me", headers={**headers, "client-request-id": "mine"})
    first = (await entra.http.get("/_sandbox/journal", params={"mail": ADELE})).json()["entries"]
    await entra.http.get("/v1.0/me/contacts", headers=headers)
    later = (
        await entra.http.get("/_sandbox/journal", params={"mail": ADELE.upper(), "after": first[-1]["seq"]})
    ).json()["entries"]

    assert list(first[0]) == ["seq", "at", "mail", "method", "path", "status", "batch", "client_request_id"]
    assert first[-1]["client_request_id"] == "mine"
    assert [(e["method"], e["path"], e["status"], e["batch"]) for e in later] == [
        ("GET", "/v1.0/me/contacts", 200, None)
    ]
    assert (await entra.http.get("/_sandbox/journal", params={"after": "x"})).status_code == 400


async def test_the_outbox_shows_what_a_person_s_mailbox_sent(entra: Entra):
    message = {
        "kind": "mail",
        "from": ADELE,
        "to": ["x@y.example"],
        "subject": "Hi",
        "at": "2026-01-01T00:00:00Z",
    }
    entra.world.commit("outbox.sent", message)

    hers = (await entra.http.get("/_sandbox/outbox", params={"mail": ADELE})).json()
    his = (await entra.http.get("/_sandbox/outbox", params={"mail": PERSONAL})).json()
    assert (hers, his) == ({"messages": [message]}, {"messages": []})


async def test_settings_change_one_by_one(entra: Entra):
    await entra.control("settings", contacts_page_size=3)
    after = await entra.control("settings", throttle=False)
    await entra.control("seed", mail=ADELE, generate={"contacts": 5})
    page = (await entra.http.get("/v1.0/me/contacts", headers=await outlook(entra))).json()

    assert (after["contacts_page_size"], after["throttle"], after["notifications"]) == (3, False, True)
    assert len(page["value"]) in {3, 5}


async def test_the_clock_goes_forward_and_tells_whoever_waits(entra: Entra):
    told: list[str] = []
    entra.world.clock_moved.append(lambda: told.append("moved"))
    before = (await entra.http.get("/_sandbox/clock")).json()["now"]
    after = (await entra.control("clock", advance_seconds=86_400))["now"]

    assert after[:10] > before[:10]
    assert told == ["moved"]


async def test_reset_founds_the_world_anew_and_leaves_time(entra: Entra):
    await entra.control("clock", advance_seconds=86_400)
    await entra.control("users", mail="gone@contoso.example")
    await entra.control("seed", mail=ADELE, generate={"contacts": 3})
    await entra.control("faults", fault={"status": 503}, times=None)
    await entra.control("settings", latency_ms=1)
    now = (await entra.http.get("/_sandbox/clock")).json()["now"]
    answer = await entra.http.post("/_sandbox/reset")

    assert answer.status_code == 204
    assert (await entra.http.get("/_sandbox/clock")).json()["now"] > now
    assert entra.world.person("gone@contoso.example") is None
    assert entra.world.settings.latency_ms == 0
    assert await contacts(entra) == []
    assert await entra.tokens()
