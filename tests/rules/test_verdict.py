"""How a record stands in a mailbox, and why: one verdict for lists, records and explain."""

from dataclasses import replace

import pytest

from app.reasons import REASONS, story
from app.records.link import LinkState as S
from app.records.reasons import Reason
from app.sync.policy import Direction
from app.sync.verdict import ENDED, Held, Stand, Sync, Tie, verdict

pytestmark = pytest.mark.feature("F1")
R = Reason
BOTH, OUT, IN = Direction.TWO_WAY, Direction.CRM_TO_MICROSOFT, Direction.MICROSOFT_TO_CRM
SYNC, HELD, TIE = Sync(direction=BOTH), Held(scope=R.IN_SCOPE), Tie(state=S.LINKED)


def sync(**more):
    return replace(SYNC, **more)


def held(**more):
    return replace(HELD, **more)


def tie(state=S.LINKED, *decided, **more):
    return replace(TIE, state=state, decided=decided, **more)


RECORDS = [
    ("both sides agree", SYNC, HELD, TIE, Stand.SYNCED, R.IN_SCOPE),
    ("nothing was made for it yet", SYNC, HELD, None, Stand.PENDING, R.IN_SCOPE),
    ("to be created", SYNC, HELD, tie(S.WANTED), Stand.PENDING, R.IN_SCOPE),
    ("an edit is owed", SYNC, HELD, tie(owed=True), Stand.PENDING, R.IN_SCOPE),
    ("its user may only look, and edited", SYNC, HELD, tie(S.LINKED, "view_only", owed=True), Stand.PENDING, R.VIEW_ONLY),
    ("put back, and agreed since", SYNC, HELD, tie(S.LINKED, "in_scope", "view_only", owed=True), Stand.PENDING, R.IN_SCOPE),
    ("tried again", SYNC, HELD, tie(S.WANTED, failing=True), Stand.PENDING, R.RETRYING),
    ("throttled itself", SYNC, HELD, tie(S.WANTED, "throttled", failing=True), Stand.PENDING, R.THROTTLED),
    ("the whole folder is throttled", sync(trouble=R.THROTTLED), HELD, tie(owed=True), Stand.PENDING, R.THROTTLED),
    ("throttled, but in sync", sync(trouble=R.THROTTLED), HELD, TIE, Stand.SYNCED, R.IN_SCOPE),
    ("resting, in scope again", SYNC, HELD, tie(S.SUSPENDED), Stand.PENDING, R.IN_SCOPE),
    ("the CRM's edit may not go there", sync(direction=IN), HELD, tie(owed=True), Stand.SYNCED, R.DIRECTION),
    ("the CRM's record may not go there", sync(direction=IN), HELD, None, Stand.OUT_OF_SCOPE, R.DIRECTION),
    ("the CRM's deletion may not go there", sync(direction=IN), held(ended=R.REMOVED_FROM_CRM), TIE, Stand.OUT_OF_SCOPE, R.DIRECTION),
    ("the CRM keeps its value", SYNC, held(keeps_its_value=True), TIE, Stand.PARKED, R.CRM_KEEPS_ITS_VALUE),
    ("not named yet", SYNC, held(named=False), TIE, Stand.UNNAMED, R.AWAITING_NAME),
    ("perhaps a record that is named in a moment", SYNC, held(awaits_name=True), tie(S.WANTED), Stand.PENDING, R.AWAITING_NAME),
    ("parked", SYNC, HELD, tie(S.LINKED, "refused_by_microsoft", parked=True), Stand.PARKED, R.REFUSED_BY_MICROSOFT),
    ("parked for a full mailbox", SYNC, HELD, tie(S.WANTED, "mailbox_full", parked=True), Stand.PARKED, R.MAILBOX_FULL),
    ("a conflict waits", SYNC, held(conflict=R.CONFLICT_OPEN), TIE, Stand.CONFLICT, R.CONFLICT_OPEN),
    ("paused, with a conflict", sync(stopped=R.PAUSED), held(conflict=R.CONFLICT_OPEN), TIE, Stand.BLOCKED, R.PAUSED),
    ("paused", sync(stopped=R.PAUSED), HELD, TIE, Stand.BLOCKED, R.PAUSED),
    ("not signed in", sync(stopped=R.CONNECTION_NOT_ACTIVE), HELD, None, Stand.BLOCKED, R.CONNECTION_NOT_ACTIVE),
    ("the folder is gone", sync(trouble=R.COLLECTION_GONE), HELD, TIE, Stand.AWAITING_APPROVAL, R.COLLECTION_GONE),
    ("it was one of too many, and declined", SYNC, HELD, tie(S.IGNORED, "declined"), Stand.OUT_OF_SCOPE, R.DECLINED),
    ("it is one of too many", SYNC, HELD, tie(S.GONE, asked=True), Stand.AWAITING_APPROVAL, R.AWAITING_APPROVAL),
    ("not an owner, and paused", sync(stopped=R.PAUSED), held(scope=R.NOT_AN_OWNER), tie(S.SUSPENDED), Stand.OUT_OF_SCOPE, R.NOT_AN_OWNER),
    ("removed there, and paused", sync(stopped=R.PAUSED), HELD, tie(S.REMOVED_THERE), Stand.OUT_OF_SCOPE, R.REMOVED_THERE),
    ("switched off", sync(stopped=R.DISABLED), held(scope=R.NOT_AN_OWNER), tie(S.REMOVED_THERE), Stand.DISABLED, R.DISABLED),
    ("rejected", SYNC, held(rejected=True, named=False), TIE, Stand.REJECTED, R.REJECTED_BY_CRM),
    ("deleted, and there never was an item", SYNC, held(ended=R.REMOVED_FROM_CRM), None, Stand.OUT_OF_SCOPE, R.REMOVED_FROM_CRM),
    ("deleted, its item is to go", SYNC, held(ended=R.REMOVED_FROM_CRM), tie(owed=True), Stand.PENDING, R.REMOVED_FROM_CRM),
    ("deleted, its item kept", SYNC, held(ended=R.REMOVED_FROM_CRM), tie(S.SEVERED, "kept_after_delete"), Stand.OUT_OF_SCOPE, R.KEPT_AFTER_DELETE),
    ("kept since deletions don't travel there", SYNC, held(ended=R.REMOVED_THERE), tie(S.SEVERED, "direction"), Stand.OUT_OF_SCOPE, R.DIRECTION),
    ("one item too many", SYNC, HELD, tie(S.SEVERED, "duplicate_item"), Stand.OUT_OF_SCOPE, R.DUPLICATE_ITEM),
    ("what was decided before it ended tells nothing", SYNC, HELD, tie(S.REMOVED_THERE, "in_scope", "retrying"), Stand.OUT_OF_SCOPE, R.REMOVED_THERE),
    ("its user moved it", SYNC, HELD, tie(S.MOVED_OUT, "moved_out"), Stand.OUT_OF_SCOPE, R.MOVED_OUT),
    ("in review", SYNC, HELD, tie(S.IN_REVIEW), Stand.IN_REVIEW, R.MATCH_OPEN),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sync", "held", "tie", "stand", "reason"), [pytest.param(*case, id=name) for name, *case in RECORDS]
)
def test_how_a_record_stands(sync, held, tie, stand, reason):
    judged = verdict(sync, held, tie)
    assert (judged.stand, judged.reason) == (stand, reason)
    assert judged.in_scope is (held.scope is R.IN_SCOPE and held.ended is None)


ITEMS = [
    ("not matched yet", SYNC, tie("unmatched"), Stand.PENDING, R.IN_SCOPE, True),
    ("new ones are not taken over", sync(imports=False), tie("unmatched"), Stand.OUT_OF_SCOPE, R.IMPORT_OFF, False),
    ("nothing goes to the CRM", sync(direction=OUT), tie("unmatched"), Stand.OUT_OF_SCOPE, R.DIRECTION, False),
    ("might be one of several", SYNC, tie(S.IN_REVIEW), Stand.IN_REVIEW, R.MATCH_OPEN, True),
    ("one item too many", SYNC, tie(S.IGNORED), Stand.OUT_OF_SCOPE, R.DUPLICATE_ITEM, True),
    ("paused", sync(stopped=R.PAUSED), tie("unmatched"), Stand.BLOCKED, R.PAUSED, True),
    ("switched off", sync(stopped=R.DISABLED), tie("unmatched"), Stand.DISABLED, R.DISABLED, False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sync", "tie", "stand", "reason", "in_scope"), [pytest.param(*case, id=name) for name, *case in ITEMS]
)
def test_how_an_item_stands_that_no_record_knows(sync, tie, stand, reason, in_scope):
    judged = verdict(sync, None, tie)
    assert (judged.stand, judged.reason, judged.in_scope) == (stand, reason, in_scope)


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("direction", Direction)
def test_there_is_a_verdict_in_every_state(state, direction):
    for owed in (True, False):
        assert verdict(sync(direction=direction), HELD, tie(state, owed=owed)).reason in REASONS
    assert (state in ENDED) is (state not in {S.WANTED, S.LINKED, S.SUSPENDED})


@pytest.mark.parametrize("reason", R)
def test_every_reason_can_be_read_out(reason):
    known = {name: f"<{name}>" for name in ("name", "user", "mailbox", "folder", "because")}
    told = story(reason, **known)
    assert told == told[0].upper() + told[1:]
    assert told.endswith((".", "<because>"))
    assert "_" not in told
