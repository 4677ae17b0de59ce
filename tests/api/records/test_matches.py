"""Items and records that may be one: linked, left to a person, never guessed (``engine.md`` §12, ``api.md`` §8)."""

import pytest

from tests.api.records.folder import Folder

pytestmark = [pytest.mark.lesson(15), pytest.mark.feature("C7")]
MINE = [{"user": "agent-7", "access": "primary"}]
GRACE = {"owners": MINE, "display_name": "Grace Hopper", "emails": [{"address": "grace@example.org"}]}


@pytest.fixture
async def folder(resources, workspace):
    """Agent 7's folder, long since in sync."""
    return await Folder.opened(resources, workspace.id)


async def matches(crm, **params):
    return (await crm.call("GET", "/v1/matches", params=params))["data"]


async def resolves(crm, match, expect=(200,), **choice):
    return await crm.call("POST", f"/v1/matches/{match['id']}/resolve", json=choice, expect=expect)


@pytest.fixture
async def grace(crm):
    return await crm.puts("c-1", **GRACE)


@pytest.fixture
async def doubted(crm, folder, grace):
    """Grace has two items that may be hers: at work and at home."""
    await folder.gets("work", displayName="Grace at work", mail="grace@example.org")
    await folder.gets("home", displayName="Grace at home", mail="GRACE@example.org")
    await folder.turn()
    return await matches(crm, status="open")


@pytest.mark.story("typed into both sides")
async def test_a_later_item_is_linked_to_the_record_that_waits_for_its_own(crm, folder, grace):
    await folder.gets("item", displayName="G. H.", mail="Grace@Example.org")

    counts = await folder.turn()

    assert await folder.states() == {"item": "linked"}
    assert (counts["linked"], counts["to_crm"]["created"]) == (1, 0)
    assert await folder.keys("item") == {}


@pytest.mark.parametrize(
    ("record", "item"),
    [
        pytest.param(
            {"company": "Navy"}, {"displayName": "grace hopper", "companyName": "NAVY"}, id="name and company"
        ),
        pytest.param(
            {"phones": [{"number": "0412 345 678", "label": "mobile"}]},
            {"displayName": "Grace Hopper", "mobilePhone": "+61 412 345 678"},
            id="name and phone, in the region of the workspace",
        ),
    ],
)
async def test_without_an_address_a_name_needs_company_or_phone(crm, folder, record, item):
    await crm.call("PATCH", "/v1/workspace", json={"phone_region": "AU"})
    await crm.puts("c-1", owners=MINE, display_name="Grace Hopper", **record)
    await folder.gets("item", **item)

    await folder.turn()

    assert (await folder.states())["item"] == "linked"
    assert len(await folder.states()) == 1


async def test_a_name_alone_never_matches(crm, folder):
    await crm.puts("c-1", owners=MINE, display_name="Grace Hopper")
    await folder.gets("item", displayName="Grace Hopper")

    counts = await folder.turn()

    assert (counts["linked"], counts["to_crm"]["created"]) == (0, 1)


async def test_what_a_record_says_now_counts(crm, folder, grace):
    await crm.patches("c-1", emails=[{"address": "amazing@example.org"}])
    await folder.gets("old", displayName="Somebody", mail="grace@example.org")
    await folder.gets("new", displayName="G.", mail="amazing@example.org")

    await folder.turn()

    links = await folder.links()
    assert links["new"].record_id == grace["record_id"] != links["old"].record_id


async def test_who_is_deleted_is_found_no_more_and_who_is_revived_is(crm, folder, grace):
    await crm.deletes("c-1")
    assert await folder.keys("record") == {}

    await crm.puts("c-1", **GRACE)

    assert await folder.keys("record") == {grace["record_id"]: 1}


async def test_the_oldest_of_equal_items_is_linked_and_the_others_are_left_alone(crm, folder, grace):
    for number in range(5):
        await folder.gets(f"item-{number}", displayName="G. H.", mail="grace@example.org")

    await folder.turn()

    states = await folder.states()
    assert (states["item-0"], {*states.values()} - {"linked"}) == ("linked", {"ignored"})
    assert (await folder.links())["item-1"].decision["code"] == "duplicate_item"
    assert await matches(crm) == []


async def test_equal_items_without_a_record_become_one(crm, folder):
    await folder.gets("one", displayName="G. H.", mail="g@example.org")
    await folder.gets("two", displayName="G. H.", mail="g@example.org")

    counts = await folder.turn()

    assert (counts["to_crm"]["created"], await folder.states()) == (1, {"one": "linked", "two": "ignored"})


async def test_a_copy_of_a_linked_item_is_left_alone_until_it_says_something_else(crm, folder):
    await folder.gets("one", displayName="G. H.", mail="g@example.org")
    await folder.turn()
    await folder.gets("copy", displayName="G. H.", mail="g@example.org")
    await folder.turn()

    assert await folder.states() == {"one": "linked", "copy": "ignored"}


async def test_another_wording_of_a_linked_item_is_asked_about(crm, folder):
    await folder.gets("one", displayName="G. H.", mail="g@example.org")
    await folder.turn()
    await folder.gets("again", displayName="G. H.", mail="g@example.org", jobTitle="Admiral")
    await folder.turn()
    (match,) = await matches(crm)
    (known,) = match["candidates"]

    await resolves(crm, match, link=known["record_id"])
    await folder.turn()

    # They are one person: the older item stays linked, the other one stays in Outlook.
    assert await folder.states() == {"one": "linked", "again": "ignored"}


@pytest.mark.story("two items match one record")
async def test_two_items_of_one_record_wait_and_say_why(crm, folder, grace, doubted):
    assert await folder.states() == {
        "work": "in_review",
        "home": "in_review",
        grace["record_id"]: "in_review",
    }
    assert [match["item"]["display_name"] for match in doubted] == ["Grace at work", "Grace at home"]
    (candidate,) = doubted[0]["candidates"]
    assert (candidate["record_id"], candidate["crm_id"], candidate["because"]) == (
        grace["record_id"],
        "c-1",
        ["email"],
    )
    assert candidate["summary"]["display_name"] == "Grace Hopper"
    opened = [change for change in await crm.reads() if change["type"] == "match.opened"]
    assert [change["record"]["id"] for change in opened] == [match["id"] for match in doubted]
    (stands,) = (await crm.gets("c-1", include="sync"))["sync"]
    assert (stands["state"], stands["reason"]) == ("in_review", "match_open")
    counts = (await crm.call("GET", "/v1/connections/con_a"))["entities"]["contacts"]["counts"]
    assert counts["in_review"] == 2


async def test_matches_are_listed_by_status_connection_and_entity(crm, doubted):
    assert len(await matches(crm, connection="con_a", entity="contacts")) == 2
    assert await matches(crm, connection="con_b") == await matches(crm, status="resolved") == []
    first = await crm.call("GET", "/v1/matches?limit=1")
    (second,) = await matches(crm, cursor=first["next_cursor"])
    assert [*first["data"], second] == doubted


async def test_linked_by_a_person_each_fills_the_others_blanks(crm, folder, grace, doubted):
    await folder.edits("work", companyName="Navy")
    await folder.turn()
    await crm.reads()

    closed = await resolves(crm, doubted[0], link=grace["record_id"])
    await folder.turn()

    assert (closed["status"], closed["decision"], closed["resolved_by"]) == (
        "resolved",
        {"link": grace["record_id"]},
        "crm",
    )
    link = (await folder.links())["work"]
    assert (link.state, link.record_id) == ("linked", grace["record_id"])
    assert (await crm.gets("c-1"))["company"] == "Navy"
    assert "match.resolved" in [change["type"] for change in await crm.reads()]


async def test_a_decision_on_one_item_is_none_on_the_next(crm, folder, grace, doubted):
    await resolves(crm, doubted[0], link=grace["record_id"])
    await folder.turn()

    (left,) = await matches(crm, status="open")

    assert (left["id"], left["candidates"][0]["record_id"]) == (doubted[1]["id"], grace["record_id"])
    assert [change for change in await crm.reads() if change["type"] == "contact.created"] == []


async def test_created_by_a_person_it_is_a_record_of_its_own_and_the_candidates_get_their_items(
    crm, folder, grace
):
    another = await crm.puts("c-2", **GRACE)
    await folder.gets("item", displayName="Grace at work", mail="grace@example.org")
    await folder.turn()
    (match,) = await matches(crm)
    await resolves(crm, match, create=True)
    await folder.turn()

    links = await folder.links()
    assert links["item"].state == "linked"
    for record in (grace, another):
        assert (links[record["record_id"]].state, links[record["record_id"]].due_at is not None) == (
            "wanted",
            True,
        )
    created = [change for change in await crm.reads() if change["type"] == "contact.created"]
    assert [change["record_id"] for change in created] == [links["item"].record_id]


async def test_once_one_of_two_is_somebody_new_the_other_is_clear(crm, folder, grace, doubted):
    await resolves(crm, doubted[0], create=True)

    await folder.turn()

    links = await folder.links()
    assert links["home"].record_id == grace["record_id"] != links["work"].record_id
    assert await matches(crm, status="open") == []


async def test_ignored_by_a_person_it_is_never_asked_about_again(crm, folder, grace, doubted):
    for match in doubted:
        await resolves(crm, match, ignore=True)
    await folder.turn()
    await folder.turn()

    assert await folder.states() == {"work": "ignored", "home": "ignored", grace["record_id"]: "wanted"}
    assert await matches(crm, status="open") == []


async def test_an_item_that_is_gone_closes_its_match_and_the_other_is_linked(crm, folder, grace, doubted):
    await folder.loses("work")

    await folder.turn()

    closed = {match["id"]: match for match in await matches(crm)}
    assert (closed[doubted[0]["id"]]["status"], closed[doubted[0]["id"]]["resolved_by"]) == (
        "obsolete",
        "item_removed",
    )
    assert (await folder.links())["home"].record_id == grace["record_id"]


async def test_a_record_that_is_deleted_closes_the_match_and_the_items_are_new(crm, folder, grace, doubted):
    await crm.deletes("c-1")

    await folder.turn()

    assert {match["status"] for match in await matches(crm)} == {"obsolete"}
    assert {match["resolved_by"] for match in await matches(crm)} == {"evidence"}
    assert {(await folder.states())[item] for item in ("work", "home")} == {"linked"}


async def test_an_edit_that_makes_it_clear_closes_the_match(crm, folder, grace, doubted):
    await folder.edits("home", mail="another@example.org")

    await folder.turn()

    links = await folder.links()
    assert links["work"].record_id == grace["record_id"] != links["home"].record_id
    assert await matches(crm, status="open") == []


async def test_another_record_of_that_address_waits_with_the_others(crm, folder, grace, doubted):
    another = await crm.puts("c-2", **GRACE)

    await folder.turn()

    assert (await folder.states())[another["record_id"]] == "in_review"
    for match in await matches(crm, status="open"):
        assert {candidate["crm_id"] for candidate in match["candidates"]} == {"c-1", "c-2"}


async def test_a_record_of_another_user_is_asked_about_and_never_linked(crm, folder):
    theirs = await crm.puts("c-9", **{**GRACE, "owners": [{"user": "agent-9", "access": "primary"}]})
    await folder.gets("item", displayName="Grace", mail="grace@example.org")

    await folder.turn()

    (match,) = await matches(crm)
    (candidate,) = match["candidates"]
    assert (candidate["record_id"], candidate["in_scope"]) == (theirs["record_id"], False)
    assert await folder.states() == {"item": "in_review"}
    token = await crm.call("POST", "/v1/session-tokens", json={"user": "agent-7", "role": "user"})
    headers = {"authorization": f"Bearer {token['token']}"}
    (seen_by_the_user,) = (await crm.call("GET", "/v1/matches", headers=headers))["data"]
    assert (seen_by_the_user["id"], seen_by_the_user["candidates"]) == (match["id"], [])


async def test_what_is_not_to_be_imported_is_no_question(crm, folder):
    await crm.puts("c-9", **{**GRACE, "owners": [{"user": "agent-9", "access": "primary"}]})
    folder.chooses(import_new=False)
    await folder.gets("item", displayName="Grace", mail="grace@example.org")

    await folder.turn()

    assert (await folder.states(), await matches(crm)) == ({"item": "unmatched"}, [])
    assert len(await folder.keys("item")) == 1


async def test_an_item_that_was_not_imported_is_found_by_a_record_made_later(crm, folder):
    folder.chooses(import_new=False)
    await folder.gets("item", displayName="Grace", mail="grace@example.org")
    await folder.turn()
    await crm.puts("c-1", **GRACE)

    await folder.turn()

    assert await folder.states() == {"item": "linked"}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        pytest.param({}, "", id="nothing"),
        pytest.param({"create": True, "ignore": True}, "", id="two of three"),
        pytest.param({"create": False}, "/create", id="create: false"),
        pytest.param({"link": "rec_x"}, "/link", id="no such record"),
    ],
)
async def test_a_malformed_decision_is_refused(crm, problem, doubted, body, pointer):
    told = problem(
        await crm.http.post(f"/v1/matches/{doubted[0]['id']}/resolve", json=body), 422, "invalid-request"
    )

    assert told["errors"][0]["pointer"] == pointer


async def test_what_is_closed_or_unknown_takes_no_decision(crm, problem, doubted):
    await resolves(crm, doubted[0], ignore=True)

    again = await crm.http.post(f"/v1/matches/{doubted[0]['id']}/resolve", json={"create": True})
    unknown = await crm.http.post("/v1/matches/mat_x/resolve", json={"create": True})

    problem(again, 409, "match-closed")
    problem(unknown, 404, "match-not-found")
