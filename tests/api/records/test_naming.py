"""Records born in Microsoft get their names from the CRM (``api.md`` §6, ``engine.md`` §§3, 12)."""

import pytest

MARY = {
    "given_name": "Mary",
    "family_name": "Shelley",
    "emails": [{"address": "mary@example.org", "name": None}],
}


@pytest.fixture
async def born(outlook):
    """Mary, added in Outlook: the id of her record."""
    return await outlook.adds(**MARY)


@pytest.fixture
async def told(crm, born):
    """The change that tells the CRM of Mary."""
    (change,) = await crm.reads()
    return change


async def of_record(crm, record_id, expect=(200,)):
    return await crm.call("GET", f"/v1/records/{record_id}", expect=expect)


async def unnamed(crm):
    return [contact["record_id"] for contact in (await crm.call("GET", "/v1/contacts?unnamed=true"))["data"]]


@pytest.mark.feature("A3")
async def test_a_record_without_a_name_is_offered_and_named_by_an_ack(crm, born, told):
    assert (told["type"], told["crm_id"], told["record_id"], told["origin"]) == (
        "contact.created", None, born, "microsoft",
    )  # fmt: skip
    assert (told["record"]["family_name"], await unnamed(crm)) == ("Shelley", [born])

    assert await crm.names(told, "c-900") == {"id": told["id"], "status": 200}

    assert (await crm.gets("c-900"))["record_id"] == born
    assert await unnamed(crm) == []
    assert await crm.names(told, "c-900") == {"id": told["id"], "status": 200}


async def test_a_put_may_name_a_record(crm, born, told):
    named = await crm.puts("c-900", params={"record_id": born}, **MARY, job_title="Novelist")

    assert (named["record_id"], named["job_title"], named["revision"]) == (born, "Novelist", 2)
    assert await crm.reads() == []


async def test_a_put_cannot_name_what_is_not_there(crm, problem):
    problem(await crm.http.put("/v1/contacts/c-1?record_id=rec_x", json={}), 404, "record-not-found")


async def test_a_record_has_one_name(crm, told, problem, born):
    await crm.names(told, "c-900")

    result = await crm.names(told, "c-901")

    assert (result["status"], result["problem"]["type"]) == (409, "/problems/already-named")
    problem(await crm.http.put(f"/v1/contacts/c-901?record_id={born}", json={}), 409, "already-named")


async def test_an_edit_of_an_unnamed_record_is_told_by_its_record_id(crm, outlook, born, told):
    await outlook.edits(born, job_title="Novelist")
    (edit,) = await crm.reads()
    assert (edit["type"], edit["crm_id"], edit["record_id"]) == ("contact.updated", None, born)

    await crm.names(told, "c-900")

    # What the CRM made of the first change is a copy of that revision: the edit is still on its way.
    assert (await crm.puts("c-900", **MARY, job_title=None))["job_title"] == "Novelist"


async def test_up_to_acknowledges_all_but_new_records_without_a_name(crm, outlook, told):
    record = await crm.puts("c-1", job_title="Programmer")
    await outlook.edits(record["record_id"], job_title="Poet")
    await crm.reads()

    answer = await crm.call("POST", "/v1/changes/ack", json={"up_to": crm.cursor})

    assert answer == {"results": [], "failed": 0}
    assert (await crm.names(told, "c-900"))["status"] == 200


@pytest.mark.parametrize(
    ("item", "status", "slug"),
    [
        pytest.param({"id": "chg_x"}, 404, "change-not-found", id="an unknown change"),
        pytest.param(
            {"id": "chg_x", "crm_id": "c-1"}, 404, "change-not-found", id="naming an unknown change"
        ),
    ],
)
async def test_each_item_has_its_own_result(crm, told, item, status, slug):
    wrong, right = await crm.acks(item, {"id": told["id"], "crm_id": "c-900"})

    assert (wrong["status"], wrong["problem"]["type"]) == (status, f"/problems/{slug}")
    assert right["status"] == 200


class TestTakenNames:
    async def test_naming_with_the_id_of_another_record_merges_the_two(self, crm, born, told):
        kept = await crm.puts("c-1", given_name="Mary", job_title="Novelist")

        assert (await crm.names(told, "c-1"))["status"] == 200

        (merged,) = await crm.reads()
        assert (merged["type"], merged["record_id"], merged["merged"]) == (
            "contact.merged",
            kept["record_id"],
            born,
        )
        assert (merged["crm_id"], merged["revision"]) == ("c-1", 2)
        assert (await of_record(crm, born))["deleted"]
        assert (await crm.names(told, "c-1"))["status"] == 200

    async def test_the_name_of_a_deleted_record_is_free(self, crm, born, told):
        await crm.puts("c-1", given_name="Old")
        await crm.deletes("c-1")

        await crm.names(told, "c-1")

        assert (await crm.gets("c-1"))["record_id"] == born


@pytest.mark.usefixtures("told")
class TestAPutThatIsFasterThanItsName:
    @pytest.mark.feature("F8")
    async def test_it_waits_and_is_then_the_record_it_matches(self, crm, born, later, work):
        made = await crm.puts("c-900", given_name="Mary", emails=[{"address": "MARY@example.org"}])
        assert made["record_id"] != born
        later(minutes=1, seconds=55)
        await work()
        assert await unnamed(crm) == [born]
        later(seconds=6)
        await work()

        assert await unnamed(crm) == []
        (merged,) = await crm.reads()
        assert (merged["type"], merged["record_id"], merged["merged"]) == (
            "contact.merged",
            made["record_id"],
            born,
        )

    async def test_a_name_that_comes_meanwhile_settles_it_at_once(self, crm, told):
        made = await crm.puts("c-900", **MARY)

        await crm.names(told, "c-900")

        assert await unnamed(crm) == []
        assert (await crm.gets("c-900"))["record_id"] == made["record_id"]

    async def test_another_name_leaves_it_a_person_of_its_own(self, crm, born, told, later, work):
        made = await crm.puts("c-900", **MARY)
        await crm.names(told, "c-901")
        later(minutes=3)
        await work()

        assert (await crm.gets("c-900"))["record_id"] == made["record_id"]
        assert (await crm.gets("c-901"))["record_id"] == born
        assert await crm.reads() == []

    async def test_two_of_one_address_are_not_guessed_at(self, crm, outlook, later, work):
        await outlook.adds(**MARY)
        await crm.puts("c-900", **MARY)
        later(minutes=3)
        await work()

        assert len(await unnamed(crm)) == 2


class TestRejections:
    async def test_a_rejected_record_is_not_spoken_of_until_it_is_named(self, crm, outlook, born, told):
        assert (await crm.rejects(told))["status"] == 200
        await outlook.edits(born, job_title="Novelist")
        assert await crm.reads() == []

        await crm.names(told, "c-900")
        await outlook.edits(born, job_title="Poet")

        assert [change["crm_id"] for change in await crm.reads()] == ["c-900"]

    async def test_a_rejected_edit_is_put_back(self, crm, outlook):
        record = await crm.puts(job_title="Programmer")
        await outlook.edits(record["record_id"], job_title="Poet")
        (change,) = await crm.reads()

        await crm.rejects(change)

        assert (await crm.gets())["job_title"] == "Programmer"
        assert {change["record"]["job_title"] for change in await crm.reads()} <= {"Programmer"}

    async def test_a_rejected_edit_leaves_a_newer_one_alone(self, crm, outlook):
        record = await crm.puts(job_title="Programmer")
        await outlook.edits(record["record_id"], job_title="Poet")
        (change,) = await crm.reads()
        await outlook.edits(record["record_id"], job_title="Countess")

        await crm.rejects(change)

        assert (await crm.gets())["job_title"] == "Countess"

    async def test_a_rejected_delete_leaves_the_record(self, crm, outlook):
        record = await crm.puts(job_title="Programmer")
        await outlook.deletes(record["record_id"])
        (change,) = await crm.reads()

        await crm.rejects(change)

        assert ((await crm.gets())["deleted"], (await crm.gets())["job_title"]) == (False, "Programmer")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        pytest.param({}, "", id="nothing"),
        pytest.param({"up_to": "x", "changes": []}, "", id="both"),
        pytest.param({"up_to": "x"}, "/up_to", id="a bad cursor"),
        pytest.param({"changes": [{"crm_id": "c-1"}]}, "/changes/0/id", id="no id"),
        pytest.param({"changes": [{"id": "c", "crm_id": "a b"}]}, "/changes/0/crm_id", id="a bad crm_id"),
        pytest.param(
            {"changes": [{"id": "c", "rejected": True}]}, "/changes/0/rejected", id="a bare rejection"
        ),
    ],
)
async def test_a_malformed_acknowledgement_is_refused(crm, problem, body, pointer):
    told = problem(await crm.http.post("/v1/changes/ack", json=body), 422, "invalid-request")

    assert told["errors"][0]["pointer"] == pointer
