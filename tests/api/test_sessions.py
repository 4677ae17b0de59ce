"""Session tokens: what they open, for whom, and when they end."""

from datetime import datetime, timedelta

import jwt
import pytest

from app import clock, log
from app.security.seal import KeyRing, new_key
from app.security.session_tokens import Role, Visit, issued
from app.sync.connections import Connections

ADELE, BEN = "agent-7", "agent-8"


@pytest.fixture
def later():
    """Let time go by on Concord's clock."""

    def pass_by(**by):
        clock.follow(clock.now() + timedelta(**by))

    yield pass_by
    clock._offset = timedelta(0)


@pytest.fixture
def admitted(app, workspace, client):
    """Get somebody a session, and speak with it."""

    async def come_in(user=ADELE, role="user", *, by=workspace.http, **headers):
        made = await by.post("/v1/session-tokens", json={"user": user, "role": role}, headers=headers)
        assert made.status_code == 201, made.text
        return client(app, made.json()["token"])

    return come_in


@pytest.fixture
async def connections(resources, workspace):
    """One connection of Adele's and one of Ben's."""
    async with resources.db.transaction(workspace.id) as session:
        made = {
            user: Connections(session).add(
                now=clock.now(), user=user, login_hint=None, requested=["contacts"], granted_scopes=None
            )
            for user in (ADELE, BEN)
        }
    return {user: connection.id for user, connection in made.items()}


@pytest.mark.parametrize("role", ["user", "administrator"])
async def test_a_session_lasts_fifteen_minutes_on_concords_clock(workspace, admitted, later, role):
    began = clock.now()
    made = (await workspace.http.post("/v1/session-tokens", json={"user": ADELE, "role": role})).json()
    http = await admitted(role=role)

    lasts = datetime.fromisoformat(made["expires_at"]) - began
    assert abs(lasts - timedelta(minutes=15)) < timedelta(seconds=5)
    later(minutes=14, seconds=50)
    assert (await http.get("/v1/connections/me")).status_code == 200
    later(seconds=11)
    ended = await http.get("/v1/connections/me")
    assert (ended.status_code, ended.json()["type"]) == (401, "/problems/unauthenticated")
    assert ended.json()["detail"] == "This session has ended: get a new session token."


async def test_a_deleted_key_takes_its_sessions_along_and_no_others(api, workspace, admitted, client, app):
    keys = f"/v1/workspaces/{workspace.id}/keys"
    other = (await api.post(keys, json={"name": "front end"})).json()
    of_other = await admitted(by=client(app, other["secret"]))
    of_first = await admitted()

    assert (await api.delete(f"{keys}/{other['id']}")).status_code == 204

    assert (await of_other.get("/v1/connections/me")).status_code == 401
    assert (await of_first.get("/v1/connections/me")).status_code == 200


async def test_the_operator_may_begin_a_session_in_a_workspace(api, workspace, admitted):
    http = await admitted(role="administrator", by=api, **{"Concord-Workspace": workspace.id})

    assert (await http.get("/v1/workspace")).json()["id"] == workspace.id


async def test_a_session_can_not_be_made_up(app, client, resources, workspace):
    visit = Visit(
        workspace=workspace.id, issuer="operator", user=ADELE, role=Role.ADMINISTRATOR,
        expires_at=clock.now() + timedelta(hours=1),
    )  # fmt: skip
    foreign = KeyRing.parse(new_key())
    good = issued(visit, key_ring=resources.key_ring)
    head, claims, signature = good.split(".")
    raised = jwt.encode(jwt.decode(good, options={"verify_signature": False}), None, algorithm="none")
    for token in (
        issued(visit, key_ring=foreign), f"{head}.{claims}.{signature[::-1]}", f"{head}.{claims}.", raised,
        f"{good}x", good[:-4],
    ):  # fmt: skip
        assert (await client(app, token).get("/v1/workspace")).status_code == 401, token
    assert (await client(app, good).get("/v1/workspace")).status_code == 200


async def test_a_session_outlives_the_key_that_signs_being_rotated(resources, workspace):
    visit = Visit(
        workspace=workspace.id, issuer="operator", user=ADELE, role=Role.USER, expires_at=clock.now()
    )
    old = KeyRing.parse(new_key("old"))
    new = KeyRing((*KeyRing.parse(new_key("new")).keys, *old.keys))
    from app.security.session_tokens import read

    token = issued(visit, key_ring=old)
    assert read(token, key_ring=new).user == ADELE
    assert read(issued(visit, key_ring=new), key_ring=old) is None


async def test_another_workspace_is_not_opened_by_a_session(new_workspace, admitted):
    other = await new_workspace("Other")
    http = await admitted(role="administrator")

    refused = await http.get("/v1/workspace", headers={"Concord-Workspace": other.id})

    assert (refused.status_code, refused.json()["type"]) == (404, "/problems/workspace-not-found")


async def test_one_sees_ones_own_connections_and_an_administrator_all(admitted, connections):
    def ids(answer):
        return {connection["id"] for connection in answer.json()["data"]}

    adele, boss = await admitted(ADELE), await admitted("boss", "administrator")

    assert ids(await adele.get("/v1/connections/me")) == {connections[ADELE]}
    assert ids(await adele.get("/v1/connections")) == {connections[ADELE]}
    assert ids(await adele.get("/v1/connections", params={"user": BEN})) == set()
    assert ids(await boss.get("/v1/connections")) == set(connections.values())
    assert ids(await boss.get("/v1/connections/me")) == set()
    assert (await adele.get(f"/v1/connections/{connections[ADELE]}")).status_code == 200
    hidden = await adele.get(f"/v1/connections/{connections[BEN]}")
    assert hidden.json() | {"instance": ""} == (await adele.get("/v1/connections/con_none")).json() | {
        "instance": ""
    }


async def test_of_a_contact_that_is_shared_a_user_sees_ones_own_state_only(workspace, admitted, connections):
    owners = [{"user": ADELE, "access": "primary"}, {"user": BEN, "access": "full"}]
    await workspace.http.put("/v1/contacts/c-1", json={"owners": owners, "display_name": "Ada"})
    await workspace.http.put("/v1/contacts/c-2", json={"owners": owners[1:], "display_name": "Bo"})
    adele, boss = await admitted(ADELE), await admitted("boss", "administrator")

    seen = (await adele.get("/v1/contacts/c-1/sync")).json()["data"]
    assert [entry["connection"] for entry in seen] == [connections[ADELE]]
    assert len((await boss.get("/v1/contacts/c-1/sync")).json()["data"]) == 2
    assert (await adele.get("/v1/contacts/c-2/sync")).status_code == 404


async def test_what_is_explained_to_a_user_tells_of_nobody_else(workspace, admitted, connections):
    both = [{"user": ADELE, "access": "primary"}, {"user": BEN, "access": "full"}]
    emails = [{"address": "ada@example.org"}]
    for crm_id, owners in (("c-1", both), ("c-2", both[1:])):
        contact = {"owners": owners, "display_name": crm_id, "emails": emails}
        record = (await workspace.http.put(f"/v1/contacts/{crm_id}", json=contact)).json()["record_id"]
    adele, boss = await admitted(ADELE), await admitted("boss", "administrator")
    mailbox, other = f"/v1/connections/{connections[ADELE]}", connections[BEN]

    explained = (await adele.get("/v1/contacts/c-1/explain")).json()
    assert [entry["user"] for entry in explained["connections"]] == [ADELE]
    assert len((await boss.get("/v1/contacts/c-1/explain")).json()["connections"]) == 2
    for hidden in ("/v1/contacts/c-2/explain", f"/v1/records/{record}/explain"):
        assert (await adele.get(hidden)).json()["type"] == "/problems/record-not-found"
    named = await adele.get("/v1/contacts/c-1/explain", params={"connection": other})
    assert named.json()["type"] == "/problems/connection-not-found"
    by_address = {"params": {"address": "ada@example.org"}}
    found = (await adele.get(f"{mailbox}/explain", **by_address)).json()["data"]
    assert [each["crm_id"] for each in found] == ["c-1"]
    found = (await boss.get(f"{mailbox}/explain", **by_address)).json()["data"]
    assert [each["crm_id"] for each in found] == ["c-1", "c-2"]


async def test_a_user_is_shown_of_the_workspace_what_screens_need(workspace, admitted):
    shown = (await (await admitted()).get("/v1/workspace")).json()

    assert set(shown) == {
        "id", "name", "enabled", "entitled", "paused", "entities", "self_management", "vocabulary", "revision",
        "created_at", "updated_at",
    }  # fmt: skip
    whole = (await workspace.http.get("/v1/workspace")).json()
    assert shown == {name: whole[name] for name in shown}
    assert (await (await admitted(role="administrator")).get("/v1/workspace")).json() == whole


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("entitled", False),
        ("breaker", {"min_deletes": 11}),
        ("rules", {"shared_deletes": "primary"}),
        ("settle_seconds", 60),
        ("origins", ["https://crm.example"]),
        ("return_urls", ["https://crm.example/"]),
    ],
)
async def test_what_protects_the_workspace_takes_a_key(workspace, admitted, name, value):
    boss = await admitted("boss", "administrator")
    was = (await workspace.http.get("/v1/workspace")).json()

    refused = await boss.patch("/v1/workspace", json={name: value, "paused": True})

    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/wrong-credential")
    assert refused.json()["field"] == name
    assert (await workspace.http.get("/v1/workspace")).json() == was
    assert (await workspace.http.patch("/v1/workspace", json={name: value})).status_code == 200


async def test_an_administrator_puts_back_what_get_returned_with_one_switch_moved(admitted):
    boss = await admitted("boss", "administrator")
    was = (await boss.get("/v1/workspace")).json()

    changed = await boss.patch("/v1/workspace", json=was | {"self_management": False})

    assert (changed.status_code, changed.json()["self_management"]) == (200, False)
    assert changed.json()["breaker"] == was["breaker"]


async def test_an_idempotency_key_is_of_one_person(workspace, admitted):
    """The same word of two people in one workspace, by one key, is two keys."""
    adele, ben, boss = await admitted(ADELE), await admitted(BEN), await admitted(ADELE, "administrator")
    word = {"Idempotency-Key": "once"}

    first = await adele.post("/v1/connections", json={"user": BEN}, headers=word)
    others = [await http.post("/v1/connections", json={"user": ADELE}, headers=word) for http in (ben, boss)]

    assert first.status_code == 403
    assert [answer.json()["type"] for answer in others] == [
        "/problems/wrong-credential", "/problems/microsoft-app-missing"
    ]  # fmt: skip
    assert all("idempotency-replayed" not in answer.headers for answer in others)


async def test_a_repeated_request_gets_no_token(workspace):
    asked = {"json": {"user": ADELE, "role": "user"}, "headers": {"Idempotency-Key": "twice"}}

    first = await workspace.http.post("/v1/session-tokens", **asked)
    again = await workspace.http.post("/v1/session-tokens", **asked)

    assert first.json()["token"]
    assert again.json() == {"token": None, "replayed": True, "expires_at": first.json()["expires_at"]}


async def test_a_token_is_in_no_log_line(workspace, admitted, capsys):
    log.configure(level="debug")
    try:
        made = await workspace.http.post("/v1/session-tokens", json={"user": ADELE, "role": "user"})
        http = await admitted()
        await http.get("/v1/connections/me")
        await http.get("/v1/contacts")
    finally:
        logged = capsys.readouterr().out
        log.configure(level="warning")
    assert "connections.me" in logged or "/v1/connections/me" in logged
    assert made.json()["token"] not in logged
    assert "eyJ" not in logged
    assert ADELE not in logged
