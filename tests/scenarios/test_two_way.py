"""Two-way and continuous: an edit on one side is on the other, and nobody's work is lost or echoed."""

import pytest
from world import eventually

GRACE = {
    "display_name": "Grace Hopper",
    "given_name": "Grace",
    "family_name": "Hopper",
    "job_title": "Rear admiral",
    "emails": [{"address": "grace@example.org", "name": "Grace"}],
}


@pytest.fixture
def grace(crm, ada, syncing):
    """Grace, in the CRM as c-1 and in Ada's Outlook."""
    crm.puts("c-1", **GRACE)
    item = eventually(lambda: ada.named("Grace Hopper"))
    crm.is_quiet(syncing)
    crm.news()
    return item


@pytest.mark.feature("A4")
@pytest.mark.feature("C7")
def test_an_edit_in_outlook_reaches_the_crm_by_itself(crm, ada, grace):
    ada.is_watched()
    ada.edits(grace, jobTitle="Admiral")

    change = crm.hears("contact.updated")

    assert (change["crm_id"], change["origin"], change["changed"]) == ("c-1", "microsoft", ["job_title"])
    assert (change["previous"], change["record"]["job_title"]) == ({"job_title": "Rear admiral"}, "Admiral")


@pytest.mark.feature("A4")
@pytest.mark.lesson(4)
def test_an_edit_in_the_crm_reaches_outlook_in_one_write_and_is_not_echoed(crm, ada, grace, syncing):
    ada.is_watched()
    start = ada.mark()
    crm.patches("c-1", job_title="Admiral")
    eventually(lambda: ada.holds(grace)["jobTitle"] == "Admiral")
    crm.syncs(syncing)

    assert [e["method"] for e in ada.writes(after=start)] == ["PATCH"]
    assert crm.news() == []


@pytest.mark.feature("A4")
def test_saving_the_same_again_writes_nothing(crm, ada, grace, syncing):
    start = ada.mark()
    for _ in range(3):
        crm.puts("c-1", **GRACE)
    crm.syncs(syncing, full=True)

    assert ada.writes(after=start) == []
    assert crm.news() == []


@pytest.mark.feature("C7")
@pytest.mark.lesson(13)
def test_two_people_edit_different_fields_and_both_keep_their_edit(crm, ada, sandbox, grace, syncing):
    with sandbox.settings(notifications=False):
        ada.edits(grace, mobilePhone="+1 202 555 0199")
        crm.patches("c-1", company="Eckert-Mauchly")
        crm.syncs(syncing)

    now = eventually(lambda: (item := ada.holds(grace))["companyName"] and item)
    assert (now["companyName"], now["mobilePhone"]) == ("Eckert-Mauchly", "+1 202 555 0199")
    record = eventually(lambda: (held := crm.holds("c-1"))["phones"] and held)
    assert (record["company"], record["phones"][0]["number"]) == ("Eckert-Mauchly", "+1 202 555 0199")


@pytest.mark.feature("C7")
@pytest.mark.lesson(13)
@pytest.mark.parametrize(
    ("policy", "stays"), [("crm_wins", "CRM"), ("microsoft_wins", "Outlook"), ("newest_wins", "CRM")]
)
def test_two_people_edit_one_field_and_the_chosen_one_stays_on_both_sides(
    crm, ada, sandbox, grace, syncing, policy, stays
):
    crm.chooses(syncing, conflict_resolution=policy)
    with sandbox.settings(notifications=False):
        ada.edits(grace, jobTitle="Outlook")
        crm.patches("c-1", job_title="CRM")
        crm.syncs(syncing)

    eventually(lambda: ada.holds(grace)["jobTitle"] == crm.holds("c-1")["job_title"] == stays)
    assert len(crm.call("GET", "/v1/conflicts?crm_id=c-1")["data"]) == 1


@pytest.mark.feature("E5")
@pytest.mark.feature("F4")
@pytest.mark.lesson(13)
@pytest.mark.parametrize(("take", "stays"), [("crm", "CRM"), ("microsoft", "Outlook")])
def test_two_people_edit_one_field_and_neither_is_overwritten_until_somebody_decides(
    crm, ada, sandbox, grace, syncing, take, stays
):
    crm.chooses(syncing, conflict_resolution="ask")
    with sandbox.settings(notifications=False):
        ada.edits(grace, jobTitle="Outlook")
        crm.patches("c-1", job_title="CRM", company="Navy")
        crm.syncs(syncing)
    eventually(lambda: ada.holds(grace)["companyName"] == "Navy")
    crm.is_quiet(syncing)
    assert (ada.holds(grace)["jobTitle"], crm.holds("c-1")["job_title"]) == ("Outlook", "CRM")
    (conflict,) = crm.call("GET", "/v1/conflicts?status=open")["data"]
    assert (conflict["field"], conflict["crm"], conflict["microsoft"]) == ("job_title", "CRM", "Outlook")
    assert [found["id"] for found in crm.call("GET", "/v1/connections?attention=true")["data"]] == [syncing]

    crm.call("POST", f"/v1/conflicts/{conflict['id']}/resolve", json={"take": take})

    eventually(lambda: ada.holds(grace)["jobTitle"] == crm.holds("c-1")["job_title"] == stays)
    assert crm.call("GET", "/v1/connections?attention=true")["data"] == []


@pytest.mark.feature("C7")
@pytest.mark.lesson(13)
def test_what_is_cleared_on_one_side_is_cleared_on_the_other(crm, ada, grace):
    ada.is_watched()
    crm.patches("c-1", emails=[], job_title=None)
    now = eventually(lambda: not (item := ada.holds(grace))["emailAddresses"] and item)
    assert now["jobTitle"] in {None, ""}
    crm.patches("c-1", job_title="Admiral")
    eventually(lambda: ada.holds(grace)["jobTitle"] == "Admiral")

    ada.edits(grace, jobTitle=None)

    assert crm.hears("contact.updated")["record"]["job_title"] is None


@pytest.mark.feature("C7")
def test_what_outlook_has_no_room_for_survives_an_edit_there(crm, ada, grace):
    ada.is_watched()
    many = [{"address": f"grace{n}@example.org", "name": "Grace"} for n in range(5)]
    phones = [{"number": f"+1 202 555 010{n}", "label": "business"} for n in range(3)]
    crm.patches("c-1", emails=many, phones=phones)
    item = eventually(lambda: len((now := ada.holds(grace))["emailAddresses"]) == 3 and now)
    edited = [{**item["emailAddresses"][0], "address": "new@example.org"}, *item["emailAddresses"][1:]]
    ada.edits(grace, emailAddresses=edited)

    record = crm.hears("contact.updated")["record"]

    assert [e["address"] for e in record["emails"]] == ["new@example.org", *(e["address"] for e in many[1:])]
    assert [p["number"] for p in record["phones"]] == [p["number"] for p in phones]


@pytest.mark.feature("A3")
@pytest.mark.feature("F8")
def test_a_contact_added_in_the_folder_is_named_by_the_crm_and_then_theirs_both_ways(crm, ada, syncing):
    ada.is_watched()
    item = ada.adds("Mary Shelley", surname="Shelley")
    change = crm.hears("contact.created")
    assert (change["crm_id"], change["origin"], change["record"]["family_name"]) == (
        None,
        "microsoft",
        "Shelley",
    )

    crm.names(change, "c-900")
    crm.patches("c-900", job_title="Novelist")

    eventually(lambda: ada.holds(item)["jobTitle"] == "Novelist")
    assert ada.names() == ["Mary Shelley"]


@pytest.mark.story("a PUT is faster than the naming")
@pytest.mark.feature("F8")
@pytest.mark.lesson(15)
def test_a_crm_that_saves_before_it_names_makes_no_second_item(crm, ada, syncing):
    ada.is_watched()
    item = ada.adds("Mary Shelley", emailAddresses=[{"address": "Mary@example.org", "name": "Mary"}])
    change = crm.hears("contact.created")
    crm.puts(
        "c-900", display_name="Mary Shelley", job_title="Novelist", emails=[{"address": "mary@example.org"}]
    )
    crm.names(change, "c-900")

    eventually(lambda: ada.holds(item)["jobTitle"] == "Novelist")
    crm.syncs(syncing)
    assert ada.names() == ["Mary Shelley"]


@pytest.mark.feature("F8")
@pytest.mark.lesson(15)
def test_a_crm_that_never_names_what_it_saved_has_it_matched_after_two_minutes(crm, ada, syncing):
    ada.is_watched()
    item = ada.adds("Mary Shelley", emailAddresses=[{"address": "Mary@example.org", "name": "Mary"}])
    crm.hears("contact.created")
    crm.puts(
        "c-900", display_name="Mary Shelley", job_title="Novelist", emails=[{"address": "mary@example.org"}]
    )
    crm.syncs(syncing)
    assert ada.names() == ["Mary Shelley"]

    ada.sandbox.advance(121)

    eventually(lambda: ada.holds(item)["jobTitle"] == "Novelist")
    assert ada.names() == ["Mary Shelley"]
    assert crm.holds("c-900")["job_title"] == "Novelist"
