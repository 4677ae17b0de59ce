"""Choosing what of a connection syncs, and how."""

import pytest
from sqlalchemy import text

from app import clock
from app.sync.connections import Connections
from app.sync.settings import EffectiveSettings
from app.sync.standing import stands

SLUG = "/problems/"
GRANTED = ["User.Read", "Contacts.ReadWrite", "offline_access"]
SETTABLE = {
    "direction", "conflict_resolution", "field_overrides", "folder_name", "import_new", "removed_from_crm",
    "deleted_in_microsoft", "classes", "ownership", "existing_records", "existing_since", "left_scope",
}  # fmt: skip


@pytest.fixture
def connect(resources, workspace):
    """Make a connection of Acme Realty that stands as if its user had been at Microsoft's."""

    async def make(status="active", *, granted=tuple(GRANTED), tenant=workspace, **values):
        async with resources.db.transaction(tenant.id) as session:
            connection = Connections(session).add(
                now=clock.now(),
                user="agent-7",
                requested=["contacts"],
                granted_scopes=list(granted),
                **values,
            )
            connection.status = status
        return connection.id

    return make


@pytest.fixture
async def path(connect):
    return f"/v1/connections/{await connect()}/settings/contacts"


async def in_database(resources, workspace, query):
    async with resources.db.transaction(workspace.id) as session:
        return [tuple(row) for row in await session.execute(text(query))]


@pytest.mark.feature("B3")
async def test_everything_is_disabled_until_chosen(workspace, path):
    seen = await workspace.http.get(path)

    body = seen.json()
    assert seen.status_code == 200
    assert body["entity"] == "contacts"
    assert (body["direction"], body["folder_name"]) == ("disabled", "Acme Realty")
    assert (body["conflict_resolution"], body["import_new"]) == ("newest_wins", True)
    assert (body["removed_from_crm"], body["deleted_in_microsoft"]) == ("keep", "delete")
    assert set(body["inherited"]) == SETTABLE
    assert (body["locked"], body["revision"], body["run"]) == ([], 0, None)
    listed = (await workspace.http.get(path.rpartition("/")[0])).json()
    assert [entry["entity"] for entry in listed["data"]] == ["contacts", "calendar", "tasks"]
    assert listed["data"][0] == body


@pytest.mark.feature("E4")
@pytest.mark.parametrize("direction", ["crm_to_microsoft", "microsoft_to_crm", "two_way"])
async def test_switching_on_starts_a_run(workspace, path, resources, direction):
    chosen = await workspace.http.patch(path, json={"direction": direction, "folder_name": "Clients"})

    body = chosen.json()
    assert (chosen.status_code, body["direction"], body["folder_name"]) == (200, direction, "Clients")
    assert set(body["inherited"]) == SETTABLE - {"direction", "folder_name"}
    assert body["run"].startswith("run_")
    assert chosen.headers["etag"] == '"1"'
    assert (await workspace.http.get(path)).json() == body
    (run,) = await in_database(resources, workspace, "SELECT id, trigger FROM runs")
    assert run == (body["run"], "initial")


async def test_null_and_an_empty_folder_name_return_to_the_default(workspace, path):
    await workspace.http.patch(path, json={"folder_name": "Clients", "import_new": False})

    back = (await workspace.http.patch(path, json={"folder_name": "", "import_new": None})).json()

    assert (back["folder_name"], back["import_new"]) == ("Acme Realty", True)
    assert set(back["inherited"]) == SETTABLE


async def test_what_get_returns_can_be_put_back(workspace, path):
    await workspace.http.patch(path, json={"direction": "two_way", "removed_from_crm": "delete"})
    seen = await workspace.http.get(path)

    again = await workspace.http.put(path, json=seen.json(), headers={"If-Match": seen.headers["etag"]})

    assert again.status_code == 200, again.text
    assert again.json() == seen.json()


async def test_put_makes_everything_else_inherited(workspace, path):
    await workspace.http.patch(path, json={"folder_name": "Clients", "removed_from_crm": "delete"})

    put = (
        await workspace.http.put(
            path, json={"import_new": False, "folder_name": "X", "inherited": ["folder_name"]}
        )
    ).json()

    assert set(put["inherited"]) == SETTABLE - {"import_new"}
    assert (put["folder_name"], put["removed_from_crm"], put["import_new"]) == ("Acme Realty", "keep", False)


async def test_if_match_is_strict(workspace, path):
    first = await workspace.http.patch(path, json={"import_new": False}, headers={"If-Match": '"0"'})
    late = await workspace.http.patch(path, json={"import_new": True}, headers={"If-Match": '"0"'})

    assert first.status_code == 200
    assert (late.status_code, late.json()["type"]) == (412, SLUG + "revision-mismatch")
    assert late.json()["current"]["import_new"] is False
    assert (await workspace.http.put(path, json={}, headers={"If-Match": '"0"'})).status_code == 412
    assert (await workspace.http.delete(path, headers={"If-Match": '"0"'})).status_code == 412


async def test_saying_what_is_so_starts_nothing(workspace, path, resources):
    one = await workspace.http.patch(path, json={"direction": "two_way"})
    two = await workspace.http.patch(path, json={"direction": "two_way"})

    assert (two.headers["etag"], two.json()["run"]) == (one.headers["etag"], one.json()["run"])
    assert len(await in_database(resources, workspace, "SELECT id FROM runs")) == 1


@pytest.mark.feature("A6")
async def test_deleting_the_sync_switches_it_off_and_keeps_the_links(workspace, path, resources):
    await workspace.http.patch(path, json={"direction": "two_way", "folder_name": "Clients"})

    gone = await workspace.http.delete(path)

    assert (gone.status_code, gone.content) == (204, b"")
    seen = (await workspace.http.get(path)).json()
    assert (seen["direction"], seen["folder_name"], seen["run"]) == ("disabled", "Acme Realty", None)
    (collection,) = await in_database(resources, workspace, "SELECT hears, sends, due_at FROM collections")
    assert collection == (False, False, None)
    assert (await workspace.http.delete(path)).status_code == 204


async def test_workspace_defaults_are_inherited_and_locks_hold(workspace, path, resources):
    await workspace.http.patch(path, json={"removed_from_crm": "keep", "folder_name": "Clients"})
    defaults = {
        "removed_from_crm": "delete",
        "import_new": False,
        "locked": ["removed_from_crm", "folder_name"],
    }
    await workspace.http.patch("/v1/workspace", json={"defaults": {"contacts": defaults}})

    body = (await workspace.http.get(path)).json()
    assert (body["removed_from_crm"], body["folder_name"], body["import_new"]) == (
        "delete",
        "Acme Realty",
        False,
    )
    assert set(body["locked"]) == {"removed_from_crm", "folder_name"}
    refused = await workspace.http.patch(path, json={"removed_from_crm": "keep"})
    assert (refused.status_code, refused.json()["type"]) == (403, SLUG + "setting-locked")
    same = await workspace.http.patch(path, json={"removed_from_crm": "delete", "import_new": True})
    assert (same.status_code, same.json()["import_new"]) == (200, True)
    await workspace.http.patch("/v1/workspace", json={"defaults": {"contacts": {"locked": None}}})
    unlocked = (await workspace.http.get(path)).json()
    assert (unlocked["removed_from_crm"], unlocked["folder_name"]) == ("keep", "Clients")


async def test_a_locked_direction_can_neither_be_changed_nor_deleted(workspace, path):
    await workspace.http.patch(
        "/v1/workspace", json={"defaults": {"contacts": {"direction": "two_way", "locked": ["direction"]}}}
    )

    for answer in (
        await workspace.http.patch(path, json={"direction": "disabled"}),
        await workspace.http.put(path, json={"direction": "crm_to_microsoft"}),
        await workspace.http.delete(path),
    ):
        assert (answer.status_code, answer.json()["type"]) == (403, SLUG + "setting-locked")


async def test_a_default_direction_switches_what_inherits_it(workspace, path, connect, resources):
    other = f"/v1/connections/{await connect()}/settings/contacts"
    await workspace.http.patch(other, json={"direction": "crm_to_microsoft"})

    await workspace.http.patch("/v1/workspace", json={"defaults": {"contacts": {"direction": "two_way"}}})

    assert (await workspace.http.get(path)).json()["direction"] == "two_way"
    query = "SELECT hears, sends FROM collections ORDER BY hears, sends"
    assert await in_database(resources, workspace, query) == [(False, True), (True, True)]
    await workspace.http.patch("/v1/workspace", json={"defaults": {"contacts": {"direction": None}}})
    assert await in_database(resources, workspace, query) == [(False, False), (False, True)]


async def test_a_default_direction_begins_once_the_user_has_signed_in(workspace, connect, resources):
    default = {"defaults": {"contacts": {"direction": "two_way"}}}
    await workspace.http.patch("/v1/workspace", json=default)
    connection_id = await connect("pending")

    for _ in range(2):
        async with resources.db.transaction(workspace.id) as session:
            connection = await Connections(session).locked(connection_id)
            await stands(session, connection, now=clock.now())

    assert await in_database(resources, workspace, "SELECT trigger FROM runs") == [("initial",)]
    assert await in_database(resources, workspace, "SELECT hears, sends FROM collections") == [(True, True)]


@pytest.mark.feature("C1")
async def test_without_the_permission_no_direction_is_switched_on(workspace, connect):
    path = f"/v1/connections/{await connect(granted=['User.Read'])}/settings/contacts"

    refused = await workspace.http.patch(path, json={"direction": "two_way"})

    body = refused.json()
    assert (refused.status_code, body["type"]) == (409, SLUG + "permission-missing")
    assert "Contacts.ReadWrite" in body["detail"]
    assert body["cure"]["action"] == "grant"
    assert body["cure"]["call"]["path"].endswith("/reconnect")
    assert (await workspace.http.patch(path, json={"folder_name": "Clients"})).status_code == 200
    assert (await workspace.http.get(path)).json()["direction"] == "disabled"


@pytest.mark.parametrize("status", ["pending", "needs_confirmation", "needs_admin_consent"])
async def test_before_the_sign_in_everything_but_a_direction_may_be_chosen(workspace, connect, status):
    path = f"/v1/connections/{await connect(status, granted=[])}/settings/contacts"

    refused = await workspace.http.patch(path, json={"direction": "two_way"})

    assert refused.status_code == 409
    assert refused.json()["cure"]["call"]["path"].endswith("/reconnect")
    assert (await workspace.http.patch(path, json={"folder_name": "Clients"})).status_code == 200


@pytest.mark.parametrize("status", ["disconnecting", "disconnected"])
async def test_of_a_disconnected_connection_nothing_is_chosen(workspace, connect, status):
    path = f"/v1/connections/{await connect(status)}/settings/contacts"

    for answer in (
        await workspace.http.patch(path, json={"import_new": False}),
        await workspace.http.put(path, json={}),
        await workspace.http.delete(path),
    ):
        assert (answer.status_code, answer.json()["type"]) == (409, SLUG + "connection-ended")


@pytest.mark.feature("E2")
async def test_an_entity_that_is_off_for_the_organisation_is_not_switched_on(workspace, path):
    await workspace.http.patch("/v1/workspace", json={"entities": ["calendar"]})

    refused = await workspace.http.patch(path, json={"direction": "two_way"})

    assert (refused.status_code, refused.json()["type"]) == (409, SLUG + "entity-disabled")


@pytest.mark.parametrize("entity", ["files", "mail", "people", "%F0%9F%98%80"])
@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT", "DELETE"])
async def test_what_is_not_built_is_404(workspace, path, method, entity):
    answer = await workspace.http.request(method, path.replace("contacts", entity), json={})

    assert (answer.status_code, answer.json()["type"]) == (404, SLUG + "entity-unknown")


async def test_a_connection_of_another_workspace_is_404(new_workspace, path):
    stranger = await new_workspace("Other Realty")

    for method in ("GET", "PATCH", "PUT", "DELETE"):
        answer = await stranger.http.request(method, path, json={"direction": "two_way"})
        assert (answer.status_code, answer.json()["type"]) == (404, SLUG + "connection-not-found")
    assert (await stranger.http.get(path.rpartition("/")[0])).status_code == 404


@pytest.mark.feature("F4")
async def test_rules_of_single_fields_are_patched_one_by_one(workspace, path, resources):
    default = {"field_overrides": {"company": "crm_wins"}}
    await workspace.http.patch("/v1/workspace", json={"defaults": {"contacts": default}})

    first = await workspace.http.patch(path, json={"field_overrides": {"notes": "microsoft_wins"}})
    assert first.json()["field_overrides"] == {"company": "crm_wins", "notes": "microsoft_wins"}
    second = await workspace.http.patch(path, json={"field_overrides": {"company": None}})
    assert second.json()["field_overrides"] == {"notes": "microsoft_wins"}
    put = await workspace.http.put(path, json={"field_overrides": {"title": "crm_wins", "notes": None}})
    assert put.json()["field_overrides"] == {"title": "crm_wins"}
    back = await workspace.http.patch(path, json={"field_overrides": None})
    assert back.json()["field_overrides"] == {"company": "crm_wins"}
    assert "field_overrides" in back.json()["inherited"]


@pytest.mark.feature("E5")
async def test_locked_rules_can_not_be_changed(workspace, path):
    default = {"field_overrides": {"notes": "crm_wins"}, "locked": ["field_overrides"]}
    await workspace.http.patch("/v1/workspace", json={"defaults": {"contacts": default}})

    refused = await workspace.http.patch(path, json={"field_overrides": {"notes": "microsoft_wins"}})
    assert (refused.status_code, refused.json()["type"]) == (403, SLUG + "setting-locked")
    same = await workspace.http.patch(path, json={"field_overrides": {"notes": "crm_wins"}})
    assert same.status_code == 200


@pytest.mark.feature("E5")
@pytest.mark.parametrize(
    ("chosen", "notes", "title"),
    [
        pytest.param({"direction": "two_way"}, "microsoft_wins", "crm_wins", id="both ways: as chosen"),
        pytest.param({"direction": "crm_to_microsoft"}, "crm_wins", "crm_wins", id="to Microsoft: the CRM"),
        pytest.param({"direction": "microsoft_to_crm"}, "microsoft_wins", "microsoft_wins", id="to the CRM"),
        pytest.param({}, "newest_wins", "newest_wins", id="switched off"),
    ],
)
async def test_who_wins_is_a_choice_only_where_both_sides_write(
    workspace, path, resources, chosen, notes, title
):
    rules = {"conflict_resolution": "crm_wins", "field_overrides": {"notes": "microsoft_wins"}}
    await workspace.http.patch(path, json=rules | chosen)
    connection = path.split("/")[3]

    async with resources.db.transaction(workspace.id) as session:
        policy = (await EffectiveSettings(session).policies([connection], "contacts"))[connection]

    assert (policy.of("notes"), policy.of("title")) == (notes, title)


@pytest.mark.parametrize(
    ("patch", "pointer"),
    [
        pytest.param({"direction": "both"}, "/direction", id="no such direction"),
        pytest.param({"direction": 1}, "/direction", id="a number"),
        pytest.param({"import_new": "yes"}, "/import_new", id="a string for a switch"),
        pytest.param({"conflict_resolution": "guess"}, "/conflict_resolution", id="no such resolution"),
        pytest.param(
            {"field_overrides": {"hobby": "crm_wins"}}, "/field_overrides/hobby", id="no such field"
        ),
        pytest.param({"field_overrides": {"notes": "both"}}, "/field_overrides/notes", id="no such rule"),
        pytest.param({"folder_name": " x"}, "/folder_name", id="a space before"),
        pytest.param({"folder_name": "x" * 201}, "/folder_name", id="too long"),
        pytest.param({"classes": ["buyer", "buyer"]}, "/classes", id="a class twice"),
        pytest.param({"classes": [""]}, "/classes/0", id="a class without a name"),
        pytest.param({"ownership": "mine"}, "/ownership", id="no such ownership"),
        pytest.param({"left_scope": "recreate"}, "/left_scope", id="no such end"),
        pytest.param({"existing_records": "some"}, "/existing_records", id="no such choice"),
        pytest.param({"existing_since": "2026-02-30"}, "/existing_since", id="no such day"),
        pytest.param({"existing_since": "yesterday"}, "/existing_since", id="no day at all"),
        pytest.param({"previewed": 7}, "/previewed", id="no run at all"),
        pytest.param({"hobby": "chess"}, "/hobby", id="unknown"),
    ],
)
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_a_wrong_choice_is_named_and_changes_nothing(workspace, path, method, patch, pointer):
    refused = await workspace.http.request(method, path, json=patch)

    assert refused.status_code == 422, refused.text
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]
    assert (await workspace.http.get(path)).json()["revision"] == 0


async def test_the_settings_of_many_connections_take_two_queries(resources, workspace, connect):
    ids = [await connect() for _ in range(5)]

    async with resources.db.transaction(workspace.id) as session:
        found = await EffectiveSettings(session).of_many(ids, "contacts")

    assert {found[one].folder_name for one in ids} == {"Acme Realty"}
    assert found[ids[0]].direction == "disabled"
