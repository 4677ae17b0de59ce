"""Lists that the CRM states: sent whole, which elements changed is worked out against the base (engine.md §3)."""

import pytest

from app.sync.conflicts import Resolution
from tests.rules.outlook import emails, names, phones
from tests.rules.test_stated import Record

LISTS = [
    #                               Microsoft made it, the CRM says -> record
    ("an addition beside one unseen", ["a", "m"], ["a", "c"], ["a", "c", "m"]),
    ("an edit beside one unseen", ["a", "m"], ["x"], ["x", "m"]),
    ("a stale copy", ["a", "m"], ["a"], ["a", "m"]),
    ("cleared before it knew", ["a", "m"], [], ["m"]),
    ("an addition to what was edited", ["x"], ["a", "c"], ["x", "c"]),
    ("another edit of what was edited: the base is a guess", ["x"], ["y"], ["x", "y"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("microsoft", "said", "record"), [pytest.param(*row, id=story) for story, *row in LISTS]
)
def test_an_element_the_crm_has_not_seen_survives_its_list(microsoft, said, record):
    crm = Record(emails=emails("a")).edited(emails=emails(*microsoft))
    stated = crm.put(emails=emails(*said))

    assert names(stated.doc["emails"]) == record
    assert ("emails" in stated.merged) == (names(emails(*said)) != record)


def test_an_element_the_crm_has_seen_can_be_taken_out():
    crm = Record(emails=emails("a", "b")).edited(emails=emails("a", "b", "m")).acknowledged()

    assert names(crm.put(emails=emails("a", "b")).doc["emails"]) == ["a", "b"]
    assert crm.put(emails=[]).doc["emails"] == []


def test_a_patch_takes_out_only_what_the_crm_itself_had():
    crm = Record(emails=emails("a", "b")).edited(emails=emails("a", "b", "m"))

    assert names(crm.patch(emails=emails("b")).doc["emails"]) == ["b", "m"]


def test_a_merged_list_said_again_takes_nothing_out():
    """The CRM holds the list it sent, which the record never held: it is no edit, and no removal."""
    crm = Record(emails=emails("a")).edited(emails=emails("a", "m"))
    crm.put(emails=emails("x"))
    again = crm.put(emails=emails("x"))

    assert names(again.doc["emails"]) == ["x", "m"]
    assert (again.changed, again.behind) == ([], ("emails",))


BASES = [
    #                                                      the CRM had   then     Microsoft  heard  it says  decisive  record
    ("edited from its newest list",                        "ab",         "abcd",  "abcd",    True,  "abed",  False,    "abed"),
    ("edited from an older list, which comes late",        "ab",         "abcd",  "abcd",    True,  "ax",    False,    "axcd"),
    ("a PATCH is edited from the newest",                  "ab",         "abcd",  "abcd",    True,  "ax",    True,     "ax"),
    ("all that it ever had is cleared",                    "a",          "ab",    "ab",      True,  "",      False,    ""),
    ("cleared by a PATCH",                                 "a",          "ab",    "ab",      True,  "",      True,     ""),
    ("what it took out itself, and Microsoft put in again", "ab",        "b",     "ab",      False, "bc",    True,     "abc"),
    ("edited from what it was told last",                  "a",          "a",     "amn",     True,  "amx",   False,    "amx"),
    ("like an edit of what it was never told",             "abc",        "abc",   "am",      False, "ax",    False,    "amx"),
]  # fmt: skip


@pytest.mark.lesson(13)
@pytest.mark.parametrize(
    ("first", "then", "microsoft", "heard", "said", "decisive", "record"),
    [pytest.param(*row, id=rule) for rule, *row in BASES],
)
def test_a_list_is_merged_against_what_the_crm_most_likely_edited(
    first, then, microsoft, heard, said, decisive, record
):
    crm = Record(emails=emails(*first))
    crm.put(emails=emails(*then))
    if microsoft != then:
        crm.edited(emails=emails(*microsoft))
    if heard:
        crm.told()
    stated = crm.put(emails=emails(*said), decisive=decisive)

    assert sorted(names(stated.doc["emails"])) == sorted(record)


def home(street):
    lines = dict.fromkeys(("city", "region", "postal_code", "country"))
    return [{"label": "home", "street": street, **lines}]


@pytest.mark.parametrize(
    ("policy", "stands"), [(Resolution.CRM_WINS, "3 Low St"), (Resolution.MICROSOFT_WINS, "2 High St")]
)
def test_of_one_address_that_both_moved_one_stands(policy, stands):
    crm = Record(addresses=home("1 High St")).edited(addresses=home("2 High St"))
    crm.policy = policy

    assert crm.put(addresses=home("3 Low St")).doc["addresses"] == home(stands)


def test_with_a_base_a_list_is_merged_against_it():
    crm = Record(phones=phones("1", "2")).edited(phones=phones("1", "2", "3")).told()

    assert [p["number"] for p in crm.put(base=1, phones=phones("2")).doc["phones"]] == ["2", "3"]
    assert [p["number"] for p in crm.put(base=2, phones=phones("2")).doc["phones"]] == ["2"]


@pytest.mark.parametrize(
    ("policy", "stands"), [(Resolution.CRM_WINS, ["y"]), (Resolution.MICROSOFT_WINS, ["x"])]
)
def test_with_a_base_one_element_that_both_edited_is_settled(policy, stands):
    crm = Record(emails=emails("a")).edited(emails=emails("x"))
    crm.policy = policy

    assert names(crm.put(base=1, emails=emails("y")).doc["emails"]) == stands
