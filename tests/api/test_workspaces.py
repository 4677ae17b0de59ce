"""Workspaces, their keys, and what they configure."""

import pytest
from sqlalchemy import text

from app.security.keys import hash_of

SLUG = "/problems/"


async def test_a_workspace_starts_with_a_key_whose_secret_is_shown_once(api, client, app, resources):
    made = await api.post(
        "/v1/workspaces", json={"name": "Acme Realty", "crm_id": "org-55", "entities": ["contacts", "tasks"]}
    )

    body = made.json()
    assert made.status_code == 201
    assert set(body) == {"id", "name", "crm_id", "entities", "key"}
    assert (body["name"], body["crm_id"], body["entities"]) == (
        "Acme Realty",
        "org-55",
        ["contacts", "tasks"],
    )
    secret = body["key"]["secret"]
    assert secret.startswith("ck_")
    async with client(app, secret) as http:
        assert (await http.get("/v1/workspace")).json()["id"] == body["id"]
    async with resources.db.transaction(None) as session:
        rows = (await session.execute(text("SELECT credentials::text FROM credentials"))).scalars().all()
    assert len(rows) == 1
    assert hash_of(secret) in rows[0]
    assert secret not in rows[0]


async def test_a_crm_id_belongs_to_one_workspace(api, new_workspace, workspace):
    await new_workspace("Other", crm_id="org-55")

    again = await api.post("/v1/workspaces", json={"name": "Again", "crm_id": "org-55"})
    taken = await workspace.http.patch("/v1/workspace", json={"crm_id": "org-55"})

    assert (again.status_code, again.json()["type"]) == (409, SLUG + "crm-id-taken")
    assert (taken.status_code, taken.json()["type"]) == (409, SLUG + "crm-id-taken")


async def test_what_is_not_configured_has_its_default(workspace):
    body = (await workspace.http.get("/v1/workspace")).json()

    assert body["entities"] == ["contacts", "calendar", "tasks", "mail", "files"]
    assert (body["enabled"], body["entitled"], body["paused"], body["self_management"]) == (
        True,
        True,
        False,
        True,
    )
    assert (body["sync_interval_minutes"], body["settle_seconds"]) == (15, 120)
    assert (body["origins"], body["return_urls"], body["record_url_template"], body["phone_region"]) == (
        [],
        [],
        "",
        "",
    )
    assert body["vocabulary"] == {
        "classes": [],
        "activity_types": [],
        "projects": [],
        "unknown": {"classes": [], "activity_types": [], "projects": []},
    }
    assert body["rules"] == {
        "shared_deletes": "last_copy",
        "require_calendar_edit_rights": False,
        "projects": {"mode": "all", "active": []},
    }
    assert body["breaker"] == {
        "min_deletes": 10, "max_delete_percent": 10, "max_creates": 5000, "max_invitations": 20
    }  # fmt: skip
    assert body["defaults"] == {
        "contacts": {"locked": []},
        "calendar": {"locked": []},
        "tasks": {"locked": []},
    }


async def test_a_merge_patch_changes_what_it_mentions_and_null_returns_to_the_default(workspace):
    first = await workspace.http.patch(
        "/v1/workspace",
        json={
            "sync_interval_minutes": 30,
            "phone_region": "AU",
            "vocabulary": {"classes": [{"id": "buyer", "title": "Buyers"}]},
            "rules": {"projects": {"mode": "listed", "active": ["p-1"]}},
            "breaker": {"min_deletes": 3},
            "defaults": {"contacts": {"direction": "two_way", "locked": ["direction"]}},
            "return_urls": ["https://crm.example/"],
            "origins": ["https://crm.example"],
            "record_url_template": "https://crm.example/{kind}/{crm_id}",
        },
    )
    second = await workspace.http.patch(
        "/v1/workspace",
        json={
            "sync_interval_minutes": None,
            "rules": {"projects": {"active": []}},
            "breaker": {"min_deletes": None},
        },
    )

    one, two = first.json(), second.json()
    assert first.status_code == second.status_code == 200
    assert one["vocabulary"]["unknown"]["projects"] == ["p-1"]
    assert one["defaults"]["contacts"] == {"direction": "two_way", "locked": ["direction"]}
    assert two["sync_interval_minutes"] == 15
    assert two["rules"]["projects"] == {"mode": "listed", "active": []}
    assert two["breaker"]["min_deletes"] == 10
    assert two["phone_region"] == "AU"
    assert two["vocabulary"]["classes"] == [{"id": "buyer", "title": "Buyers"}]


async def test_what_get_returns_can_be_patched_back(workspace):
    seen = await workspace.http.get("/v1/workspace")

    again = await workspace.http.patch(
        "/v1/workspace", json={k: v for k, v in seen.json().items() if v is not None}
    )

    assert again.status_code == 200, again.text
    assert again.json() | {"updated_at": 0} == seen.json() | {
        "updated_at": 0,
        "revision": again.json()["revision"],
    }


@pytest.mark.parametrize(
    ("patch", "pointer"),
    [
        pytest.param({"name": None}, "/name", id="a name can't be taken away"),
        pytest.param({"name": " "}, "/name", id="a blank name"),
        pytest.param({"name": 7}, "/name", id="a number for a name"),
        pytest.param({"entities": ["contacts", "contacts"]}, "/entities", id="an entity twice"),
        pytest.param({"entities": ["people"]}, "/entities/0", id="an unknown entity"),
        pytest.param({"sync_interval_minutes": 4}, "/sync_interval_minutes", id="too often"),
        pytest.param({"sync_interval_minutes": 1441}, "/sync_interval_minutes", id="too seldom"),
        pytest.param({"sync_interval_minutes": "15"}, "/sync_interval_minutes", id="a string for a number"),
        pytest.param({"paused": 1}, "/paused", id="a number for a switch"),
        pytest.param({"settle_seconds": 3601}, "/settle_seconds", id="settles too late"),
        pytest.param({"origins": ["https://crm.example/"]}, "/origins/0", id="an origin with a path"),
        pytest.param({"origins": ["http://crm.example"]}, "/origins/0", id="a plain origin"),
        pytest.param({"return_urls": ["javascript:alert(1)"]}, "/return_urls/0", id="a script to return to"),
        pytest.param({"return_urls": ["https://a@b.example/"]}, "/return_urls/0", id="a user in a URL"),
        pytest.param({"record_url_template": "https://crm.example/"}, "/record_url_template", id="no crm_id"),
        pytest.param(
            {"record_url_template": "https://x/{a}{crm_id}"}, "/record_url_template", id="placeholder"
        ),
        pytest.param({"phone_region": "XX"}, "/phone_region", id="no such region"),
        pytest.param(
            {"vocabulary": {"classes": [{"id": "a"}]}}, "/vocabulary/classes/0/title", id="no title"
        ),
        pytest.param({"vocabulary": {"words": []}}, "/vocabulary/words", id="an unknown vocabulary"),
        pytest.param(
            {"rules": {"shared_deletes": "any"}}, "/rules/shared_deletes", id="an unknown rule value"
        ),
        pytest.param(
            {"breaker": {"max_delete_percent": 101}}, "/breaker/max_delete_percent", id="above 100 percent"
        ),
        pytest.param(
            {"defaults": {"contacts": {"classes": [""]}}}, "/defaults/contacts/classes/0", id="no word"
        ),
        pytest.param(
            {"defaults": {"contacts": {"locked": ["x"]}}}, "/defaults/contacts/locked/0", id="a lock of x"
        ),
        pytest.param(
            {"defaults": {"tasks": {"include": "some"}}}, "/defaults/tasks/include", id="a choice of tasks"
        ),
        pytest.param({"defaults": {"mail": {}}}, "/defaults/mail", id="no defaults for mail"),
        pytest.param({"hobby": "chess"}, "/hobby", id="an unknown field"),
    ],
)
async def test_a_wrong_patch_is_named_and_changes_nothing(workspace, patch, pointer):
    before = (await workspace.http.get("/v1/workspace")).json()

    refused = await workspace.http.patch("/v1/workspace", json=patch)

    assert refused.status_code == 422, refused.text
    assert pointer in [error["pointer"] for error in refused.json()["errors"]]
    assert (await workspace.http.get("/v1/workspace")).json() == before


async def test_if_match_is_strict(workspace):
    etag = (await workspace.http.get("/v1/workspace")).headers["etag"]

    good = await workspace.http.patch("/v1/workspace", json={"paused": True}, headers={"If-Match": etag})
    late = await workspace.http.patch("/v1/workspace", json={"paused": False}, headers={"If-Match": etag})
    weak = await workspace.http.patch(
        "/v1/workspace", json={}, headers={"If-Match": f"W/{good.headers['etag']}"}
    )
    bare = await workspace.http.patch("/v1/workspace", json={}, headers={"If-Match": "2"})
    several = await workspace.http.patch(
        "/v1/workspace", json={"paused": False}, headers={"If-Match": f'"99", {good.headers["etag"]}'}
    )

    assert (good.status_code, good.headers["etag"]) == (200, '"2"')
    assert (late.status_code, late.json()["type"]) == (412, SLUG + "revision-mismatch")
    assert late.json()["current"]["paused"] is True
    assert late.headers["etag"] == '"2"'
    assert weak.status_code == bare.status_code == 412
    assert (several.status_code, several.headers["etag"]) == (200, '"3"')


async def test_saying_what_is_so_changes_no_revision(workspace):
    again = await workspace.http.patch("/v1/workspace", json={"name": "Acme Realty", "paused": False})

    assert (again.status_code, again.headers["etag"]) == (200, '"1"')


async def test_the_operator_reads_and_changes_any_workspace(api, workspace):
    changed = await api.patch(f"/v1/workspaces/{workspace.id}", json={"entitled": False})
    seen = await api.get(f"/v1/workspaces/{workspace.id}")

    assert changed.status_code == 200
    assert seen.json()["entitled"] is False
    assert (await workspace.http.get("/v1/workspace")).json() == seen.json()
    assert (await api.get("/v1/workspaces/ws_none")).json()["type"] == SLUG + "workspace-not-found"
    assert (await api.patch("/v1/workspaces/ws_none", json={})).json()["type"] == SLUG + "workspace-not-found"


async def test_keys_are_made_listed_and_deleted(api, workspace, client, app):
    path = f"/v1/workspaces/{workspace.id}/keys"

    made = await api.post(path, json={"name": "back end"})
    listed = (await api.get(path)).json()["data"]

    assert (made.status_code, made.json()["name"]) == (201, "back end")
    assert [key["name"] for key in listed] == ["first", "back end"]
    assert all("secret" not in key for key in listed)
    async with client(app, made.json()["secret"]) as http:
        assert (await http.get("/v1/workspace")).status_code == 200
        assert (await api.delete(f"{path}/{made.json()['id']}")).status_code == 204
        assert (await http.get("/v1/workspace")).status_code == 401
    assert (await api.delete(f"{path}/{made.json()['id']}")).json()["type"] == SLUG + "key-not-found"
    assert (await api.get("/v1/workspaces/ws_none/keys")).json()["type"] == SLUG + "workspace-not-found"


async def test_a_key_of_another_workspace_is_not_deleted_through_mine(api, workspace, new_workspace):
    other = await new_workspace("Other")
    (key,) = (await api.get(f"/v1/workspaces/{other.id}/keys")).json()["data"]

    assert (await api.delete(f"/v1/workspaces/{workspace.id}/keys/{key['id']}")).status_code == 404
    assert (await other.http.get("/v1/workspace")).status_code == 200
