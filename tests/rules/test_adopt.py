"""An item is known as our own by its mark, and only by the link that is making it (``engine.md`` §6)."""

import pytest

from app.models import Link
from app.sync.adopt import adoptions

MARK = "lnk_1.2"


def item(name, *, born="2026-03-01T10:00:00Z", edited=None):
    return {"id": name, "createdDateTime": born, "lastModifiedDateTime": edited or born}


LATER = "2026-03-01T10:05:00Z"
FOUND = [
    ("its own mark", {"a": (MARK, item("a"))}, "a", []),
    ("Exchange may word it in other letters", {"a": (MARK.upper(), item("a"))}, "a", []),
    ("no mark at all", {"a": (None, item("a"))}, None, []),
    (
        "the mark of an earlier generation: that item was made and is gone",
        {"a": ("lnk_1.1", item("a"))},
        None,
        [],
    ),
    ("the mark of another link: somebody copied its item", {"a": ("lnk_9.2", item("a"))}, None, []),
    ("made twice", {"b": (MARK, item("b", born=LATER)), "a": (MARK, item("a"))}, "a", ["b"]),
    (
        "made once, then copied and edited by its user: the copy stays",
        {"b": (MARK, item("b", born=LATER, edited="2026-03-01T10:06:00Z")), "a": (MARK, item("a"))},
        "a",
        [],
    ),
]


@pytest.mark.story("a copy carries our mark")
@pytest.mark.lesson(3)
@pytest.mark.parametrize(("found", "own", "deleted"), [pytest.param(*row, id=story) for story, *row in FOUND])
def test_what_a_link_that_is_being_made_takes_for_its_own(found, own, deleted):
    pairs = adoptions([Link(id="lnk_1", generation=2, record_id="rec_1")], found)

    assert [pair.item_id for pair in pairs] == ([own] if own else [])
    assert [copy["id"] for pair in pairs for copy in pair.doublets()] == deleted


@pytest.mark.story("a copy carries our mark")
@pytest.mark.lesson(3)
def test_a_mark_means_nothing_once_its_item_was_made():
    assert adoptions([], {"copy": (MARK, item("copy"))}) == []
