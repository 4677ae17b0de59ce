"""What the CRM states: an edit, or a stale copy (engine.md §3)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.records.contact import FIELDS
from app.records.patch import Revision, document_at
from app.sync.conflicts import Policy, Resolution, Side, Stamp
from app.sync.stated import (
    CrmView,
    Statement,
    applied,
    first_stated,
    is_older,
    may_still_hold,
    receive_crm,
)
from tests.rules.outlook import NOON

NOW = NOON + timedelta(seconds=10)


class Record:
    """A record with its history, as the tests tell it."""

    def __init__(self, **doc):
        self.doc, self.number, self.steps = doc, 1, []
        self.had, self.since, self.heard, self.field_at = first_stated(doc, revision=1), 1, 1, {}
        self.updated_at, self.policy = None, Resolution.NEWEST_WINS

    def edited(self, origin="microsoft", *, at=NOON, **patch):
        """A step that somebody made; Microsoft's are heard of only if the test says so."""
        self.number += 1
        previous = {name: self.doc.get(name) for name in patch}
        self.steps.append(Revision(self.number, origin, patch, previous, at))
        self.doc = self.doc | patch
        stamp = Stamp(at, Side.MICROSOFT, "con_1") if origin == "microsoft" else Stamp(None, Side.CRM)
        self.field_at |= dict.fromkeys(patch, stamp.document())
        return self

    def told(self, heard=None):
        self.heard = self.number if heard is None else heard
        return self

    def acknowledged(self):
        self.had, self.since = applied(self.crm, up_to=self.number), self.number
        return self.told()

    @property
    def crm(self):
        later = [step for step in self.steps if step.number > self.since]
        return CrmView(self.had, later, self.number, self.heard, updated_at=self.updated_at)

    def put(self, *, now=NOW, stamp=None, base=None, decisive=False, **fields):
        document = None if base is None else document_at(self.doc, self.steps, base)
        statement = Statement(fields, Stamp(stamp, Side.CRM), now, decisive, document, base)
        stated = receive_crm(
            FIELDS, self.doc, self.crm, statement,
            field_at=self.field_at, policy_of=lambda _: Policy(self.policy),
        )  # fmt: skip
        self.had = stated.crm_had
        if stated.previous:
            patch = {name: stated.doc[name] for name in stated.previous}
            self.edited("crm", at=now, **patch)
        return stated

    def patch(self, **fields):
        return self.put(decisive=True, **fields)


def ada(**more):
    return Record(display_name="Ada", job_title="Programmer", **more)


PUTS = [
    #                                       the CRM says  -> record, edits, behind
    ("what it said before", "Programmer", "Countess", [], ["job_title"]),
    ("what Microsoft made of it", "Countess", "Countess", [], []),
    ("something new", "Analyst", "Analyst", ["job_title"], []),
    ("nothing any more", None, None, ["job_title"], []),
]  # fmt: skip


@pytest.mark.lesson(13)
@pytest.mark.parametrize(
    ("said", "record", "edits", "behind"), [pytest.param(*row, id=story) for story, *row in PUTS]
)
def test_a_put_of_a_value_the_crm_may_still_hold_is_no_edit(said, record, edits, behind):
    """A CRM that reads the feed and never acks would undo the mailbox's edit by saving anything else."""
    crm = ada().edited(job_title="Countess").told()
    stated = crm.put(job_title=said)

    assert (stated.doc["job_title"], stated.changed, list(stated.behind)) == (record, edits, behind)


def test_absent_fields_say_nothing():
    stated = ada().put(company="One")

    assert stated.doc == {"display_name": "Ada", "job_title": "Programmer", "company": "One"}
    assert stated.previous == {"company": None}


def test_a_field_never_stated_counts_as_empty():
    stated = ada().edited(company="One").put(company=None)

    assert stated.changed == []
    assert stated.behind == ("company",)


def test_saving_the_same_again_changes_nothing():
    crm = ada()
    stated = crm.put(display_name="Ada", job_title="Programmer")

    assert stated.doc is crm.doc
    assert (stated.merged, stated.behind, stated.come_to) == ((), (), 1)


def test_a_value_is_stale_again_and_again_until_the_crm_is_known_to_have_applied_the_newer():
    crm = ada().edited(job_title="Countess").told()
    assert crm.put(job_title="Programmer").changed == []
    assert crm.put(job_title="Programmer").changed == []

    crm.acknowledged()
    assert crm.put(job_title="Programmer").changed == ["job_title"]


def test_a_put_in_flight_that_an_ack_overtook_is_still_a_stale_copy():
    """The ack shortens the list only after settle_seconds; until then nothing is forgotten."""
    crm = ada().edited(job_title="Countess").told()

    assert crm.put(job_title="Programmer", company="One").changed == ["company"]


def test_a_late_put_of_the_crms_own_older_value_does_not_undo_its_newer_edit():
    crm = ada()
    crm.put(job_title="Analyst")

    assert crm.put(job_title="Programmer").changed == []
    assert crm.put(job_title="Programmer", now=NOW + timedelta(seconds=200)).changed == ["job_title"]


def test_a_newer_updated_at_makes_an_undo_of_its_own_edit_an_edit():
    crm = ada()
    crm.put(job_title="Analyst", stamp=NOON)
    crm.updated_at = NOON

    assert crm.put(job_title="Programmer", stamp=NOON).changed == []
    assert crm.put(job_title="Programmer", stamp=NOON + timedelta(seconds=1)).changed == ["job_title"]


def test_a_patch_is_decisive_also_with_an_old_value():
    crm = ada().edited(job_title="Countess").told()

    assert crm.patch(job_title="Programmer").doc["job_title"] == "Programmer"


def test_with_a_base_revision_an_edit_is_what_differs_from_that_revision():
    crm = ada().edited(job_title="Countess").edited(company="One").told()

    assert crm.put(base=1, job_title="Programmer", company="Two").changed == ["company"]
    assert crm.put(base=3, job_title="Programmer").doc["job_title"] == "Programmer"


def test_with_a_base_revision_what_came_after_it_is_unheard_though_the_crm_was_told():
    """Its user filled in a form that was opened before."""
    crm = ada().edited(job_title="Countess").told()
    crm.policy = Resolution.MICROSOFT_WINS
    stated = crm.put(base=1, job_title="Analyst")

    assert (stated.doc["job_title"], [c.kept for c in stated.conflicts]) == ("Countess", ["ours"])


CONFLICTS = [
    ("the CRM wins", "crm_wins", None, "Analyst", "theirs"),
    ("Microsoft wins", "microsoft_wins", None, "Countess", "ours"),
    ("the newer wins, the CRM's", "newest_wins", 60, "Analyst", "theirs"),
    ("the newer wins, Microsoft's", "newest_wins", -60, "Countess", "ours"),
    ("equally old", "newest_wins", 0, "Analyst", "theirs"),
    ("the CRM tells no time", "newest_wins", None, "Analyst", "theirs"),
]


@pytest.mark.feature("E5")
@pytest.mark.parametrize(
    ("policy", "seconds", "record", "kept"), [pytest.param(*row, id=story) for story, *row in CONFLICTS]
)
def test_an_edit_the_crm_had_not_heard_of_is_settled_by_that_connections_policy(
    policy, seconds, record, kept
):
    crm = ada().edited(job_title="Countess")
    crm.policy = Resolution(policy)
    stated = crm.put(
        job_title="Analyst", stamp=None if seconds is None else NOON + timedelta(seconds=seconds)
    )

    assert (stated.doc["job_title"], [c.kept for c in stated.conflicts]) == (record, [kept])


def test_an_edit_of_what_the_crm_had_heard_of_just_wins():
    crm = ada().edited(job_title="Countess").told()
    crm.policy = Resolution.MICROSOFT_WINS
    stated = crm.put(job_title="Analyst")

    assert (stated.doc["job_title"], stated.conflicts) == ("Analyst", ())


def test_a_value_that_lost_is_no_edit_when_it_is_said_again():
    crm = ada().edited(job_title="Countess")
    crm.policy = Resolution.MICROSOFT_WINS
    first = crm.put(job_title="Analyst")
    again = crm.put(job_title="Analyst")

    assert (first.behind, again.behind) == (("job_title",), ("job_title",))
    assert (len(first.conflicts), len(again.conflicts)) == (1, 0)


def test_a_value_that_lost_is_the_crms_own_and_an_edit_again_once_it_has_said_another():
    crm = ada().edited(job_title="Countess")
    crm.policy = Resolution.MICROSOFT_WINS
    crm.put(job_title="Analyst")
    crm.told().put(job_title="Duchess")

    assert crm.put(job_title="Analyst").changed == []
    assert crm.put(job_title="Analyst", now=NOW + timedelta(seconds=200)).changed == ["job_title"]


def test_an_edit_over_a_change_the_crm_may_yet_apply_is_offered_back():
    """A CRM that answers 2xx and works its queue later would apply the older change over its own edit."""
    crm = ada().edited(job_title="Countess").told()

    assert crm.put(job_title="Analyst").offer == ("job_title",)
    assert ada().put(job_title="Analyst").offer == ()


# How far the CRM has come

STEPS = [
    ("it shows the change", {"job_title": "Countess"}, 2, 2),
    ("it shows the change it was never told of", {"job_title": "Countess"}, 1, 1),
    ("it shows what was before", {"job_title": "Programmer"}, 2, 1),
    ("it says nothing of that field", {"company": "One"}, 2, 1),
    ("it edited that field", {"job_title": "Analyst"}, 2, 1),
]


@pytest.mark.parametrize(
    ("fields", "heard", "come_to"), [pytest.param(*row, id=story) for story, *row in STEPS]
)
def test_a_put_proves_only_what_it_shows(fields, heard, come_to):
    assert ada().edited(job_title="Countess").told(heard).put(**fields).come_to == come_to


def test_a_write_that_changes_and_hides_nothing_has_come_to_the_revision_it_makes():
    assert ada().put(job_title="Analyst").come_to == 2


def test_its_own_value_proves_nothing_of_a_change_it_has_been_told_of():
    crm = ada()
    crm.put(job_title="Analyst")
    crm.edited("concord", job_title="Analyst").told()

    assert crm.put(job_title="Analyst").come_to == 2


def test_the_list_is_oldest_first_and_starts_where_the_crm_was_seen():
    crm = ada().edited(job_title="Countess").edited(job_title="Duchess")
    held = may_still_hold("job_title", FIELDS["job_title"], crm.crm, now=NOW)
    assert [h.value for h in held] == ["Programmer", "Countess", "Duchess"]

    crm.acknowledged()
    held = may_still_hold("job_title", FIELDS["job_title"], crm.crm, now=NOW)
    assert [h.value for h in held] == ["Duchess"]


@pytest.mark.parametrize(
    ("updated", "stored", "older"),
    [
        pytest.param(None, 0, False, id="no time sent"),
        pytest.param(0, None, False, id="none stored"),
        pytest.param(-1, 0, True, id="older"),
        pytest.param(0, 0, False, id="equal"),
        pytest.param(3600, 60, True, id="the future counts as now"),
    ],
)
def test_an_older_updated_at_changes_nothing(updated, stored, older):
    def at(seconds):
        return None if seconds is None else NOON + timedelta(seconds=seconds)

    assert is_older(at(updated), stored=at(stored), now=at(10)) is older


def test_what_is_asked_about_keeps_when_the_mailbox_edited_it():
    crm = ada().edited(job_title="Countess", at=NOON)
    crm.policy = Resolution.ASK
    stated = crm.put(job_title="Analyst")

    assert stated.held["job_title"]["con_1"]["at"] == NOON.isoformat()


def test_what_the_crm_had_long_before_is_no_withdrawal_of_the_mailbox():
    """It went back to what the CRM had said before its last: an edit like any other, of what it had since."""
    crm = ada()
    crm.put(job_title="Analyst")
    crm.edited(job_title="Programmer")
    crm.policy = Resolution.ASK
    stated = crm.put(job_title="Duchess")

    asked = stated.held["job_title"]["con_1"]
    assert (stated.doc["job_title"], asked["value"], asked["base"]) == ("Duchess", "Programmer", "Analyst")


def test_what_is_asked_about_keeps_no_time_where_the_mailbox_told_none():
    crm = ada().edited(job_title="Countess", at=None)
    crm.policy = Resolution.ASK

    assert crm.put(job_title="Analyst").held["job_title"]["con_1"]["at"] is None


STEP = st.tuples(st.sampled_from(["put", "patch", "edited", "told", "acknowledged"]), st.sampled_from("abc"))


@given(st.lists(STEP, max_size=8), st.sampled_from([0, 60, 200]), st.booleans())
def test_there_is_always_something_that_the_crm_surely_had(steps, seconds, newest):
    crm = Record(job_title="a")
    for number, (step, title) in enumerate(steps):
        if step in {"told", "acknowledged"}:
            getattr(crm, step)()
        else:
            at = NOW + timedelta(seconds=number * 60)
            crm.policy = Resolution.MICROSOFT_WINS if number % 2 else Resolution.CRM_WINS
            crm.edited(at=at, job_title=title) if step == "edited" else crm.put(
                now=at, decisive=step == "patch", job_title=title
            )
    now = NOW + timedelta(seconds=len(steps) * 60 + seconds)
    for name in ("job_title", "company"):
        held = may_still_hold(name, FIELDS[name], crm.crm, now=now, newest=newest)
        assert any(not each.pending for each in held)
