"""What a removal does to a link and its record (engine.md §§4, 5, 10)."""

import pytest

from app.records.link import AttemptKind, LinkState
from app.records.reasons import Reason
from app.sync.policy import (
    Access,
    DeletedInMicrosoft,
    Direction,
    Happening,
    LeftScope,
    RemovedFromCrm,
    SharedDeletes,
    item_gone,
    left_scope,
    may_push,
    record_deleted,
)

S = LinkState
GONE = {
    "attempt": None,
    "direction": Direction.TWO_WAY,
    "setting": DeletedInMicrosoft.DELETE,
    "access": Access.PRIMARY,
    "other_live_links": 0,
}

REMOVALS = [
    ("the last copy goes with its record", {}, S.REMOVED_THERE, Reason.REMOVED_THERE, True),
    ("kept by the setting", {"setting": DeletedInMicrosoft.KEEP}, S.REMOVED_THERE, Reason.REMOVED_THERE, False),
    ("another mailbox holds it too", {"other_live_links": 1}, S.REMOVED_THERE, Reason.REMOVED_THERE, False),
    (
        "the primary's removal suffices where so ruled",
        {"other_live_links": 1, "shared": SharedDeletes.PRIMARY},
        S.REMOVED_THERE, Reason.REMOVED_THERE, True,
    ),
    (
        "but not that of another owner",
        {"other_live_links": 1, "shared": SharedDeletes.PRIMARY, "access": Access.FULL},
        S.REMOVED_THERE, Reason.REMOVED_THERE, False,
    ),
    ("removed by one who may only look", {"access": Access.VIEW_ONLY}, S.REMOVED_THERE, Reason.VIEW_ONLY, False),
    (
        "a deletion never travels against the direction",
        {"direction": Direction.CRM_TO_MICROSOFT}, S.REMOVED_THERE, Reason.DIRECTION, False,
    ),
    ("the end of our own delete", {"attempt": AttemptKind.DELETE, "record_lives": False}, S.REMOVED_BY_US, None, False),
    ("the record went before", {"record_lives": False}, S.REMOVED_THERE, Reason.REMOVED_THERE, False),
    ("its record is out of this mailbox's scope", {"access": None}, S.REMOVED_THERE, Reason.REMOVED_THERE, False),
    (
        "out of scope it isn't made again either",
        {"access": None, "setting": DeletedInMicrosoft.RECREATE}, S.REMOVED_THERE, Reason.REMOVED_THERE, False,
    ),
    (
        "the end of our delete of what left the scope",
        {"access": None, "attempt": AttemptKind.DELETE}, S.REMOVED_BY_US, None, False,
    ),
]  # fmt: skip


@pytest.mark.feature("F3")
@pytest.mark.lesson(1)
@pytest.mark.parametrize(
    ("how", "state", "reason", "deletes"), [pytest.param(*row, id=story) for story, *row in REMOVALS]
)
def test_a_removal_kills_the_link_and_hardly_ever_the_record(how, state, reason, deletes):
    happening = item_gone(S.GONE, **GONE | how)

    assert happening == Happening(state, reason, deletes_record=deletes)


def test_a_record_saved_again_while_our_delete_was_under_way_gets_another_item():
    assert item_gone(S.GONE, **GONE | {"attempt": AttemptKind.DELETE}) == Happening(
        S.WANTED, next_generation=True
    )


@pytest.mark.parametrize("access", Access)
@pytest.mark.parametrize("direction", [Direction.TWO_WAY, Direction.CRM_TO_MICROSOFT])
def test_recreate_wants_the_item_again_in_a_next_generation(access, direction):
    how = {"setting": DeletedInMicrosoft.RECREATE, "access": access, "direction": direction}

    assert item_gone(S.GONE, **GONE | how) == Happening(S.WANTED, next_generation=True)


@pytest.mark.feature("F3")
@pytest.mark.parametrize("setting", DeletedInMicrosoft)
def test_an_item_that_was_given_up_takes_no_record_with_it(setting):
    """Of two items of one person the younger link is severed: the record is the other's."""
    assert item_gone(S.SEVERED, **GONE | {"setting": setting}) == Happening(S.SEVERED)


@pytest.mark.story("kept acts as recreate")
def test_keep_is_not_recreate():
    happening = item_gone(S.GONE, **GONE | {"setting": DeletedInMicrosoft.KEEP})

    assert not may_push(happening.state)


DELETIONS = [
    ("kept by the setting", S.LINKED, {}, Happening(S.SEVERED, Reason.KEPT_AFTER_DELETE)),
    ("deleted by the setting", S.LINKED, {"setting": RemovedFromCrm.DELETE}, Happening(S.LINKED, deletes_item=True)),
    (
        "never against the direction", S.LINKED,
        {"setting": RemovedFromCrm.DELETE, "direction": Direction.MICROSOFT_TO_CRM},
        Happening(S.SEVERED, Reason.DIRECTION),
    ),
    ("there never was an item", S.WANTED, {}, Happening(S.REMOVED_BY_US)),
    (
        "an item may be under way", S.WANTED, {"attempt": AttemptKind.CREATE},
        Happening(S.WANTED, Reason.RETRYING),
    ),
    ("out of reach, both copies stay", S.SUSPENDED, {"setting": RemovedFromCrm.DELETE}, Happening(S.SEVERED, Reason.KEPT_AFTER_DELETE)),
    ("gone there already", S.REMOVED_THERE, {}, Happening(S.REMOVED_THERE)),
]  # fmt: skip


@pytest.mark.feature("B6")
@pytest.mark.parametrize(
    ("state", "how", "happening"), [pytest.param(*row, id=story) for story, *row in DELETIONS]
)
def test_a_deleted_records_item_is_kept_or_deleted_as_chosen(state, how, happening):
    asked = {"attempt": None, "direction": Direction.TWO_WAY, "setting": RemovedFromCrm.KEEP}

    assert record_deleted(state, **asked | how) == happening


LEAVING = {
    "attempt": None, "direction": Direction.TWO_WAY, "setting": LeftScope.DELETE, "edited": False,
}  # fmt: skip
WENT = Reason.CLASS_NOT_SELECTED
LEFT = [
    ("kept by the setting: it rests", {"setting": LeftScope.KEEP}, Happening(S.SUSPENDED, WENT)),
    ("kept also where its user edited it", {"setting": LeftScope.KEEP, "edited": True}, Happening(S.SUSPENDED, WENT)),
    ("deleted by the setting", {}, Happening(S.LINKED, WENT, deletes_item=True)),
    (
        "deleted where only the CRM speaks", {"direction": Direction.CRM_TO_MICROSOFT},
        Happening(S.LINKED, WENT, deletes_item=True),
    ),
    (
        "never against the direction", {"direction": Direction.MICROSOFT_TO_CRM},
        Happening(S.SUSPENDED, Reason.DIRECTION),
    ),
    (
        "an edit of its user outlives the deletion", {"edited": True},
        Happening(S.SUSPENDED, Reason.EDIT_OUTLIVED_DELETE),
    ),
    ("a create is under way", {"attempt": AttemptKind.CREATE}, Happening(S.LINKED, Reason.RETRYING)),
    ("an edit is under way", {"attempt": AttemptKind.UPDATE}, Happening(S.LINKED, Reason.RETRYING)),
    (
        "an attempt of a time when the direction still sent",
        {"attempt": AttemptKind.UPDATE, "direction": Direction.MICROSOFT_TO_CRM, "setting": LeftScope.KEEP},
        Happening(S.SUSPENDED, WENT),
    ),
]  # fmt: skip


@pytest.mark.feature("F3")
@pytest.mark.lesson(14)
@pytest.mark.parametrize(("how", "happening"), [pytest.param(*row, id=story) for story, *row in LEFT])
def test_leaving_the_scope_is_no_deletion_unless_so_chosen(how, happening):
    assert left_scope(WENT, **LEAVING | how) == happening


@pytest.mark.parametrize("reason", [Reason.NO_OWNER, Reason.NOT_AN_OWNER, Reason.NOT_PRIMARY_OWNER, WENT])
def test_whichever_way_a_record_leaves_its_item_is_treated_alike(reason):
    assert left_scope(reason, **LEAVING) == Happening(S.LINKED, reason, deletes_item=True)


def test_what_the_crm_rejected_stays_untouched_in_outlook():
    assert left_scope(Reason.REJECTED_BY_CRM, **LEAVING) == Happening(S.SUSPENDED, Reason.REJECTED_BY_CRM)


@pytest.mark.parametrize("state", S)
def test_only_wanted_and_linked_links_are_owed_anything(state):
    assert may_push(state) == (state in {S.WANTED, S.LINKED})
