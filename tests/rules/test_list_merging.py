"""Lists merged element by element, and brought together where they never met (``engine.md`` §7)."""

from itertools import permutations

import pytest

from app.records.values import LISTS, Kind
from app.sync.lists import Edits, aligned, edits, merge, merge_slots, unite

EMAILS, TAGS, ADDRESSES = LISTS[Kind.EMAILS], LISTS[Kind.TAGS], LISTS[Kind.ADDRESSES]


def mails(letters):
    return [{"address": letter, "name": None} for letter in letters]


def letters(elements):
    return "".join(element["address"] for element in elements)


def never():
    raise AssertionError("nobody was to be asked who wins")


EDITED = [
    #                                              was    has    replaced      removed added  reordered
    ("nothing",                                    "ab",  "ab",  {},           "",     "",    False),
    ("one in place",                               "abc", "axc", {"b": "x"},   "",     "",    False),
    ("one out",                                    "abc", "ac",  {},           "b",    "",    False),
    ("one in",                                     "ab",  "abx", {},           "",     "x",   False),
    ("another order",                              "ab",  "ba",  {},           "",     "",    True),
    ("another order, one in place",                "abp", "bax", {"p": "x"},   "",     "",    True),
    ("another order, of two gone one in place",    "pqab", "bxa", {"q": "x"},  "p",    "",    True),
    ("another order, one gone, one come elsewhere", "apb", "bax", {},          "p",    "x",   True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("was", "has", "replaced", "removed", "added", "reordered"),
    [pytest.param(*row, id=rule) for rule, *row in EDITED],
)
def test_what_led_from_one_list_to_another(was, has, replaced, removed, added, reordered):
    key = {letter: EMAILS.key(element) for letter, element in zip("abcpqx", mails("abcpqx"), strict=True)}

    assert edits(EMAILS, mails(was), mails(has)) == Edits(
        {key[before]: mails(after)[0] for before, after in replaced.items()},
        frozenset(key[letter] for letter in removed), tuple(key[letter] for letter in added), reordered,
    )  # fmt: skip


def test_without_an_order_nothing_is_edited_in_place():
    assert edits(TAGS, ["a", "b"], ["a", "x"]) == Edits(removed=frozenset({"b"}), added=("x",))


MERGED = [
    #                                                  base   ours   theirs  they win  merged
    ("both added the same",                            "a",   "ax",  "ax",   None,     "ax"),
    ("they put in place what we added",                "ab",  "abx", "xb",   None,     "xb"),
    ("both edited one, ours wins",                     "ab",  "xb",  "yb",   False,    "xb"),
    ("both edited one, theirs wins",                   "ab",  "xb",  "yb",   True,     "yb"),
    ("both edited one alike",                          "ab",  "xb",  "xb",   None,     "xb"),
    ("both edited one, and we added another",          "ab",  "xbc", "yb",   None,     "xybc"),
    ("both edited one to what the other has besides",  "ab",  "ax",  "xy",   None,     "xy"),
    ("our order, and one they added",                  "ab",  "ba",  "abc",  None,     "bca"),
    ("our order and theirs",                           "abc", "cba", "bac",  None,     "cba"),
    ("their order",                                    "ab",  "abx", "ba",   None,     "bax"),
    ("an edit outlives a removal",                     "ab",  "b",   "xb",   None,     "xb"),
]  # fmt: skip


@pytest.mark.feature("F4")
@pytest.mark.parametrize(
    ("base", "ours", "theirs", "they_win", "merged"), [pytest.param(*row, id=rule) for rule, *row in MERGED]
)
def test_what_both_did_to_a_list_is_done_to_it(base, ours, theirs, they_win, merged):
    asked = never if they_win is None else lambda: they_win

    done = merge(EMAILS, base=mails(base), ours=mails(ours), theirs=mails(theirs), theirs_win=asked)

    assert letters(done) == merged


@pytest.mark.feature("F4")
@pytest.mark.lesson(13)
def test_whatever_two_did_to_a_short_list_what_both_have_stays_and_nothing_is_there_twice():
    short = ["".join(some) for number in range(4) for some in permutations("abxy", number)]
    for base in ("", "a", "ab"):
        for ours in short:
            for theirs in short:
                for they_win in (lambda: True, lambda: False):
                    given = {"base": mails(base), "ours": mails(ours), "theirs": mails(theirs)}
                    done = letters(merge(EMAILS, **given, theirs_win=they_win))
                    both, either = set(ours) & set(theirs), set(ours) | set(theirs)
                    assert both <= set(done) <= either, (base, ours, theirs, done)
                    assert len(done) == len(set(done)), (base, ours, theirs, done)


def homes(*cities, label="home"):
    blank = dict.fromkeys(ADDRESSES.needs)
    return [{"label": label, **blank, "city": city} for city in cities]


LABELS = [
    #                                  base      ours      theirs    they win  merged
    ("they moved",                     ["Rome"], ["Rome"], ["Oslo"], None,     ["Oslo"]),
    ("we moved",                       ["Rome"], ["Oslo"], ["Rome"], None,     ["Oslo"]),
    ("both moved to the same place",   ["Rome"], ["Oslo"], ["Oslo"], None,     ["Oslo"]),
    ("both moved, ours wins",          ["Rome"], ["Oslo"], ["Bern"], False,    ["Oslo"]),
    ("both moved, theirs wins",        ["Rome"], ["Oslo"], ["Bern"], True,     ["Bern"]),
    ("they have no home any more",     ["Rome"], ["Rome"], [],       None,     []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "they_win", "merged"), [pytest.param(*row, id=rule) for rule, *row in LABELS]
)
def test_an_address_is_merged_as_one_value(base, ours, theirs, they_win, merged):
    asked, work = never if they_win is None else lambda: they_win, homes("Work", label="work")
    sides = {"base": homes(*base) + work, "ours": homes(*ours) + work, "theirs": homes(*theirs) + work}

    done = merge_slots(ADDRESSES, **sides, theirs_win=asked)

    assert sorted(each["city"] for each in done) == sorted([*merged, "Work"])


NAMED = [
    #                               ours       theirs     they win  means      the record's
    ("only we name it",             "Ada",     None,      None,     None,      "Ada"),
    ("only they name it",           None,      "Ada",     None,     "Ada",     "Ada"),
    ("named alike",                 "Ada",     "Ada",     None,     "Ada",     "Ada"),
    ("named differently, ours wins", "Ada",    "Ada L.",  False,    "Ada L.",  "Ada"),
    ("named differently, theirs wins", "Ada",  "Ada L.",  True,     "Ada L.",  "Ada L."),
]  # fmt: skip


@pytest.mark.lesson(15)
@pytest.mark.parametrize(
    ("ours", "theirs", "they_win", "means", "becomes"), [pytest.param(*row, id=rule) for rule, *row in NAMED]
)
def test_two_that_meet_are_one_address_with_the_name_that_wins(ours, theirs, they_win, means, becomes):
    mine, its = [{"address": "a@b.example", "name": ours}], [{"address": "A@B.example", "name": theirs}]
    asked = never if they_win is None else lambda: they_win

    meaning, united = unite(EMAILS, whole=mine, ours=mine, theirs=its, theirs_win=asked)

    assert [each["name"] for each in meaning] == [means]
    assert [each["name"] for each in united] == [becomes]


def test_what_is_left_over_is_aligned_only_in_equal_number():
    key = EMAILS.key

    assert aligned(EMAILS, mails("ax"), mails("ab")) == {
        key(mails("a")[0]): mails("a")[0], key(mails("x")[0]): mails("b")[0],
    }  # fmt: skip
    assert aligned(EMAILS, mails("axy"), mails("ab")) == {key(mails("a")[0]): mails("a")[0]}
