"""Contacts as the CRM writes and reads them (``api.md`` §5)."""

import pytest

GRACE = {
    "owners": [{"user": "agent-7", "access": "primary"}],
    "classes": ["buyer"],
    "display_name": "Grace Hopper",
    "given_name": "Grace",
    "family_name": "Hopper",
    "company": "Navy",
    "emails": [{"address": "grace@example.org", "name": "Grace"}],
    "phones": [{"number": "+1 202 555 0100", "label": "business"}],
    "addresses": [{"label": "business", "street": "1 Navy Yard", "city": "Washington"}],
    "birthday": "1906-12-09",
    "notes": "COBOL",
    "categories": ["VIP"],
    "metadata": {"source": "web"},
    "created_at": "2026-01-05T08:00:00Z",
    "updated_at": "2026-01-06T08:00:00Z",
}


async def put(workspace, crm_id="c-1", expect=(200, 201), headers=None, params=None, **fields):
    answer = await workspace.http.put(f"/v1/contacts/{crm_id}", json=fields, headers=headers, params=params)
    assert answer.status_code in expect, answer.text
    return answer.json()


async def get(workspace, crm_id="c-1"):
    answer = await workspace.http.get(f"/v1/contacts/{crm_id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def changes(workspace):
    return (await workspace.http.get("/v1/changes")).json()["changes"]


@pytest.mark.feature("F8")
async def test_a_put_creates_then_updates_then_changes_nothing(workspace):
    made = await workspace.http.put("/v1/contacts/c-1", json=GRACE)
    moved = await workspace.http.put("/v1/contacts/c-1", json={"job_title": "Admiral"})
    again = await workspace.http.put("/v1/contacts/c-1", json={"job_title": "Admiral"})

    assert [answer.status_code for answer in (made, moved, again)] == [201, 200, 200]
    assert [answer.headers["etag"] for answer in (made, moved, again)] == ['"1"', '"2"', '"2"']
    assert made.json()["record_id"] == again.json()["record_id"]
    assert (again.json()["job_title"], again.json()["company"]) == ("Admiral", "Navy")


async def test_what_get_returns_can_be_put_back(workspace):
    await put(workspace, **GRACE)
    before = await get(workspace)

    answer = await workspace.http.put("/v1/contacts/c-1", json=before)

    assert answer.json() == before
    assert answer.headers["etag"] == '"1"'
    assert {name: before[name] for name in GRACE if name != "addresses"} == {
        name: value for name, value in GRACE.items() if name != "addresses"
    }


@pytest.mark.lesson(13)
@pytest.mark.parametrize(
    ("stated", "phones"),
    [
        pytest.param({}, 1, id="absent says nothing"),
        pytest.param({"phones": None}, 0, id="null clears"),
        pytest.param({"phones": []}, 0, id="an empty list clears"),
    ],
)
async def test_absent_is_not_null_is_not_empty(workspace, stated, phones):
    await put(workspace, **GRACE)

    assert len((await put(workspace, **stated))["phones"]) == phones


async def test_the_crms_own_writes_are_not_told_to_it(workspace):
    await put(workspace, **GRACE)
    await put(workspace, job_title="Admiral")
    await workspace.http.patch("/v1/contacts/c-1", json={"job_title": None})
    await workspace.http.delete("/v1/contacts/c-1")

    assert await changes(workspace) == []


async def test_a_patch_changes_what_it_mentions_and_needs_a_record(workspace, problem):
    await put(workspace, **GRACE)

    patched = await workspace.http.patch("/v1/contacts/c-1", json={"company": None, "job_title": "Admiral"})

    assert (patched.status_code, patched.json()["company"], patched.json()["job_title"]) == (
        200,
        None,
        "Admiral",
    )
    problem(await workspace.http.patch("/v1/contacts/c-9", json={}), 404, "record-not-found")


@pytest.mark.parametrize(
    ("headers", "status", "slug"),
    [
        pytest.param({"If-Match": '"1"'}, 200, None, id="current"),
        pytest.param({"If-Match": '"7"'}, 412, "revision-mismatch", id="not current"),
        pytest.param({"If-Match": "*"}, 200, None, id="any"),
        pytest.param({"If-None-Match": "*"}, 412, "already-exists", id="create only"),
        pytest.param({"If-Match": "1"}, 412, "revision-mismatch", id="no entity tag"),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_conditions_are_strict(workspace, problem, method, headers, status, slug):
    await put(workspace, **GRACE)

    answer = await workspace.http.request(method, "/v1/contacts/c-1", json={"company": "X"}, headers=headers)

    if slug is None:
        assert answer.status_code == status
    else:
        told = problem(answer, status, slug)
        assert (await get(workspace))["company"] == "Navy"
        if status == 412:
            assert told["current"]["company"] == "Navy"


async def test_conditions_of_a_record_that_does_not_exist(workspace, problem):
    problem(
        await workspace.http.put("/v1/contacts/c-1", json={}, headers={"If-Match": '"1"'}),
        412,
        "revision-mismatch",
    )
    made = await workspace.http.put("/v1/contacts/c-1", json={}, headers={"If-None-Match": "*"})
    assert made.status_code == 201


async def test_an_older_write_changes_nothing_and_says_so(workspace):
    await put(workspace, **GRACE)

    stale = await put(workspace, company="Old", updated_at="2026-01-05T23:59:59Z")
    same = await put(workspace, company="Equal", updated_at="2026-01-06T08:00:00Z")

    assert (stale["stale"], stale["company"]) == (True, "Navy")
    assert ("stale" in same, same["company"]) == (False, "Equal")


async def test_a_time_in_the_future_counts_as_now(workspace):
    await put(workspace, company="A", updated_at="2999-01-01T00:00:00Z")

    later = await put(workspace, company="B", updated_at="2998-01-01T00:00:00Z")

    assert ("stale" in later, later["company"]) == (False, "B")


async def test_a_deleted_contact_is_shown_for_a_while_and_left_out_of_lists(workspace):
    made = await put(workspace, **GRACE)
    for _ in range(2):
        assert (await workspace.http.delete("/v1/contacts/c-1")).status_code == 204
    gone = await get(workspace)

    assert (gone["deleted"], gone["revision"], gone["record_id"]) == (True, 2, made["record_id"])
    assert (await workspace.http.get("/v1/contacts")).json()["data"] == []
    (listed,) = (await workspace.http.get("/v1/contacts?deleted=true")).json()["data"]
    assert listed == gone
    assert (await workspace.http.delete("/v1/contacts/c-9")).status_code == 204


async def test_a_delete_may_have_a_condition(workspace, problem):
    await put(workspace, **GRACE)

    problem(
        await workspace.http.delete("/v1/contacts/c-1", headers={"If-Match": '"2"'}), 412, "revision-mismatch"
    )

    assert not (await get(workspace))["deleted"]


@pytest.mark.feature("F3")
async def test_a_put_revives_the_same_record(workspace):
    made = await put(workspace, **GRACE)
    await workspace.http.delete("/v1/contacts/c-1")

    back = await put(workspace, job_title="Admiral")

    assert (back["record_id"], back["deleted"], back["revision"]) == (made["record_id"], False, 3)
    assert (back["company"], back["job_title"]) == ("Navy", "Admiral")


@pytest.mark.feature("F3")
async def test_a_deleted_contact_is_restored_and_offered(workspace, problem):
    made = await put(workspace, **GRACE)
    await workspace.http.delete("/v1/contacts/c-1")

    back = await workspace.http.post("/v1/contacts/c-1/restore")

    assert (back.status_code, back.json()["deleted"], back.json()["company"]) == (200, False, "Navy")
    (told,) = await changes(workspace)
    assert (told["type"], told["crm_id"], told["reason"]) == ("contact.created", "c-1", "restored")
    assert told["record"] == (await get(workspace))
    assert told["record_id"] == made["record_id"]
    problem(await workspace.http.post("/v1/contacts/c-9/restore"), 404, "record-not-found")


@pytest.mark.feature("F3")
async def test_after_thirty_days_a_deleted_contact_is_gone(workspace, problem, later):
    made = await put(workspace, **GRACE)
    await workspace.http.delete("/v1/contacts/c-1")
    later(days=30, minutes=1)

    problem(await workspace.http.get("/v1/contacts/c-1"), 404, "record-not-found")
    problem(await workspace.http.post("/v1/contacts/c-1/restore"), 410, "record-gone")
    assert (await workspace.http.get("/v1/contacts?deleted=true")).json()["data"] == []
    anew = await workspace.http.put("/v1/contacts/c-1", json={"company": "X"})
    assert anew.status_code == 201
    assert (anew.json()["record_id"] != made["record_id"], anew.json()["revision"]) == (True, 1)


async def test_a_list_is_paged_and_says_from_where_to_follow_the_feed(workspace):
    for number in range(5):
        await put(workspace, f"c-{number}", display_name=f"N{number}")

    names, cursor, feeds = [], None, set()
    while True:
        params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = (await workspace.http.get("/v1/contacts", params=params)).json()
        names += [contact["display_name"] for contact in page["data"]]
        feeds.add(page["feed_cursor"])
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert names == [f"N{number}" for number in range(5)]
    assert len(feeds) == 1
    followed = await workspace.http.get("/v1/changes", params={"after": feeds.pop()})
    assert followed.json()["changes"] == []


@pytest.mark.parametrize(
    ("q", "found"),
    [
        pytest.param("grace", 1, id="a name"),
        pytest.param("NAVY", 1, id="a company, in capitals"),
        pytest.param("example.org", 1, id="an address"),
        pytest.param("gr%", 0, id="no pattern of SQL"),
        pytest.param("Ada", 0, id="nobody"),
    ],
)
async def test_a_list_can_be_searched(workspace, q, found):
    await put(workspace, **GRACE)

    assert len((await workspace.http.get("/v1/contacts", params={"q": q})).json()["data"]) == found


async def test_a_record_is_also_found_by_our_own_id(workspace, problem):
    made = await put(workspace, **GRACE)

    found = await workspace.http.get(f"/v1/records/{made['record_id']}")

    assert found.json() == made
    problem(await workspace.http.get("/v1/records/rec_x"), 404, "record-not-found")


@pytest.mark.parametrize(
    "crm_id",
    ["a" * 129, "batch", "a b", "ü", "a/b", "%2e", "a%00b", "a,b"],
)
async def test_a_crm_id_is_of_few_characters(workspace, crm_id):
    answer = await workspace.http.put(f"/v1/contacts/{crm_id}", json={})

    assert answer.status_code in {404, 405, 422}


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
async def test_batch_is_no_contact_and_says_how_it_is_used(workspace, problem, method):
    answer = await workspace.http.request(method, "/v1/contacts/batch", json={})

    assert "POST" in problem(answer, 405, "method-not-allowed")["detail"]
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize("crm_id", ["c-1", "a" * 128, "A.b_c~d:e@f", "..."])
async def test_every_allowed_crm_id_works(workspace, crm_id):
    assert (await put(workspace, crm_id, expect=(201,)))["crm_id"] == crm_id
    assert (await get(workspace, crm_id))["crm_id"] == crm_id


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        pytest.param({"name": "x"}, "/name", id="unknown field"),
        pytest.param({"company": 7}, "/company", id="wrong type"),
        pytest.param({"company": "x" * 100_001}, "/company", id="too long"),
        pytest.param({"emails": [{"name": "x"}]}, "/emails/0/address", id="missing inside"),
        pytest.param({"phones": [{"number": "1", "label": "car"}]}, "/phones/0/label", id="unknown label"),
        pytest.param({"birthday": "2026-02-30"}, "/birthday", id="no such day"),
        pytest.param({"updated_at": "yesterday"}, "/updated_at", id="no time"),
        pytest.param({"owners": [{"user": "a", "access": "full"}] * 2}, "/owners", id="a user twice"),
        pytest.param(
            {"owners": [{"user": f"u{n}", "access": "full"} for n in range(51)]}, "/owners", id="too many"
        ),
        pytest.param({"metadata": {"k": 1}}, "/metadata/k", id="metadata of numbers"),
        pytest.param({"metadata": {str(n): "v" for n in range(21)}}, "/metadata", id="too much metadata"),
    ],
)
async def test_a_malformed_contact_is_refused_by_the_field(workspace, problem, body, pointer):
    told = problem(await workspace.http.put("/v1/contacts/c-1", json=body), 422, "invalid-request")

    assert told["errors"][0]["pointer"] == pointer
    assert (await workspace.http.get("/v1/contacts/c-1")).status_code == 404


async def test_owners_are_returned_as_sent(workspace):
    owners = [{"user": "b", "access": "view_only"}, {"user": "a", "access": "primary"}]

    assert (await put(workspace, owners=owners))["owners"] == owners
    assert (await put(workspace, owners=owners[:1]))["owners"] == owners[:1]
    assert (await put(workspace, owners=None))["owners"] == []


async def test_nothing_of_another_workspace_is_seen(workspace, new_workspace, problem):
    other = await new_workspace("Other")
    made = await put(workspace, **GRACE)

    problem(await other.http.get("/v1/contacts/c-1"), 404, "record-not-found")
    problem(await other.http.get(f"/v1/records/{made['record_id']}"), 404, "record-not-found")
    assert (await put(other, company="Theirs"))["record_id"] != made["record_id"]
    assert (await get(workspace))["company"] == "Navy"


async def test_two_puts_of_a_new_contact_at_once_make_one_record(workspace):
    import asyncio

    answers = await asyncio.gather(*(put(workspace, "c-1", company=f"C{n}") for n in range(8)))

    assert len({answer["record_id"] for answer in answers}) == 1
    assert len((await workspace.http.get("/v1/contacts")).json()["data"]) == 1


class TestBatch:
    async def test_each_entry_succeeds_or_fails_for_itself(self, workspace):
        await put(workspace, "c-1", company="Old")
        await put(workspace, "c-2", company="Old")
        batch = {
            "upserts": [
                {"crm_id": "c-1", "company": "New"},
                {"crm_id": "c-3", "company": "Three"},
                {"crm_id": "c-4", "company": 4},
                {"crm_id": "c-1", "base_revision": 1, "company": "Twice"},
                {"crm_id": "c-5", "base_revision": 9},
            ],
            "deletes": ["c-2", "c-9"],
        }

        answer = (await workspace.http.post("/v1/contacts/batch", json=batch)).json()

        assert [(r["crm_id"], r["status"]) for r in answer["results"]] == [
            ("c-1", 422), ("c-3", 201), ("c-4", 422), ("c-1", 422), ("c-5", 201), ("c-2", 204), ("c-9", 204),
        ]  # fmt: skip
        assert answer["failed"] == 3
        assert answer["results"][0]["problem"]["type"] == "/problems/duplicate-in-batch"
        assert answer["results"][2]["problem"]["errors"][0]["pointer"] == "/company"
        assert (await get(workspace, "c-1"))["company"] == "Old"
        assert (await get(workspace, "c-2"))["deleted"]

    async def test_a_known_base_is_merged_against_and_an_unknown_one_refused(self, workspace):
        await put(workspace, "c-1", company="Old")
        batch = {"upserts": [{"crm_id": "c-1", "base_revision": 9, "company": "New"}]}

        (result,) = (await workspace.http.post("/v1/contacts/batch", json=batch)).json()["results"]

        assert (result["status"], result["problem"]["type"]) == (412, "/problems/base-revision-unknown")

    @pytest.mark.parametrize(
        ("batch", "pointer"),
        [
            pytest.param({"upserts": [{"company": "x"}]}, "/upserts/0/crm_id", id="no crm_id"),
            pytest.param({"upserts": [{"crm_id": "a b"}]}, "/upserts/0/crm_id", id="a bad crm_id"),
            pytest.param({"upserts": ["c-1"]}, "/upserts/0", id="no object"),
            pytest.param({"deletes": [7]}, "/deletes/0", id="a number"),
            pytest.param({"deletes": [f"c-{n}" for n in range(1001)]}, "/deletes", id="too many"),
            pytest.param({"removes": []}, "/removes", id="an unknown field"),
        ],
    )
    async def test_a_malformed_batch_is_refused_whole(self, workspace, problem, batch, pointer):
        told = problem(await workspace.http.post("/v1/contacts/batch", json=batch), 422, "invalid-request")

        assert told["errors"][0]["pointer"] == pointer

    async def test_a_thousand_contacts_are_one_request(self, workspace):
        batch = {"upserts": [{"crm_id": f"c-{n}", **GRACE, "display_name": f"N{n}"} for n in range(1000)]}

        first = (await workspace.http.post("/v1/contacts/batch", json=batch)).json()
        again = (await workspace.http.post("/v1/contacts/batch", json=batch)).json()

        assert ({r["status"] for r in first["results"]}, first["failed"]) == ({201}, 0)
        assert {(r["status"], r["revision"]) for r in again["results"]} == {(200, 1)}
        assert (await get(workspace, "c-999"))["display_name"] == "N999"
