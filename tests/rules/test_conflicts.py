"""Whose value stands (engine.md §11)."""

from datetime import timedelta

import pytest

from app.records.contact import FIELDS
from app.routers.override_shapes import ContactRules
from app.sync.conflicts import Kept, Policy, Resolution, Side, Stamp, settle
from tests.rules.outlook import NOON

LATER = NOON + timedelta(seconds=1)
CRM, OUTLOOK, OTHER = (Side.CRM, None), (Side.MICROSOFT, "con_1"), (Side.MICROSOFT, "con_2")

SETTLED = [
    #                        policy           ours, at         theirs, at       -> kept
    ("the CRM's, reported by it", "crm_wins", OUTLOOK, LATER, CRM, NOON, "theirs"),
    ("the CRM's, held by us", "crm_wins", CRM, NOON, OUTLOOK, LATER, "ours"),
    ("Microsoft's, reported by it", "microsoft_wins", CRM, LATER, OUTLOOK, NOON, "theirs"),
    ("Microsoft's, held by us", "microsoft_wins", OUTLOOK, NOON, CRM, LATER, "ours"),
    ("the newer, theirs", "newest_wins", CRM, NOON, OUTLOOK, LATER, "theirs"),
    ("the newer, ours", "newest_wins", CRM, LATER, OUTLOOK, NOON, "ours"),
    ("equal times: the CRM, ours", "newest_wins", CRM, NOON, OUTLOOK, NOON, "ours"),
    ("equal times: the CRM, theirs", "newest_wins", OUTLOOK, NOON, CRM, NOON, "theirs"),
    ("no time of the CRM", "newest_wins", CRM, None, OUTLOOK, LATER, "ours"),
    ("no time of Microsoft", "newest_wins", CRM, NOON, OUTLOOK, None, "ours"),
    ("two mailboxes: the later, theirs", "crm_wins", OTHER, NOON, OUTLOOK, LATER, "theirs"),
    ("two mailboxes: the later, ours", "crm_wins", OTHER, LATER, OUTLOOK, NOON, "ours"),
    ("two mailboxes: equal", "microsoft_wins", OTHER, NOON, OUTLOOK, NOON, "ours"),
    ("two mailboxes: no time, ours", "crm_wins", OTHER, None, OUTLOOK, NOON, "theirs"),
    ("two mailboxes: no time, theirs", "crm_wins", OTHER, NOON, OUTLOOK, None, "theirs"),
    ("the CRM that thought better of it", "crm_wins", CRM, LATER, CRM, NOON, "theirs"),
    ("a mailbox that thought better of it", "crm_wins", OUTLOOK, LATER, OUTLOOK, NOON, "theirs"),
]  # fmt: skip


@pytest.mark.feature("E5")
@pytest.mark.parametrize(
    ("policy", "ours", "ours_at", "theirs", "theirs_at", "kept"),
    [pytest.param(*row, id=story) for story, *row in SETTLED],
)
def test_a_conflict_is_settled_by_policy(policy, ours, ours_at, theirs, theirs_at, kept):
    stamps = {
        "ours": Stamp(ours_at, ours[0], ours[1]),
        "theirs": Stamp(theirs_at, theirs[0], theirs[1]),
    }

    assert settle(Policy(Resolution(policy)), field="notes", **stamps) == Kept(kept)


def test_a_field_may_have_a_policy_of_its_own():
    policy = Policy(Resolution.MICROSOFT_WINS, {"notes": Resolution.CRM_WINS})
    ours, theirs = Stamp(NOON, Side.CRM), Stamp(LATER, Side.MICROSOFT, "con_1")

    assert settle(policy, field="notes", ours=ours, theirs=theirs) is Kept.OURS
    assert settle(policy, field="company", ours=ours, theirs=theirs) is Kept.THEIRS


@pytest.mark.parametrize("stamp", [Stamp(NOON, Side.MICROSOFT, "con_1"), Stamp(None, Side.CRM)])
def test_a_stamp_survives_its_column(stamp):
    assert Stamp.parse(stamp.document()) == stamp


def test_every_field_of_a_contact_may_have_a_rule_of_its_own():
    assert list(ContactRules.__annotations__) == list(FIELDS)
