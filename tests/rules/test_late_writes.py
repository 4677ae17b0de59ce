"""Our own write that arrives late, after a crash (engine.md §4)."""

import pytest

from app.graph.calendar import shape as event_shape
from app.records.link import Attempt, AttemptKind, LinkView
from app.sync.conflicts import Kept, Policy, Resolution, Side, Stamp
from app.sync.projection import UNSURE, AttemptStands, Nothing, Update, attempted, says_what_was_sent
from app.sync.reconcile import Listening, wrote
from tests.rules.outlook import (
    LISTENING,
    LOOKING,
    NOON,
    SHAPE,
    agreed,
    answered,
    deleting,
    edited,
    emails,
    item,
    names,
    phones,
    report,
    trying,
    worded,
    write_of,
)

ADA = {"display_name": "Ada", "job_title": "Programmer"}
COUNTESS = ADA | {"job_title": "Countess"}

pytestmark = pytest.mark.lesson(4)


def written_again(doc, received, wording):
    """Let the next push happen; ``wording`` is how Microsoft words our value."""
    write = write_of(received.doc, received.link)
    assert isinstance(write, Update)
    return answered(doc, received.link, edited(received.link, **wording), write=write)


def test_an_equal_value_is_our_own_write_and_nobodys_edit():
    link = trying(COUNTESS, agreed(ADA))
    received = report(ADA | {"job_title": "Analyst"}, link, edited(link, jobTitle="Countess"))

    assert received.changed == []
    assert received.conflicts == ()
    assert received.link.attempt is None or "jobTitle" not in received.link.attempt.fields
    assert write_of(received.doc, received.link).fields["jobTitle"] == "Analyst"


def test_without_an_attempt_the_same_value_is_an_edit():
    link = agreed(ADA)

    assert report(ADA, link, edited(link, jobTitle="Countess")).changed == ["job_title"]


@pytest.mark.parametrize("certain", [False, True])
def test_a_reworded_late_write_is_written_once_more_and_then_known(certain):
    link = trying(COUNTESS, agreed(ADA))
    received = report(COUNTESS, link, edited(link, jobTitle="COUNTESS"), certain=certain)
    assert received.changed == []

    noted = written_again(COUNTESS, received, {"jobTitle": "COUNTESS"})

    assert (noted.changed, noted.conflicts) == ([], ())
    assert write_of(noted.doc, noted.link) == Nothing()
    assert noted.link.graph_means == {"jobTitle": "Countess"}


EVENT = event_shape(default_minutes=30)
NINE = {"date_time": "2026-03-02T09:00:00", "time_zone": "Europe/Vienna"}
OPEN = {"start": NINE, "end": None, "rrule": None}
SENT = [
    ("the same", OPEN | {"end": NINE}, OPEN | {"end": NINE}, True),
    ("the end that it was told", OPEN, OPEN | {"end": NINE | {"date_time": "2026-03-02T09:30:00"}}, True),
    ("another end", OPEN, OPEN | {"end": NINE | {"date_time": "2026-03-02T10:00:00"}}, False),
    ("no time", None, OPEN, False),
    ("no time any more", OPEN, None, False),
]


@pytest.mark.parametrize(("sent", "said", "same"), [pytest.param(*row, id=rule) for rule, *row in SENT])
def test_an_end_that_only_outlook_was_told_is_our_own(sent, said, same):
    assert says_what_was_sent(EVENT, EVENT.parts["when"], said, sent=sent) is same
    assert not says_what_was_sent(EVENT, EVENT.parts["subject"], "Ball", sent="Fall")


def doubtful(doc=COUNTESS, *, listening=LISTENING):
    """Return what is known once an attempt's value, or an edit, was seen that nobody sent."""
    link = trying(doc, agreed(ADA))
    wording = edited(link, jobTitle="COUNTESS")
    return report(doc, link, wording, certain=True, listening=listening)


def test_a_doubt_moves_on_with_what_the_item_says():
    received = doubtful()
    later = report(COUNTESS, received.link, edited(received.link, jobTitle="Duchess"), certain=True)

    assert received.link.graph_means == {UNSURE: {"jobTitle": ["COUNTESS", "Countess"]}}
    assert later.link.graph_means == {UNSURE: {"jobTitle": ["Duchess", "Countess"]}}
    assert (later.changed, later.conflicts) == ([], ())


def test_what_was_sent_and_shows_after_all_ends_the_doubt_and_keeps_what_was_there_between():
    received = doubtful()
    later = report(COUNTESS, received.link, edited(received.link, jobTitle="Countess"), certain=True)

    assert later.link.graph_means == {}
    (conflict,) = later.conflicts
    assert (conflict.ours, conflict.theirs, later.doc) == ("Countess", "COUNTESS", COUNTESS)


def test_while_the_next_attempt_stands_the_same_doubt_says_nothing_of_it():
    received, doc = doubtful(), ADA | {"job_title": "Analyst"}
    link = trying(doc, received.link)
    later = report(doc, link, edited(link, jobTitle="COUNTESS", companyName="One"))

    assert later.link.attempt.fields["jobTitle"] == "Analyst"
    assert later.link.graph_means == received.link.graph_means
    assert later.changed == ["company"]


def test_what_somebody_writes_who_may_only_look_is_put_back_also_over_an_attempt():
    link = trying(COUNTESS, agreed(ADA))
    received = report(COUNTESS, link, edited(link, jobTitle="Duchess"), certain=True, listening=LOOKING)

    assert received.doc is COUNTESS
    assert write_of(received.doc, received.link).fields["jobTitle"] == "Countess"


def test_a_doubt_about_somebody_who_may_only_look_by_now_ends_in_silence():
    received = doubtful()
    answer = edited(received.link, jobTitle="Countess")
    again = write_of(received.doc, received.link)
    noted = answered(COUNTESS, received.link, answer, write=again, listening=LOOKING)

    assert (noted.doc, noted.conflicts) == (COUNTESS, ())
    assert write_of(noted.doc, noted.link) == Nothing()


def test_a_reworded_late_write_never_beats_a_later_edit_of_the_crm():
    link = trying(COUNTESS, agreed(ADA))
    doc = ADA | {"job_title": "Analyst"}
    received = report(doc, link, edited(link, jobTitle="COUNTESS"), certain=True)
    assert received.doc is doc

    noted = written_again(doc, received, {"jobTitle": "ANALYST"})

    assert noted.doc is doc
    (conflict,) = noted.conflicts  # it may have been an edit after all
    assert (conflict.ours, conflict.theirs, conflict.kept) == ("Analyst", "COUNTESS", Kept.OURS)
    assert write_of(noted.doc, noted.link) == Nothing()


def test_what_may_have_been_an_edit_is_kept_beside_whoever_gave_the_value_that_stands():
    crm = Stamp(NOON, Side.CRM)
    received, doc = doubtful(), ADA | {"job_title": "Analyst"}
    noted = wrote(
        SHAPE, doc, received.link, edited(received.link, jobTitle="ANALYST"), write=write_of(doc, received.link),
        listening=LISTENING, field_at={"job_title": crm.document()},
    )  # fmt: skip

    (conflict,) = noted.conflicts
    assert (conflict.theirs, conflict.ours, conflict.ours_stamp) == ("COUNTESS", "Analyst", crm)


def test_a_record_that_moved_on_stands_whatever_the_policy():
    listening = Listening("con_1", policy=Policy(Resolution.MICROSOFT_WINS))
    link, doc = trying(COUNTESS, agreed(ADA)), ADA | {"job_title": "Analyst"}
    received = report(doc, link, edited(link, jobTitle="COUNTESS"), certain=True)
    answer = edited(received.link, jobTitle="ANALYST")
    again = write_of(received.doc, received.link)
    noted = answered(doc, received.link, answer, write=again, listening=listening)

    assert noted.doc is doc


def test_an_edit_that_says_what_we_are_about_to_write_is_no_conflict():
    link, doc = trying(COUNTESS, agreed(ADA)), ADA | {"job_title": "Analyst"}
    received = report(doc, link, edited(link, jobTitle="Analyst"), certain=True)
    noted = written_again(doc, received, {"jobTitle": "ANALYST"})

    assert (noted.doc, noted.conflicts) == (doc, ())


def test_what_is_typed_where_we_sent_nothing_is_an_edit_at_once():
    link = trying(ADA | {"job_title": None}, agreed(ADA))
    received = report(ADA | {"job_title": None}, link, edited(link, jobTitle="Duchess"), certain=True)

    assert received.doc["job_title"] == "Duchess"
    assert write_of(received.doc, received.link) == Nothing()


@pytest.mark.parametrize(
    ("resolution", "stands"),
    [
        pytest.param(Resolution.CRM_WINS, "Countess", id="the CRM wins"),
        pytest.param(Resolution.MICROSOFT_WINS, "Duchess", id="Microsoft wins"),
    ],
)
def test_an_edit_that_our_repetition_covered_is_a_conflict_since_nobody_knows_which_came_first(
    resolution, stands
):
    listening = Listening("con_1", policy=Policy(resolution))
    link = trying(COUNTESS, agreed(ADA))
    received = report(COUNTESS, link, edited(link, jobTitle="Duchess"), certain=True)

    answer = edited(received.link, jobTitle="COUNTESS")
    again = write_of(received.doc, received.link)
    noted = answered(COUNTESS, received.link, answer, write=again, listening=listening)

    (conflict,) = noted.conflicts
    assert (conflict.ours, conflict.theirs) == ("Countess", "Duchess")
    assert noted.doc["job_title"] == stands
    owed_again = write_of(noted.doc, noted.link)
    assert owed_again == Nothing() or owed_again.fields["jobTitle"] == stands


def test_an_edit_of_another_field_is_heard_while_an_attempt_stands():
    link = trying(COUNTESS, agreed(ADA))
    received = report(COUNTESS, link, edited(link, jobTitle="Countess", companyName="One"))

    assert received.changed == ["company"]


def test_a_write_that_never_arrived_is_owed_again_and_forgotten_by_a_certain_look():
    link = trying(COUNTESS, agreed(ADA))
    unsure = report(COUNTESS, link, edited(link, companyName="One"))
    certain = report(COUNTESS, link, edited(link, companyName="One"), certain=True)

    assert unsure.link.attempt is not None
    assert certain.link.attempt is None
    assert write_of(certain.doc, certain.link).owed == ("jobTitle",)


def test_a_value_that_went_back_to_what_it_was_leaves_no_doubt():
    link = trying(COUNTESS, agreed(ADA))
    received = report(COUNTESS, link, edited(link, jobTitle="Duchess"), certain=True)
    back = report(COUNTESS, received.link, edited(link, jobTitle="Programmer"), certain=True)

    assert back.link.graph_means == {}


def test_an_item_adopted_after_a_lost_answer_is_agreed_and_edits_since_are_heard():
    doc = {"display_name": "Ada", "emails": emails("ada")}
    link = trying(doc, LinkView())
    wording = item(displayName="Ada", emailAddresses=worded("ada"), jobTitle="Countess")

    received = report(doc, link, wording, certain=True)

    assert received.doc["job_title"] == "Countess"
    assert received.link.graph_means == {}


@pytest.mark.parametrize(
    ("untold", "left"),
    [
        pytest.param((), None, id="that tells all"),
        pytest.param(("jobTitle",), (AttemptKind.UPDATE, {"jobTitle": "Programmer"}), id="that leaves one out"),
    ],
)  # fmt: skip
def test_an_adopted_item_is_not_being_created_any_more(untold, left):
    told = item(displayName="Ada", jobTitle="Programmer")
    row = {name: raw for name, raw in told.items() if name not in untold}
    attempt = report(ADA, trying(ADA, LinkView()), row).link.attempt

    assert (attempt and (attempt.kind, attempt.fields)) == left


def test_an_item_seen_alive_after_a_delete_of_ours_was_not_deleted():
    link = deleting(agreed(ADA))

    assert report(ADA, link, edited(link)).link.attempt is not None
    assert report(ADA, link, edited(link), certain=True).link.attempt is None


def test_what_the_record_went_back_to_is_written_over_what_nobody_knows():
    received = doubtful()
    again = written_again(ADA, report(ADA, received.link, edited(received.link)), {"jobTitle": "Programmer"})

    assert (again.doc, again.link.graph_means) == (ADA, {})


@pytest.mark.parametrize(
    ("link", "kind", "fields"),
    [
        pytest.param(LinkView(), AttemptKind.CREATE, {*SHAPE.parts}, id="an item to be made"),
        pytest.param(agreed(ADA), AttemptKind.UPDATE, {"jobTitle", "displayName"}, id="an item that is there"),
        pytest.param(
            LinkView({"jobTitle": "Programmer"}), AttemptKind.UPDATE, {"jobTitle"}, id="one whose name was never agreed",
        ),
    ],
)  # fmt: skip
def test_an_attempt_says_what_was_to_be_done_and_what_was_sent(link, kind, fields):
    """Every update repeats the name: where it comes late it is no edit either."""
    attempt = attempted(write_of(COUNTESS, link), link, at=NOON, generation=0)

    assert (attempt.kind, {*attempt.fields}) == (kind, fields)


def test_nothing_is_sent_while_an_attempt_stands():
    link = trying(COUNTESS, agreed(ADA))

    with pytest.raises(AttemptStands):
        attempted(write_of(COUNTESS, link), link, at=NOON, generation=0)


def test_an_attempt_survives_its_column():
    attempt = Attempt(NOON, AttemptKind.UPDATE, {"jobTitle": "Countess"}, 3)

    assert Attempt.parse(attempt.document()) == attempt


LISTED = {"display_name": "Ada", "emails": emails("a")}
LONGER = LISTED | {"emails": emails("a", "b")}


@pytest.mark.parametrize(
    ("seen", "heard"),
    [
        pytest.param(("a", "b"), ["a", "b"], id="our own write"),
        pytest.param(("a", "u"), ["a", "b", "u"], id="somebody added another meanwhile"),
        pytest.param(("a", "b", "u"), ["a", "b", "u"], id="somebody added one on top of it"),
        pytest.param(("b",), ["b"], id="somebody took one out of it"),
    ],
)
def test_of_a_list_no_element_is_lost_whoever_wrote_it(seen, heard):
    link = trying(LONGER, agreed(LISTED))
    received = report(LONGER, link, edited(link, emailAddresses=worded(*seen)), certain=True)
    write = write_of(received.doc, received.link)
    if isinstance(write, Update):
        answer = edited(received.link, emailAddresses=worded("a", "b"))
        received = answered(received.doc, received.link, answer, write=write)

    assert sorted(names(received.doc["emails"])) == heard


def test_a_removed_element_does_not_come_back_with_a_late_write():
    link = trying(LONGER, agreed(LISTED))
    received = report(LISTED, link, edited(link, emailAddresses=worded("a", "b")), certain=True)

    assert names(received.doc["emails"]) == ["a"]
    assert write_of(received.doc, received.link).owed == ("emailAddresses",)


def test_phones_reworded_by_microsoft_stay_ours_through_a_crash():
    doc = {"display_name": "Ada", "phones": phones("+44 1")}
    link = trying(doc, agreed({"display_name": "Ada"}))
    received = report(doc, link, edited(link, businessPhones=["(+44) 1"]), certain=True)
    noted = written_again(doc, received, {"businessPhones": ["(+44) 1"]})

    assert noted.doc is doc
    assert write_of(noted.doc, noted.link) == Nothing()
