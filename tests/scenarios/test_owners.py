"""A record belongs to the workspace: it is in the mailbox of each of its owners, and may leave one of them."""

import pytest
from world import eventually

GRACE = {
    "display_name": "Grace Hopper",
    "given_name": "Grace",
    "job_title": "Rear admiral",
    "emails": [{"address": "grace@example.org", "name": "Grace"}],
}


def owned(**access):
    return [{"user": user.replace("_", "-"), "access": level} for user, level in access.items()]


@pytest.fixture
def ben(crm, sandbox):
    """A second user of the workspace, in sync both ways; ``ben.connection`` is his."""
    ben = sandbox.person()
    ben.connection = crm.connects(ben, user="agent-2")
    crm.awaits(crm.chooses(ben.connection)["run"])
    return ben


@pytest.fixture
def shared(crm, ada, ben, syncing):
    """Grace, whom both own: her items in Ada's Outlook and in Ben's."""
    crm.puts("c-1", **GRACE, owners=owned(agent_1="primary", agent_2="full"))
    items = [eventually(lambda who=who: who.named("Grace Hopper")) for who in (ada, ben)]
    for connection in (syncing, ben.connection):
        crm.is_quiet(connection)
    crm.news()
    return items


@pytest.mark.feature("A4")
def test_an_edit_in_one_owners_outlook_reaches_the_crm_and_the_other_owner(crm, ada, ben, shared):
    its, bens = shared
    ada.is_watched()
    ada.edits(its, jobTitle="Admiral")

    eventually(lambda: ben.holds(bens)["jobTitle"] == "Admiral")
    assert crm.holds("c-1")["job_title"] == "Admiral"
    assert [(c["type"], c["changed"]) for c in crm.news()] == [("contact.updated", ["job_title"])]


@pytest.mark.feature("C7")
@pytest.mark.lesson(5)
def test_two_owners_edit_different_fields_and_everybody_has_both(crm, ada, ben, sandbox, shared, syncing):
    its, bens = shared
    with sandbox.settings(notifications=False):
        ada.edits(its, companyName="Navy")
        ben.edits(bens, mobilePhone="+1 202 555 0199")
        crm.syncs(syncing)
        crm.syncs(ben.connection)

    for who, item in ((ada, its), (ben, bens)):
        eventually(
            lambda who=who, item=item: (
                (now := who.holds(item))["companyName"] == "Navy" and now["mobilePhone"]
            )
        )
    record = crm.holds("c-1")
    assert (record["company"], len(record["phones"])) == ("Navy", 1)


@pytest.mark.feature("B3")
def test_who_may_only_look_has_the_contact_and_their_edit_is_put_back(crm, ada, ben, shared):
    its, bens = shared
    ben.is_watched()
    crm.puts("c-1", **GRACE, owners=owned(agent_1="primary", agent_2="view_only"))
    ben.edits(bens, jobTitle="Scribbled")

    eventually(
        lambda: (
            ben.holds(bens)["jobTitle"] == "Rear admiral"
            and ben.holds(bens)["changeKey"] != bens["changeKey"]
        )
    )
    assert crm.holds("c-1")["job_title"] == "Rear admiral"
    assert ada.holds(its)["jobTitle"] == "Rear admiral"
    assert [c for c in crm.news() if c["type"] == "contact.updated"] == []


@pytest.mark.feature("A4")
@pytest.mark.lesson(14)
def test_a_former_owner_keeps_the_item_as_it_was_and_gets_it_back_when_owning_again(crm, ada, ben, shared):
    its, bens = shared
    crm.puts("c-1", **GRACE, owners=owned(agent_1="primary"))
    crm.patches("c-1", job_title="Admiral")
    eventually(lambda: ada.holds(its)["jobTitle"] == "Admiral")
    crm.is_quiet(ben.connection)
    assert ben.holds(bens)["jobTitle"] == "Rear admiral"

    crm.patches("c-1", owners=owned(agent_1="primary", agent_2="full"))

    eventually(lambda: ben.holds(bens)["jobTitle"] == "Admiral")
    assert ben.names() == ["Grace Hopper"]


@pytest.mark.feature("A4")
@pytest.mark.lesson(15)
def test_a_new_owner_who_has_the_person_already_is_linked_instead_of_getting_a_second(crm, ada, ben, syncing):
    crm.chooses(ben.connection, import_new=False)
    there = ben.adds("Grace", emailAddresses=[{"address": "grace@example.org", "name": "Grace"}])
    crm.syncs(ben.connection)
    crm.puts("c-1", **GRACE, owners=owned(agent_1="primary"))
    eventually(lambda: ada.named("Grace Hopper"))

    crm.patches("c-1", owners=owned(agent_1="primary", agent_2="full"))

    eventually(lambda: ben.holds(there)["jobTitle"] == "Rear admiral")
    assert len(ben.contacts()) == len(ada.contacts()) == 1


@pytest.mark.feature("F3")
@pytest.mark.lesson(1)
def test_deleted_by_one_owner_it_stays_with_the_other_and_in_the_crm(crm, ada, ben, sandbox, shared, syncing):
    its, bens = shared
    ada.is_watched()
    crm.chooses(syncing, deleted_in_microsoft="delete")
    ada.deletes(its)
    crm.syncs_removals(syncing, ada)

    eventually(lambda: crm.connection(syncing)["entities"]["contacts"]["counts"]["linked"] == 0)
    assert crm.holds("c-1")["deleted"] is False
    assert ben.holds(bens)["displayName"] == "Grace Hopper"
    crm.patches("c-1", job_title="Admiral")
    eventually(lambda: ben.holds(bens)["jobTitle"] == "Admiral")
    crm.syncs(syncing)
    assert ada.names() == []
