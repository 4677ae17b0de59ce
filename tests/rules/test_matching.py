"""Who is already there (engine.md §12)."""

import pytest

from app.records.evidence import Evidence, evidence_of, index_keys
from app.sync.matching import match, stand_ins

pytestmark = pytest.mark.lesson(15)


def keys(**sides):
    """Holders and their keys: ``a@x`` an e-mail, ``a@x|Ada`` together with the name that goes with it."""
    return {who: held if isinstance(held, Evidence) else evidence(held) for who, held in sides.items()}


def evidence(held, content=""):
    words = held.split()
    exact = tuple(f"email:{word}" for word in words if "|" in word)
    named = tuple(word for word in words if word.startswith("name_"))
    plain = dict.fromkeys(f"email:{word.partition('|')[0]}" for word in words if not word.startswith("name_"))
    return Evidence((*plain, *named), exact, content)


MATCHES = [
    ("one and one", keys(i="a"), keys(r="a"), {"i": "r"}, []),
    ("nobody known", keys(i="a"), keys(r="b"), {}, []),
    ("by any address", keys(i="a b"), keys(r="b c"), {"i": "r"}, []),
    ("two pairs", keys(i="a", j="b"), keys(r="b", s="a"), {"i": "s", "j": "r"}, []),
    ("two items match one record", keys(i="a", j="a"), keys(r="a"), {}, [(("i", "j"), ("r",))]),
    ("two records match one item", keys(i="a b"), keys(r="a", s="b"), {}, [(("i",), ("r", "s"))]),
    ("over a chain", keys(i="a", j="a b"), keys(r="a", s="b"), {}, [(("i", "j"), ("r", "s"))]),
    ("no address at all", keys(i=""), keys(r=""), {}, []),
    ("two items alike and no record", keys(i="a", j="a"), keys(r="b"), {}, []),
    ("an item that holds a key twice", keys(i="a a"), keys(r="a"), {"i": "r"}, []),
    ("by name and company", keys(i="name_and_company:x"), keys(r="name_and_company:x"), {"i": "r"}, []),
    ("by name and phone", keys(i="name_and_phone:x"), keys(r="b name_and_phone:x"), {"i": "r"}, []),
    (
        "a family of one address, by their names",
        keys(i="a|Ada", j="a|Bob"), keys(r="a|Bob", s="a|Ada"),
        {"i": "s", "j": "r"}, [],
    ),
    (
        "of a family one is known, the other new",
        keys(i="a|Ada", j="a|Bob"), keys(r="a|Ada"),
        {"i": "r"}, [],
    ),
    (
        "two of one name and address",
        keys(i="a|Ada", j="a|Ada"), keys(r="a|Ada"),
        {}, [(("i", "j"), ("r",))],
    ),
    (
        "one item by two addresses of its name",
        keys(i="a|Ada b|Ada"), keys(r="a|Ada", s="b|Ada"),
        {}, [(("i",), ("r", "s"))],
    ),
]  # fmt: skip


@pytest.mark.feature("A2")
@pytest.mark.parametrize(
    ("items", "records", "links", "reviews"), [pytest.param(*row, id=story) for story, *row in MATCHES]
)
def test_only_one_and_one_link(items, records, links, reviews):
    matches = match(items, records)

    assert (dict(matches.links), dict(matches.ignored)) == (links, {})
    assert [(tuple(sorted(r.items)), tuple(sorted(r.records))) for r in matches.reviews] == reviews


COPIES = [
    ("two the same and one record: the oldest links", ["i", "j"], keys(r="a"), {}, {"i": "r"}, {"j": "i"}),
    ("five the same are no crowd", ["i", "j", "k", "l", "m"], keys(r="a"), {}, {"i": "r"}, dict.fromkeys("jklm", "i")),
    ("two the same and no record yet", ["i", "j"], {}, {}, {}, {"j": "i"}),
    ("a copy of an item that is linked", ["i"], {}, {"r": evidence("a", "same")}, {}, {"i": "r"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("items", "records", "taken", "links", "ignored"),
    [pytest.param(*row, id=story) for story, *row in COPIES],
)
def test_equal_items_are_one(items, records, taken, links, ignored):
    matches = match({item: evidence("a", "same") for item in items}, records, taken=taken)

    assert (dict(matches.links), dict(matches.ignored), matches.reviews) == (links, ignored, ())


def test_who_has_a_name_only_is_nobodys_copy():
    """Two Johns without anything else may be two."""
    one = evidence_of({"display_name": "John"})

    matches = match({"i": one, "j": one}, {"r": one}, taken={"s": one})

    assert (matches.links, matches.ignored, matches.reviews) == ({}, {}, ())


TAKEN = [
    ("another of its address", keys(i="a"), {}, {}, []),
    ("another wording of it: e-mail and name", keys(i="a|Ada"), {}, {}, [(("i",), ("t",), ("email",))]),
    ("by name and phone", keys(i="name_and_phone:x"), {}, {}, [(("i",), ("t",), ("name_and_phone",))]),
    ("and one that is free, by address", keys(i="a"), keys(r="a"), {"i": "r"}, []),
    ("another wording of it, and one that is free", keys(i="a|Ada"), keys(r="a|Bob"), {}, [(("i",), ("r", "t"), ("email",))]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("items", "records", "links", "reviews"), [pytest.param(*row, id=story) for story, *row in TAKEN]
)
def test_who_may_be_another_wording_of_a_linked_item_is_not_guessed_at(items, records, links, reviews):
    matches = match(items, records, taken=keys(t="a|Ada name_and_phone:x"))

    assert dict(matches.links) == links
    assert [(r.items, tuple(sorted(r.records)), r.because) for r in matches.reviews] == reviews


@pytest.mark.parametrize(("holders", "asked"), [(3, True), (4, False)])
def test_a_key_that_a_crowd_of_linked_records_hold_raises_no_question(holders, asked):
    taken = {f"t{n}": evidence(f"a|Ada{n} name_and_phone:x") for n in range(holders)}

    assert bool(match(keys(i="name_and_phone:x"), {}, taken=taken).reviews) is asked


def says(held, content):
    return evidence(held, content)


STAND_INS = [
    ("an equal one", keys(c=says("a", "x")), keys(r=says("a", "x")), {}, {"c": "r"}),
    ("the oldest of equal ones", keys(c=says("a", "x"), d=says("a", "x")), keys(r=says("a", "x")), {}, {"c": "r"}),
    (
        "an equal one before an older namesake",
        keys(c=says("a|Ada", "old"), d=says("a|Ada", "x")), keys(r=says("a|Ada", "x")), {}, {"d": "r"},
    ),
    ("one that fell behind", keys(c=says("a|Ada", "old")), keys(r=says("a|Ada", "x")), {}, {"c": "r"}),
    ("an address alone", keys(c=says("a", "old")), keys(r=says("a", "x")), {}, {}),
    ("another of the family", keys(c=says("a|Bob", "y")), keys(r=says("a|Ada", "x")), {}, {}),
    (
        "a namesake of another record, too",
        keys(c=says("a|Ada", "old")), keys(r=says("a|Ada", "x")), keys(s=says("a|Ada", "y")), {},
    ),
    (
        "a namesake of two that are gone",
        keys(c=says("a|Ada", "old")), keys(r=says("a|Ada", "x"), s=says("a|Ada", "y")), {}, {},
    ),
    (
        "an equal one of two that are gone",
        keys(c=says("a|Ada", "x")), keys(r=says("a|Ada", "x"), s=says("a|Ada", "y")), {}, {"c": "r"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("copies", "ended", "others", "pairs"), [pytest.param(*row, id=case) for case, *row in STAND_INS]
)
def test_a_copy_stands_in_for_whom_it_surely_is(copies, ended, others, pairs):
    assert stand_ins(copies, ended, others=others) == pairs


def test_a_record_of_others_is_never_linked_but_asked_about():
    alone = match(keys(i="a"), {}, beyond=keys(b="a"))
    beside_ones_own = match(keys(i="a"), keys(r="a"), beyond=keys(b="a"))

    assert [(r.items, r.records) for r in alone.reviews] == [(("i",), ("b",))]
    assert (dict(beside_ones_own.links), beside_ones_own.reviews) == ({"i": "r"}, ())


@pytest.mark.story("an address that all share")
@pytest.mark.parametrize(
    ("items", "records", "taken", "links"),
    [
        pytest.param(3, 1, 0, True, id="three of a side"),
        pytest.param(4, 1, 0, False, id="four items share it"),
        pytest.param(1, 4, 0, False, id="four records share it"),
        pytest.param(1, 1, 2, True, id="three with those that are linked"),
        pytest.param(1, 1, 3, False, id="four with those that are linked"),
    ],
)
def test_a_key_that_more_than_three_hold_is_none(items, records, taken, links):
    """300 people share info@office."""
    found = match(
        {f"i{n}": evidence("info") for n in range(items)},
        {f"r{n}": evidence("info") for n in range(records)},
        taken={f"t{n}": evidence("info") for n in range(taken)},
    )

    assert bool(found.links or found.reviews) is links


def test_the_last_two_of_a_crowd_are_no_pair():
    """Everybody else of the office was told by name; that proves nothing about these two."""
    crowd = {f"{n}": evidence(f"info|{n}") for n in range(10)}

    found = match({**crowd, "i": evidence("info")}, {**crowd, "r": evidence("info")})

    assert "i" not in found.links
    assert len(found.links) == 10


def test_a_shared_address_does_not_hide_ones_own():
    found = match(
        {f"i{n}": evidence(f"info own{n}") for n in range(300)},
        {f"r{n}": evidence(f"info own{n}") for n in range(300)},
    )

    assert dict(found.links) == {f"i{n}": f"r{n}" for n in range(300)}


def test_a_review_says_because_of_what():
    (review,) = match(keys(i="a name_and_phone:x"), keys(r="a", s="name_and_phone:x")).reviews

    assert review.because == ("email", "name_and_phone")


class Counted(tuple):
    """Keys that count how often somebody goes through them."""

    __slots__ = ()
    looks = 0

    def __iter__(self):
        Counted.looks += len(self)
        return super().__iter__()


WORDS = {"pairs": "own{n}", "a chain": "own{n} own{m}", "one address for all": "info own{n}"}


@pytest.mark.parametrize("words", [pytest.param(words, id=shape) for shape, words in WORDS.items()])
def test_ten_times_as_many_are_ten_times_the_work(words):
    def side(name, count, *, shift):
        held = (evidence(words.format(n=n, m=n + shift)).keys for n in range(count))
        return {f"{name}{n}": Evidence(Counted(each)) for n, each in enumerate(held)}

    def work(count):
        items, records = side("i", count, shift=1), side("r", count, shift=1)
        Counted.looks = 0
        match(items, records)
        return Counted.looks

    assert 0 < work(2000) <= 10.5 * work(200)


EVIDENCE = [
    ("an address, whatever its case", {"emails": [{"address": "Ada@X.org"}, {"address": "ada@x.org"}]}, "", ["email:ada@x.org"]),
    ("a name alone is none", {"display_name": "Ada"}, "", []),
    ("a company alone is none", {"company": "Acme"}, "", []),
    ("name and company", {"display_name": " Ada  L. ", "company": "ACME"}, "", ["name_and_company:ada l.|acme"]),
    ("a name made of its parts", {"given_name": "Ada", "family_name": "Lovelace", "company": "A"}, "", ["name_and_company:ada lovelace|a"]),
    ("a given name alone is no full name", {"given_name": "Ada", "company": "A"}, "", []),
    ("a phone without a name is none", {"phones": [{"number": "+31 6 12345678"}]}, "", []),
    ("a phone in full", {"display_name": "Ada", "phones": [{"number": "+31 (0)6-1234 5678"}]}, "", ["name_and_phone:ada|+31612345678"]),
    ("a phone of the region", {"display_name": "Ada", "phones": [{"number": "06 12345678"}]}, "NL", ["name_and_phone:ada|+31612345678"]),
    ("a phone of no known region, as it is written", {"display_name": "Ada", "phones": [{"number": "06-1234 5678"}]}, "", ["name_and_phone:ada|0612345678"]),
    ("no digits, no phone", {"display_name": "Ada", "phones": [{"number": "ask"}]}, "NL", []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("doc", "region", "expected"), [pytest.param(*row, id=story) for story, *row in EVIDENCE]
)
def test_what_counts_as_evidence(doc, region, expected):
    assert list(evidence_of(doc, region=region).keys) == expected


def test_e_mail_and_name_together_are_exact():
    doc = {"display_name": "Ada", "emails": [{"address": "a@x"}]}

    assert evidence_of(doc).exact == ("email:a@x|ada",)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("+31 6 12345678", "06-12345678", id="with and without the country's code"),
        pytest.param("+44 20 7946 0000 ext. 12", "+44 20 79460000", id="with an extension"),
    ],
)
def test_whoever_shares_evidence_shares_a_word_of_the_index(one, other):
    docs = [{"display_name": "Ada", "phones": [{"number": number}]} for number in (one, other)]

    assert index_keys(docs[0]) == index_keys(docs[1]) != []


def test_words_of_the_index_have_one_size_and_tell_nobody():
    (word,) = index_keys({"emails": [{"address": "x" * 70_000 + "@example.org"}]})

    assert len(word) == 18


def test_who_shares_name_and_address_with_somebody_taken_too_is_left_to_a_person():
    matches = match(keys(i="a|Ada"), keys(r="a|Ada"), taken=keys(t="a|Ada"))

    assert matches.links == {}
    assert [(review.items, review.records) for review in matches.reviews] == [(("i",), ("r", "t"))]


@pytest.mark.parametrize(
    ("items", "records"), [pytest.param("ij", "r", id="items"), pytest.param("i", "rs", id="records")]
)
def test_who_is_taken_counts_among_the_holders_of_a_key_on_both_sides(items, records):
    found = match(
        keys(**dict.fromkeys(items, "a")), keys(**dict.fromkeys(records, "a")), taken=keys(t="a", u="a")
    )

    assert (found.links, found.reviews) == ({}, ())
