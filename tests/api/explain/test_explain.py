"""Explain: in the API's shape, for every way to ask."""

import pytest

pytestmark = pytest.mark.feature("F1")


async def test_a_contact_in_sync_is_explained_with_what_each_side_had(stage, ada):
    await stage.call(
        "PATCH", "/v1/workspace", json={"record_url_template": "https://crm.example/{kind}/{crm_id}"}
    )
    made = await stage.puts(job_title="Programmer")
    await stage.works()
    (item,) = await ada.contacts()

    whole = await stage.call("GET", "/v1/contacts/c-1/explain")

    assert (whole["crm_id"], whole["record_id"], whole["revision"]) == ("c-1", made["record_id"], 1)
    assert whole["record_url"] == "https://crm.example/contact/c-1"
    (entry,) = whole["connections"]
    (decision,) = entry["decisions"]
    assert (decision["code"], decision["detail"]) == ("in_scope", "The record belongs in this mailbox.")
    had = {
        "display_name": "Ada Lovelace", "given_name": "Ada", "job_title": "Programmer",
        "emails": [{"address": "ada@example.org", "name": None}],
    }  # fmt: skip
    assert entry == {
        "connection": "con_agent-7", "user": "agent-7", "direction": "two_way", "state": "synced",
        "in_scope": True, "reason": "in_scope",
        "detail": f"Ada Lovelace is in the mailbox {ada.mail}, and both sides agree.", "linked": True,
        "item": {"id": item["id"], "container": await ada.folder(), "web_link": None},
        "microsoft_had": had, "crm_had": had, "owed": {"to_microsoft": None, "to_crm": None},
        "decisions": [decision], "next_attempt_at": None, "problem": None,
    }  # fmt: skip
    assert await stage.call("GET", f"/v1/records/{made['record_id']}/explain") == whole
    assert await stage.finds(item=item["id"]) == [whole]
    assert await stage.finds(address="ADA@Example.org") == [whole]


async def test_what_is_owed_either_way_is_named_by_field(stage, ada):
    await stage.puts(job_title="Programmer", phones=[{"number": "1", "label": "mobile"}])
    assert (await stage.explains())["owed"]["to_microsoft"] == {
        "write": "create", "fields": ["display_name", "given_name", "job_title", "emails", "phones"],
    }  # fmt: skip
    await stage.works()

    await stage.puts(job_title="Countess")
    (item,) = await ada.contacts()
    await ada.edits(item, companyName="Analytical Engines")
    told = await stage.explains()
    assert (told["state"], told["reason"]) == ("pending", "in_scope")
    assert told["owed"] == {"to_microsoft": {"write": "update", "fields": ["job_title"]}, "to_crm": None}
    assert (told["microsoft_had"]["job_title"], told["crm_had"]["job_title"]) == ("Programmer", "Countess")

    await stage.syncs()
    told = await stage.explains()
    assert told["owed"] == {"to_microsoft": None, "to_crm": {"write": "update", "fields": ["company"]}}
    assert told["microsoft_had"]["company"] == "Analytical Engines"
    assert "company" not in told["crm_had"]

    await stage.call("GET", "/v1/changes")
    assert (await stage.explains())["owed"]["to_crm"] is None


async def test_a_deletion_that_is_owed_is_told(stage, ada):
    await stage.chooses(removed_from_crm="delete")
    await stage.puts()
    await stage.works()
    await stage.call("DELETE", "/v1/contacts/c-1")

    told = await stage.explains()

    assert told["owed"]["to_microsoft"] == {"write": "delete", "fields": []}
    assert (told["state"], told["reason"], told["in_scope"]) == ("pending", "removed_from_crm", False)


async def test_an_item_that_no_record_knows_is_explained_by_its_id_and_its_address(stage):
    ada = await stage.connects(import_new=False)
    item = await ada.adds("Grace", "grace@example.org")
    await stage.syncs()

    (found,) = await stage.finds(item=item["id"])

    assert {name: found[name] for name in ("crm_id", "record_id", "revision", "record_url")} == {
        "crm_id": None, "record_id": None, "revision": None, "record_url": None,
    }  # fmt: skip
    (entry,) = found["connections"]
    assert (entry["state"], entry["reason"], entry["in_scope"]) == ("out_of_scope", "import_off", False)
    assert entry["detail"].startswith("Grace is new in the mailbox")
    assert (entry["linked"], entry["item"]["id"], entry["crm_had"]) == (False, item["id"], {})
    assert entry["microsoft_had"]["given_name"] == "Grace"
    assert await stage.finds(address="grace@example.org") == [found]
    assert await stage.finds(item="AAMkNothing") == await stage.finds(address="nobody@example.org") == []


async def test_a_connection_that_has_nothing_to_do_with_it_is_explained_if_it_is_named(stage, ada):
    await stage.connects("agent-8")
    await stage.puts()
    whole = await stage.call("GET", "/v1/contacts/c-1/explain")
    assert [entry["user"] for entry in whole["connections"]] == ["agent-7"]

    told = await stage.explains(user="agent-8", connection="con_agent-8")

    assert (told["state"], told["reason"], told["in_scope"]) == ("out_of_scope", "not_an_owner", False)
    assert told["owed"]["to_microsoft"] is None
    (found,) = await stage.finds("agent-8", address="ada@example.org")
    assert found["connections"] == [told]


async def test_a_contact_of_nobody_has_no_connections_but_its_place_in_the_crm(stage):
    await stage.call(
        "PATCH", "/v1/workspace", json={"record_url_template": "https://crm.example/{kind}/{crm_id}"}
    )
    await stage.puts(owners=[])
    whole = await stage.call("GET", "/v1/contacts/c-1/explain")
    assert (whole["connections"], whole["record_url"]) == ([], "https://crm.example/contact/c-1")


async def test_what_can_not_be_explained_is_refused(stage):
    await stage.connects(direction="disabled")
    await stage.puts()
    mailbox = "/v1/connections/con_agent-7/explain"
    for path, status, slug in (
        ("/v1/contacts/c-9/explain", 404, "record-not-found"),
        ("/v1/records/rec_9/explain", 404, "record-not-found"),
        ("/v1/contacts/c-1/explain?connection=con_9", 404, "connection-not-found"),
        ("/v1/connections/con_9/explain?item=a", 404, "connection-not-found"),
        (mailbox, 422, "invalid-request"),
        (f"{mailbox}?item=a&address=b", 422, "invalid-request"),
        (f"{mailbox}?item=a&entity=mail", 404, "entity-unknown"),
    ):
        answer = await stage.tenant.http.get(path)
        assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}"), path


async def test_explaining_moves_nothing(stage, ada):
    made = await stage.puts()
    before = await stage.link(made["record_id"])
    await stage.explains()
    after = await stage.link(made["record_id"])
    assert (after.due_at, after.updated_at, after.decisions) == (
        before.due_at,
        before.updated_at,
        before.decisions,
    )


async def test_a_decision_names_the_run_that_made_it(stage, ada):
    await stage.puts()
    run = await stage.call("POST", "/v1/connections/con_agent-7/sync/contacts")
    await stage.works()
    assert (await stage.explains())["decisions"][0]["run"] == run["id"]


async def test_what_happens_to_many_links_at_once_is_noted_as_for_one(stage):
    await stage.connects(removed_from_crm="delete")
    await stage.puts()
    await stage.works()
    for _ in range(2):
        await stage.call("DELETE", "/v1/contacts/c-1")
        await stage.works()
        await stage.call("POST", "/v1/contacts/c-1/restore")
        await stage.works()

    codes = [each["code"] for each in (await stage.explains())["decisions"]]

    assert codes == [*["in_scope", "restored", "removed_from_crm"] * 2, "in_scope"]
