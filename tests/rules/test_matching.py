"""Who is already there (engine.md §12)."""

import pytest

from app.records.contact import match_keys
from app.sync.matching import match

pytestmark = pytest.mark.lesson(15)


def keys(**sides):
    return {who: held.split() for who, held in sides.items()}


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
]


@pytest.mark.feature("A2")
@pytest.mark.parametrize(
    ("items", "records", "links", "reviews"), [pytest.param(*row, id=story) for story, *row in MATCHES]
)
def test_only_one_and_one_link(items, records, links, reviews):
    matches = match(items, records)

    assert dict(matches.links) == links
    assert [(tuple(sorted(r.items)), tuple(sorted(r.records))) for r in matches.reviews] == reviews


@pytest.mark.parametrize(
    ("items", "records", "evidence"),
    [
        pytest.param(3, 1, True, id="three of a side"),
        pytest.param(4, 1, False, id="four items share it"),
        pytest.param(1, 4, False, id="four records share it"),
    ],
)
def test_a_key_that_more_than_three_hold_is_none(items, records, evidence):
    """300 people share info@office."""
    found = match({f"i{n}": ["info"] for n in range(items)}, {f"r{n}": ["info"] for n in range(records)})

    assert bool(found.links or found.reviews) is evidence


def test_a_shared_address_does_not_hide_ones_own():
    found = match(
        {f"i{n}": ["info", f"own{n}"] for n in range(300)},
        {f"r{n}": ["info", f"own{n}"] for n in range(300)},
    )

    assert dict(found.links) == {f"i{n}": f"r{n}" for n in range(300)}


def test_a_review_says_because_of_what():
    (review,) = match(keys(i="a b"), keys(r="a", s="b")).reviews

    assert review.because == ("a", "b")


def test_an_address_is_evidence_whatever_its_case():
    doc = {"emails": [{"address": "Ada@Example.org"}, {"address": "ada@example.org"}, {"address": "x@y"}]}

    assert list(match_keys(doc)) == ["email:ada@example.org", "email:x@y"]
