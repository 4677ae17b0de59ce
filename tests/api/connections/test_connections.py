"""Linking accounts: every status, and the whole document of a connection."""

import pytest

from app.sync.accounts import addresses_of
from app.sync.connections import Connections


@pytest.mark.feature("A1")
@pytest.mark.feature("B3")
async def test_a_new_connection_is_pending_and_carries_links(office, microsoft):
    mail = await microsoft.person()
    made = await office.asks(mail, entities=["contacts", "calendar"], state="s")

    assert made["status"] == "pending"
    assert made["account"] is None
    assert made["login_hint_mismatch"] is None
    assert made["authorize_url"].startswith(f"{microsoft.url}/common/oauth2/v2.0/authorize?")
    assert made["connect_url"].startswith("http://127.0.0.1:8000/connect/")
    assert made["problem"] is None
    assert made["entities"]["contacts"] == {
        "state": "disabled",
        "granted": None,
        "missing_permissions": [],
        "direction": "disabled",
        "counts": {"linked": 0, "parked": 0, "in_review": 0, "conflicts": 0},
        "lag": None,
        "last_success_at": None,
        "next_sync_at": None,
        "run": None,
        "problem": None,
    }
    assert {name: one["state"] for name, one in made["entities"].items()} == {
        "contacts": "disabled",
        "calendar": "disabled",
        "tasks": "not_requested",
        "mail": "not_requested",
        "files": "not_requested",
    }


@pytest.mark.feature("A8")
@pytest.mark.parametrize("kind", ["work", "personal"])
async def test_after_sign_in_the_account_is_shown(office, microsoft, kind):
    mail = await microsoft.person(kind=kind)
    now = await office.connects(mail, entities=["contacts", "calendar", "tasks", "mail", "files"])

    assert now["status"] == "active"
    assert now["account"] == {
        "email": mail,
        "display_name": "Ada Lovelace",
        "tenant_id": now["account"]["tenant_id"],
        "kind": kind,
    }
    assert now["login_hint_mismatch"] is False
    assert {one["state"] for one in now["entities"].values()} == {"disabled"}
    assert {one["granted"] for one in now["entities"].values()} == {True}
    assert now["authorize_url"] is None


@pytest.mark.feature("B1")
@pytest.mark.feature("D4")
async def test_an_account_goes_by_the_aliases_of_its_mailbox_too(office, microsoft):
    mail = await microsoft.person()
    await microsoft.control("users", mail=mail, aliases=[f"Second.{mail}"])

    made = await office.asks(f"second.{mail}")
    await office.signs_in(made["authorize_url"], mail)
    now = await office.call("GET", f"/v1/connections/{made['id']}")

    assert (now["status"], now["login_hint_mismatch"], now["account"]["email"]) == ("active", False, mail)
    assert set(now["account"]) == {"email", "display_name", "tenant_id", "kind"}
    async with office.resources.db.transaction(office.workspace["id"]) as session:
        kept = await Connections(session).get(now["id"])
    assert addresses_of(kept) == {mail, f"second.{mail}"}


@pytest.mark.parametrize("times", [1, 2], ids=["the aliases alone", "nothing at all"])
async def test_who_signed_in_is_known_also_where_the_directory_tells_less(office, microsoft, times):
    mail = await microsoft.person()
    denied = {"status": 403, "code": "Authorization_RequestDenied"}
    await microsoft.control("faults", match={"path": "/v1.0/me", "mail": mail}, fault=denied, times=times)

    now = await office.connects(mail)

    assert (now["status"], now["account"]["email"]) == ("active", mail)


async def test_the_same_wish_again_gives_the_same_connection(office, microsoft):
    mail = await microsoft.person()
    first = await office.asks(mail)
    again = await office.asks(mail, entities=["calendar"], expect=200)

    assert again["id"] == first["id"]
    assert again["authorize_url"] != first["authorize_url"]
    assert again["entities"]["contacts"]["state"] == again["entities"]["calendar"]["state"] == "disabled"


async def test_a_second_mailbox_is_a_second_connection(office, microsoft):
    one, other = await microsoft.person(), await microsoft.person()
    first = await office.connects(one)
    second = await office.connects(other)

    assert first["id"] != second["id"]
    listed = await office.call("GET", "/v1/connections?user=agent-1&sort=created_at")
    assert [c["id"] for c in listed["data"]] == [first["id"], second["id"]]


@pytest.mark.feature("C1")
@pytest.mark.lesson(23)
async def test_a_declined_permission_switches_off_only_that_entity(office, microsoft):
    mail = await microsoft.person()
    grant = ["User.Read", "Contacts.ReadWrite", "offline_access", "Mail.ReadWrite"]
    now = await office.connects(mail, grant=grant, entities=["contacts", "calendar", "mail"])

    shown = {name: (one["state"], one["missing_permissions"]) for name, one in now["entities"].items()}
    assert now["status"] == "active"
    assert shown["contacts"] == ("disabled", [])
    assert shown["calendar"] == ("not_permitted", ["Calendars.ReadWrite"])
    assert shown["mail"] == ("not_permitted", ["Mail.Send", "MailboxSettings.Read"])
    problem = now["entities"]["calendar"]["problem"]
    assert (problem["type"], problem["cure"]["action"]) == ("/problems/permission-missing", "grant")


@pytest.mark.lesson(23)
async def test_a_declined_permission_can_be_asked_for_again(office, microsoft):
    mail = await microsoft.person()
    made = await office.connects(
        mail, grant=["User.Read", "Contacts.ReadWrite", "offline_access"], entities=["contacts", "calendar"]
    )
    assert made["entities"]["calendar"]["state"] == "not_permitted"

    now = await office.reconnects(made["id"], mail)

    assert now["id"] == made["id"]
    assert now["entities"]["calendar"]["state"] == now["entities"]["contacts"]["state"] == "disabled"


async def test_more_entities_are_asked_for_on_reconnect_and_the_first_stay(office, microsoft):
    mail = await microsoft.person()
    made = await office.connects(mail)
    now = await office.reconnects(made["id"], mail, entities=["tasks"])

    states = {name: one["state"] for name, one in now["entities"].items()}
    assert (states["contacts"], states["tasks"], states["calendar"]) == (
        "disabled",
        "disabled",
        "not_requested",
    )
    assert now["status"] == "active"


@pytest.mark.feature("A8")
@pytest.mark.feature("D8")
async def test_a_person_without_a_mailbox_is_told_so(office, microsoft):
    mail = await microsoft.person(mailbox=False)
    made = await office.asks(mail)
    back = await office.signs_in(made["authorize_url"], mail)
    now = await office.shows(made["id"])

    assert back.told["problem"] == "no-mailbox"
    assert now["status"] == "no_mailbox"
    assert now["problem"]["type"] == "/problems/no-mailbox"
    assert now["problem"]["cure"]["action"] == "other_account"


@pytest.mark.feature("A1")
async def test_where_an_administrator_must_approve_the_state_carries_the_link(office, microsoft):
    mail = await microsoft.person(require_admin_consent=True)
    made = await office.asks(mail)
    back = await office.signs_in(made["authorize_url"], mail)
    now = await office.shows(made["id"])

    assert back.told["problem"] == "admin-consent-needed"
    assert now["status"] == "needs_admin_consent"
    problem = now["problem"]
    assert problem["cure"]["action"] == "send_admin_link"
    assert problem["admin_consent_url"] == problem["cure"]["url"]
    assert "/organizations/v2.0/adminconsent?" in problem["admin_consent_url"]


@pytest.mark.feature("A1")
async def test_once_the_administrator_has_approved_the_user_signs_in(office, microsoft):
    mail = await microsoft.person(require_admin_consent=True)
    made = await office.connects(mail)
    assert made["status"] == "needs_admin_consent"

    back = await office.signs_in(made["problem"]["admin_consent_url"], mail)
    assert back.told == {"connection": made["id"], "status": "approved"}
    assert (await office.shows(made["id"]))["status"] == "pending"

    now = await office.reconnects(made["id"], mail)
    assert (now["status"], now["problem"]) == ("active", None)


async def test_asking_for_more_never_breaks_what_works(office, microsoft):
    mail = await microsoft.person()
    made = await office.connects(mail)
    await microsoft.control("tenants", domain=mail.partition("@")[2], require_admin_consent=True)
    now = await office.reconnects(made["id"], mail, entities=["mail"])

    assert (now["status"], now["problem"]["type"]) == ("active", "/problems/admin-consent-needed")
    assert now["entities"]["contacts"]["state"] == "disabled"
    assert now["entities"]["mail"]["state"] == "not_permitted"


async def test_a_declined_sign_in_leaves_it_pending_and_says_so(office, microsoft):
    mail = await microsoft.person()
    made = await office.asks(mail, return_url="http://127.0.0.1:9999/back?a=1", state="mine")
    back = await office.signs_in(made["authorize_url"], mail, "decline")
    now = await office.shows(made["id"])

    assert back.location.startswith("http://127.0.0.1:9999/back?a=1&")
    assert back.told == {
        "a": "1",
        "connection": made["id"],
        "status": "pending",
        "state": "mine",
        "problem": "sign-in-declined",
    }
    assert (now["status"], now["problem"]["type"]) == ("pending", "/problems/sign-in-declined")


async def test_without_offline_access_nothing_is_connected(office, microsoft):
    mail = await microsoft.person()
    made = await office.asks(mail)
    back = await office.signs_in(made["authorize_url"], mail, ["User.Read", "Contacts.ReadWrite"])

    assert back.told["problem"] == "sign-in-declined"
    assert (await office.shows(made["id"]))["status"] == "pending"


@pytest.mark.feature("B10")
async def test_connecting_is_refused_where_the_organisation_is_not_entitled(office, microsoft):
    mail = await microsoft.person()
    made = await office.asks(mail)
    await office.call("PATCH", "/v1/workspace", json={"entitled": False})

    for path in ("/v1/connections", f"/v1/connections/{made['id']}/reconnect"):
        body = {"user": "agent-1", "login_hint": mail} if path == "/v1/connections" else {}
        refused = await office.call("POST", path, json=body, expect=403)
        assert refused["type"] == "/problems/not-entitled"
    back = await office.signs_in(made["authorize_url"], mail)
    assert back.told["problem"] == "not-entitled"
    assert (await office.returns(made["connect_url"])).told == {"problem": "not-entitled"}


async def test_an_entity_that_the_workspace_lacks_is_refused(office):
    await office.call("PATCH", "/v1/workspace", json={"entities": ["contacts"]})
    refused = await office.asks(None, entities=["contacts", "mail"], expect=409)

    assert refused["type"] == "/problems/entity-disabled"


async def test_a_pause_is_kept_over_the_sign_in(office, microsoft):
    mail = await microsoft.person()
    made = await office.connects(mail, paused=True)
    assert (made["status"], made["paused"]) == ("active", True)

    now = await office.call("PATCH", f"/v1/connections/{made['id']}", json={"paused": False})

    assert now["paused"] is False


async def test_lists_are_filtered_and_paged(office, microsoft):
    well, declining, away = [await microsoft.person(mailbox=n < 2) for n in range(3)]
    first = await office.connects(well, user="a")
    second = await office.connects(
        declining,
        user="b",
        entities=["contacts", "tasks"],
        grant=["Contacts.ReadWrite", "offline_access", "User.Read"],
    )
    third = await office.connects(away, user="c")

    async def ids(query: str) -> list[str]:
        return [c["id"] for c in (await office.call("GET", f"/v1/connections?{query}"))["data"]]

    assert await ids("") == [third["id"], second["id"], first["id"]]
    assert await ids("user=b") == [second["id"]]
    assert await ids("status=active&sort=created_at") == [first["id"], second["id"]]
    assert await ids("attention=true") == [third["id"]]
    assert await ids("attention=false&sort=created_at") == [first["id"], second["id"]]
    assert await ids("entity=tasks") == [second["id"]]
    assert await ids("state=not_permitted") == [second["id"]]
    assert await ids("entity=contacts&state=not_permitted") == []
    assert await ids("problem=no-mailbox") == [third["id"]]
    assert await ids("problem=permission-missing") == [second["id"]]
    page = await office.call("GET", "/v1/connections?limit=2")
    rest = await office.call("GET", f"/v1/connections?limit=2&cursor={page['next_cursor']}")
    assert [c["id"] for c in page["data"] + rest["data"]] == [third["id"], second["id"], first["id"]]
    assert rest["next_cursor"] is None


async def test_nothing_of_another_workspace_is_told(office, new_office, microsoft):
    made = await office.connects(await microsoft.person())
    stranger = await new_office("Other Realty")

    for method, path in [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/reconnect"),
        ("POST", "/confirm"),
    ]:
        body = {"PATCH": {"paused": True}, "POST": {"account": "x"} if path == "/confirm" else {}}.get(method)
        told = await stranger.call(method, f"/v1/connections/{made['id']}{path}", json=body, expect=404)
        assert told["type"] == "/problems/connection-not-found"
    assert (await stranger.call("GET", "/v1/connections"))["data"] == []


async def test_the_feed_tells_of_each_connection_and_its_changes(office, microsoft):
    mail = await microsoft.person()
    made = await office.connects(mail)
    await office.call("PATCH", f"/v1/connections/{made['id']}", json={"paused": True})

    changes = (await office.call("GET", "/v1/changes"))["changes"]

    assert [c["type"] for c in changes] == ["connection.created", "connection.updated", "connection.updated"]
    assert {c["connection"] for c in changes} == {made["id"]}
    assert [c["record"]["status"] for c in changes] == ["pending", "active", "active"]
    assert [c["record"]["connect_url"] for c in changes] == [None] * 3
    assert changes[2]["changed"] == ["paused"]
