"""What a plan says of links and values (api.md §7)."""

import pytest

from app.records import contact
from app.records.link import LinkState
from app.records.reasons import Reason
from app.sync.conflicts import Side
from app.sync.plan import Doing, Standing, counted, moves, turned

S, D, R = LinkState, Doing, Reason
NEW = Standing()

TURNS = [
    # the situation, was, now, its record existed, written by a step of its own, what is said
    ("linked to a record that was there", NEW, Standing(S.LINKED, "r"), True, False, D.LINK),
    ("an unmatched item finds its record", Standing("unmatched"), Standing(S.LINKED, "r"), True, False, D.LINK),
    ("imported: told as a new record", NEW, Standing(S.LINKED, "r"), False, False, None),
    ("created: told as a write", Standing(S.WANTED, "r"), Standing(S.LINKED, "r"), True, True, None),
    ("back in scope", Standing(S.SUSPENDED, "r"), Standing(S.LINKED, "r"), True, False, D.LINK),
    ("in doubt", NEW, Standing(S.IN_REVIEW), False, False, D.REVIEW),
    ("in doubt before", Standing(S.IN_REVIEW), Standing(S.IN_REVIEW), False, False, None),
    ("suspended", Standing(S.LINKED, "r"), Standing(S.SUSPENDED, "r"), True, False, D.UNLINK),
    ("deleted by us: told as a write", Standing(S.LINKED, "r"), Standing(S.REMOVED_BY_US, "r"), True, True, None),
    ("made again: told as a write", Standing(S.LINKED, "r"), Standing(S.LINKED, "r"), True, True, None),
    ("an item not taken over", NEW, Standing("unmatched"), False, False, D.SKIP),
    ("an item not taken over before", Standing("unmatched"), Standing("unmatched"), False, False, None),
    ("held back", Standing(S.WANTED, "r"), Standing(S.WANTED, "r", R.AWAITING_NAME), True, False, D.SKIP),
    (
        "held back as before",
        Standing(S.WANTED, "r", R.AWAITING_NAME), Standing(S.WANTED, "r", R.AWAITING_NAME), True, False, None,
    ),
    ("all is well", Standing(S.LINKED, "r"), Standing(S.LINKED, "r", R.IN_SCOPE), True, False, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("was", "now", "existed", "written", "said"), [t[1:] for t in TURNS], ids=[t[0] for t in TURNS]
)
def test_what_becomes_of_a_link_is_said_once(was, now, existed, written, said):
    assert turned(was, now, existed=existed, written=written) == said


def test_only_values_that_move_are_told():
    before = {"display_name": "Ada", "emails": [{"address": "a@example.org", "name": None}], "notes": None}
    after = {"display_name": "Ada L.", "emails": [{"address": "a@example.org", "name": None}]}

    assert moves(before, after) == [{"field": "display_name", "from": "Ada", "to": "Ada L."}]
    assert moves(contact.worded(before), contact.worded({}))[-1] == {
        "field": "emails",
        "from": [{"address": "a@example.org", "name": None}],
        "to": [],
    }


@pytest.mark.parametrize(
    ("doc", "title"),
    [
        ({"display_name": "Ada", "company": "Engines"}, "Ada"),
        ({"company": "Engines", "emails": [{"address": "a@example.org"}]}, "Engines"),
        ({"emails": [{"address": "a@example.org"}]}, "a@example.org"),
        ({}, None),
    ],
)
def test_a_title_is_what_a_person_would_call_it(doc, title):
    assert contact.title(doc) == title


def test_counts_are_those_of_the_steps():
    steps = {
        (D.CREATE, Side.CRM): 2,
        (D.DELETE, Side.MICROSOFT): 3,
        (D.LINK, Side.MICROSOFT): 4,
        (D.SKIP, Side.CRM): 5,
    }

    counts = counted(steps, pulled=7, conflicts=1)

    assert (counts["to_crm"]["created"], counts["to_microsoft"]["deleted"]) == (2, 3)
    assert (counts["linked"], counts["pulled"], counts["conflicts"], counts["in_review"]) == (4, 7, 1, 0)
