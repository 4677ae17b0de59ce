"""A field in question: nobody is overwritten, and both sides may go on editing (engine.md §11)."""

from datetime import timedelta

import pytest

from app.records import contact
from app.records.link import LinkView
from app.records.patch import Revision
from app.sync.conflicts import Policy, Resolution, Side, Stamp
from app.sync.holding import Branch, branches, held_from, latest, without
from app.sync.projection import Update
from app.sync.reconcile import Listening
from app.sync.stated import CrmView, Statement, first_stated, receive_crm
from app.sync.swinging import FLAPPING
from tests.rules.outlook import (
    CRM_WINS,
    NOON,
    SHAPE,
    agreed,
    answered,
    edited,
    emails,
    phones,
    report,
    worded,
)
from tests.rules.outlook import write_of as owed_to

ASK = Policy(Resolution.ASK)
ASKING = Listening("con_1", policy=ASK)
ADA = {"display_name": "Ada", "job_title": "Programmer", "company": "Engines"}


class Hub:
    """A record that the CRM and two mailboxes speak of, one report after the other."""

    def __init__(self, doc=ADA, policy=ASK):
        self.doc, self.held, self.field_at = dict(doc), {}, {}
        self.policy, self.seconds = policy, 0
        self.links = {"con_1": agreed(doc), "con_2": agreed(doc)}
        self.crm_had, self.revisions, self.revision = first_stated(doc, revision=1), [], 1
        self.conflicts, self.offered = [], []

    def crm(self, *, decisive=True, **fields):
        self.seconds += 10
        at = NOON + timedelta(seconds=self.seconds)
        view = CrmView(self.crm_had, self.revisions, self.revision, 1)
        statement = Statement(contact.canonical(fields), Stamp(at, Side.CRM), at, decisive=decisive)
        stated = receive_crm(
            contact.FIELDS, self.doc, view, statement,
            field_at=self.field_at, policy_of=lambda _: self.policy, held=self.held,
        )  # fmt: skip
        self.crm_had = stated.crm_had
        self._moves(stated, origin="crm", at=at)
        self.offered += stated.offer
        return stated

    def outlook(self, connection="con_1", **raw):
        self.seconds += 10
        at = NOON + timedelta(seconds=self.seconds)
        link = self.links[connection]
        received = report(
            self.doc, link, edited(link, seconds=self.seconds, **raw), held=self.held,
            listening=Listening(connection, policy=self.policy), field_at=self.field_at,
        )  # fmt: skip
        self.links[connection] = received.link
        self._moves(received, origin="microsoft", at=at)
        return received

    def _moves(self, moved, *, origin, at):
        self.held, self.conflicts = moved.held, [*self.conflicts, *moved.conflicts]
        if moved.previous:
            self.revision += 1
            patch = {name: moved.doc.get(name) for name in moved.previous}
            self.revisions.append(Revision(self.revision, origin, patch, moved.previous, at))
            self.doc, self.field_at = moved.doc, {**self.field_at, **moved.field_at}

    def owed(self, connection="con_1"):
        write = owed_to(self.doc, self.links[connection], held=held_from(self.held, connection))
        return sorted(write.owed) if isinstance(write, Update) else []

    def asked(self, name="job_title"):
        return {c: branch.value for c, branch in branches(self.held, name).items()}


def crm(**fields):
    return lambda hub: hub.crm(**fields)


def put(**fields):
    return lambda hub: hub.crm(decisive=False, **fields)


def outlook(connection="con_1", **raw):
    return lambda hub: hub.outlook(connection, **raw)


POET, COUNTESS = {"jobTitle": "Poet"}, {"job_title": "Countess"}
ORDERS = [
    #                                                                   record      in question         owed to it
    ("the CRM first", [crm(**COUNTESS), outlook(**POET)], "Countess", {"con_1": "Poet"}, []),
    ("the mailbox first, the CRM unaware", [outlook(**POET), put(**COUNTESS)], "Countess", {"con_1": "Poet"}, []),
    ("again in the mailbox", [crm(**COUNTESS), outlook(**POET), outlook(jobTitle="Bard")], "Countess",
     {"con_1": "Bard"}, []),
    ("again in the CRM", [crm(**COUNTESS), outlook(**POET), crm(job_title="Duchess")], "Duchess",
     {"con_1": "Poet"}, []),
    ("the mailbox comes round", [crm(**COUNTESS), outlook(**POET), outlook(jobTitle="Countess")], "Countess",
     {}, []),
    ("the CRM comes round", [crm(**COUNTESS), outlook(**POET), crm(job_title="Poet")], "Poet", {}, []),
    ("the mailbox goes back", [crm(**COUNTESS), outlook(**POET), outlook(jobTitle="Programmer")], "Countess",
     {}, ["jobTitle"]),
    ("the CRM goes back", [crm(**COUNTESS), outlook(**POET), crm(job_title="Programmer")], "Poet", {}, []),
    ("the mailbox clears", [crm(**COUNTESS), outlook(jobTitle=None)], "Countess", {"con_1": None}, []),
    ("the CRM clears", [crm(job_title=None), outlook(**POET)], None, {"con_1": "Poet"}, []),
    ("both say the same", [crm(job_title="Poet"), outlook(**POET)], "Poet", {}, []),
    ("two mailboxes", [crm(**COUNTESS), outlook(**POET), outlook("con_2", jobTitle="Bard")], "Countess",
     {"con_1": "Poet", "con_2": "Bard"}, []),
    ("two mailboxes, the CRM takes one's", [crm(**COUNTESS), outlook(**POET), outlook("con_2", jobTitle="Bard"),
     crm(job_title="Bard")], "Bard", {"con_1": "Poet"}, []),
    ("two mailboxes, the CRM goes back: the later wins", [crm(**COUNTESS), outlook(**POET),
     outlook("con_2", jobTitle="Bard"), crm(job_title="Programmer")], "Bard", {}, ["jobTitle"]),
    ("two mailboxes without the CRM: the later wins", [outlook(**POET), outlook("con_2", jobTitle="Bard")],
     "Bard", {}, ["jobTitle"]),
    ("another field meanwhile", [crm(**COUNTESS), outlook(**POET), outlook(companyName="Acme"),
     crm(nickname="A")], "Countess", {"con_1": "Poet"}, ["nickName"]),
]  # fmt: skip


@pytest.mark.feature("E5", "F4")
@pytest.mark.parametrize(
    ("steps", "record", "asked", "owed"), [pytest.param(*row, id=story) for story, *row in ORDERS]
)
def test_in_whatever_order_nobody_is_overwritten(steps, record, asked, owed):
    hub = Hub()
    for step in steps:
        step(hub)

    assert (hub.doc["job_title"], hub.asked(), hub.owed()) == (record, asked, owed)


@pytest.mark.feature("F4")
def test_another_mailbox_is_shown_what_the_crm_says():
    hub = Hub()
    hub.crm(job_title="Countess")
    hub.outlook(jobTitle="Poet")

    assert (hub.owed("con_1"), hub.owed("con_2")) == ([], ["jobTitle"])


def test_a_question_keeps_what_both_had_before_and_since_when_it_is_open():
    hub = Hub()
    hub.crm(job_title="Countess")
    hub.outlook(jobTitle="Poet")

    branch = branches(hub.held, "job_title")["con_1"]
    assert (branch.value, branch.base, branch.code) == ("Poet", "Programmer", "both_edited")
    assert branch.stamp("con_1") == Stamp(NOON + timedelta(seconds=20), Side.MICROSOFT, "con_1")
    assert hub.conflicts == []


def test_a_question_has_no_time_where_the_mailbox_tells_none():
    link = agreed(ADA)
    known = {name: raw for name, raw in link.graph_had.items() if name != SHAPE.modified}
    moved = ADA | {"job_title": "Countess"}
    received = report(moved, LinkView(known), known | {"jobTitle": "Poet"}, listening=ASKING)

    branch = branches(received.held, "job_title")["con_1"]
    assert (branch.value, branch.at, received.doc) == ("Poet", None, moved)


def test_what_was_before_is_no_withdrawal_where_the_crm_hears_of_the_question_only_now():
    """A PATCH is an edit, also with an old value: neither is the mailbox's taken, nor lost."""
    hub = Hub()
    hub.outlook(jobTitle="Poet")
    hub.crm(job_title="Programmer")

    assert (hub.doc["job_title"], hub.asked(), hub.owed()) == ("Programmer", {"con_1": "Poet"}, [])


def test_a_crm_that_edits_a_field_two_mailboxes_swing_is_taken_at_its_word():
    hub = Hub()
    hub.outlook("con_2", jobTitle="Bard")
    until = (NOON + timedelta(hours=1)).isoformat()
    hub.held = {"job_title": {"con_1": Branch("Poet", "Programmer", code=FLAPPING, until=until).document()}}
    hub.crm(job_title="Countess")

    assert hub.doc["job_title"] == "Countess"
    assert hub.asked() == {"con_1": "Poet", "con_2": "Bard"}


def test_a_question_about_a_list_keeps_the_whole_of_what_was_there_before():
    doc = {"display_name": "Ada", "phones": phones("1") + phones("2", label="home")}
    link, asks = agreed(doc), Listening("con_1", policy=Policy(Resolution.ASK))
    moved = doc | {"phones": phones("11") + phones("2", label="home")}
    received = report(moved, link, edited(link, businessPhones=["111"]), listening=asks)

    branch = branches(received.held, "phones")["con_1"]
    assert (branch.base, received.doc) == (doc["phones"], moved)


def test_a_field_that_another_mailbox_is_asked_about_is_asked_about_here_too():
    doc = {"display_name": "Ada", "job_title": "Countess"}
    link = agreed(doc | {"job_title": "Programmer"})
    held = {"job_title": {"con_2": Branch("Poet", "Programmer").document()}}
    received = report(doc, link, edited(link, jobTitle="Duchess"), listening=CRM_WINS, held=held)

    assert branches(received.held, "job_title")["con_1"].value == "Duchess"
    assert (received.doc, received.conflicts) == (doc, ())


def test_a_crm_that_may_yet_apply_the_mailboxs_value_is_told_its_own_again():
    hub = Hub()
    hub.outlook(jobTitle="Poet")
    hub.crm(decisive=False, job_title="Countess")

    assert hub.offered == ["job_title"]


def test_a_stale_copy_opens_nothing():
    hub = Hub()
    hub.outlook(jobTitle="Poet")
    hub.crm(decisive=False, job_title="Programmer")

    assert (hub.doc["job_title"], hub.held) == ("Poet", {})


def test_only_the_field_that_is_to_be_asked_about_is_held():
    policy = Policy(Resolution.MICROSOFT_WINS, {"company": Resolution.ASK})
    hub = Hub(policy=policy)
    hub.crm(job_title="Countess", company="Acme")
    hub.outlook(jobTitle="Poet", companyName="Bards")

    assert (hub.doc["job_title"], hub.doc["company"]) == ("Poet", "Acme")
    assert [*hub.held] == ["company"]
    assert [conflict.field for conflict in hub.conflicts] == ["job_title"]


@pytest.mark.feature("F4")
class TestLists:
    def test_different_elements_are_merged_and_nobody_is_asked(self):
        hub = Hub(ADA | {"emails": emails("a")})
        hub.crm(emails=emails("a", "b"))
        hub.outlook(emailAddresses=worded("a", "c"))

        assert [*hub.held] == []
        assert len(hub.doc["emails"]) == 3

    def test_one_element_edited_on_both_sides_holds_the_whole_list(self):
        hub = Hub(ADA | {"emails": emails("a", "b")})
        hub.crm(emails=emails("crm", "b"))
        hub.outlook(emailAddresses=worded("outlook", "b", "new"))

        assert hub.doc["emails"] == emails("crm", "b")
        assert hub.asked("emails") == {"con_1": emails("outlook", "b", "new")}
        assert hub.owed() == []

    def test_a_list_edited_on_goes_on_in_its_branch(self):
        hub = Hub(ADA | {"emails": emails("a", "b")})
        hub.crm(emails=emails("crm", "b"))
        hub.outlook(emailAddresses=worded("outlook", "b"))
        hub.outlook(emailAddresses=worded("outlook"))
        hub.crm(emails=emails("crm", "b", "c"))

        assert hub.doc["emails"] == emails("crm", "b", "c")
        assert hub.asked("emails") == {"con_1": emails("outlook")}
        assert hub.owed() == []

    def test_an_address_holds_whole(self):
        home = {"label": "home", **dict.fromkeys(("street", "city", "region", "postal_code", "country"))}
        hub = Hub(ADA | {"addresses": [home | {"street": "1 High St"}]})
        hub.crm(addresses=[home | {"street": "2 High St"}])
        hub.outlook(homeAddress={"street": "1 High St", "city": "Leeds"})

        assert hub.doc["addresses"] == [home | {"street": "2 High St"}]
        assert hub.asked("addresses") == {"con_1": [home | {"street": "1 High St", "city": "Leeds"}]}

    def test_a_clean_edit_of_one_label_does_not_decide_over_another(self):
        doc = ADA | {"phones": [*phones("1"), *phones("2", label="mobile")]}
        hub = Hub(doc)
        hub.crm(phones=[*phones("1"), *phones("crm", label="mobile")])
        hub.outlook(businessPhones=["1", "9"], mobilePhone="outlook")

        assert hub.doc["phones"] == [*phones("1"), *phones("crm", label="mobile")]
        assert hub.asked("phones") == {"con_1": [*phones("1", "9"), *phones("outlook", label="mobile")]}

    def test_what_finds_no_seat_is_part_of_the_branch(self):
        hub = Hub(ADA | {"emails": emails("a", "b", "c", "d")})
        hub.crm(emails=emails("crm", "b", "c", "d"))
        hub.outlook(emailAddresses=worded("outlook", "b", "c"))

        assert hub.asked("emails") == {"con_1": emails("outlook", "b", "c", "d")}


class TestTheEnd:
    """Once somebody has decided, the pure engine goes on as if there had been no question."""

    def test_the_crms_value_is_owed_to_the_mailbox(self):
        hub = Hub()
        hub.crm(job_title="Countess")
        hub.outlook(jobTitle="Poet")
        hub.held = {}

        write = owed_to(hub.doc, hub.links["con_1"])
        assert write.fields["jobTitle"] == "Countess"
        wording = edited(hub.links["con_1"], jobTitle="Countess")
        noted = answered(hub.doc, hub.links["con_1"], wording, write=write, listening=ASKING)
        assert (noted.doc, noted.held) == (hub.doc, {})

    def test_a_list_that_lost_is_written_whole(self):
        hub = Hub(ADA | {"emails": emails("a", "b")})
        hub.crm(emails=emails("crm", "b"))
        hub.outlook(emailAddresses=worded("outlook", "b", "new"))
        hub.held = {}

        write = owed_to(hub.doc, hub.links["con_1"])
        assert write.fields["emailAddresses"] == emails("crm", "b")


def test_a_branch_survives_its_column():
    branch = Branch("Poet", "Programmer", NOON.isoformat())

    assert Branch(**branch.document()) == branch


def test_a_branch_of_which_nobody_knows_the_time_has_none():
    assert Branch("x", None, None).stamp("con_1") == Stamp(None, Side.MICROSOFT, "con_1")


def test_the_newest_branch_is_the_one_given_last_and_a_field_without_branches_is_not_held():
    held = {
        "notes": {
            "con_1": Branch("a", None, at="2026-03-02T12:00:01+00:00").document(),
            "con_2": Branch("b", None, at="2026-03-02T12:00:00+00:00").document(),
            "con_3": Branch("c", None).document(),
        }
    }

    assert latest(branches(held, "notes")) == "con_1"
    assert without(held, "notes", ["con_1", "con_2", "con_3"]) == {}
