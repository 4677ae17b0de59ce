"""What a mailbox reports is merged field by field (engine.md §§2, 7, 10, 11)."""

import pytest

from app.records.link import LinkView
from app.sync.conflicts import Kept, Side, Stamp
from app.sync.projection import Nothing, Update
from app.sync.reconcile import born, needs_rereading
from tests.rules.outlook import (
    CRM_WINS,
    LISTENING,
    LOOKING,
    MICROSOFT_WINS,
    NOON,
    SHAPE,
    UNHEARD,
    agreed,
    answered,
    edited,
    item,
    report,
    trying,
    write_of,
)

ADA = {"display_name": "Ada", "job_title": "Programmer"}
CRM_AT_NOON = {"job_title": Stamp(NOON, Side.CRM).document()}

#         the record since,  the item since,  heard by        -> record     item is owed
RULES = [
    ("nothing changed", "Programmer", "Programmer", LISTENING, "Programmer", None),
    ("the mailbox's user edited", "Programmer", "Countess", LISTENING, "Countess", None),
    ("the mailbox's user cleared it", "Programmer", None, LISTENING, None, None),
    ("the CRM edited meanwhile", "Analyst", "Programmer", LISTENING, "Analyst", "Analyst"),
    ("both said the same", "Countess", "Countess", LISTENING, "Countess", None),
    ("both edited, Outlook later", "Analyst", "Countess", LISTENING, "Countess", None),
    ("both edited, the CRM wins", "Analyst", "Countess", CRM_WINS, "Analyst", "Analyst"),
    ("both edited, Microsoft wins", "Analyst", "Countess", MICROSOFT_WINS, "Countess", None),
    ("an edit while nobody listens", "Programmer", "Countess", UNHEARD, "Programmer", None),
    ("the CRM edits what drifted unheard", "Analyst", "Countess", UNHEARD, "Analyst", "Analyst"),
    ("an edit of one who may only look", "Programmer", "Countess", LOOKING, "Programmer", "Programmer"),
]  # fmt: skip


@pytest.mark.feature("F4")
@pytest.mark.parametrize(
    ("ours", "theirs", "listening", "record", "owed"), [pytest.param(*row, id=rule) for rule, *row in RULES]
)
def test_an_edited_field_reaches_who_lacks_it(ours, theirs, listening, record, owed):
    link = agreed(ADA)
    doc = ADA | {"job_title": ours}

    received = report(doc, link, edited(link, jobTitle=theirs), listening=listening, field_at=CRM_AT_NOON)

    write = write_of(received.doc, received.link)
    assert received.doc["job_title"] == record
    assert (write.fields.get("jobTitle") if isinstance(write, Update) else None) == owed


@pytest.mark.feature("F4")
def test_a_conflict_keeps_both_values_with_their_sides():
    link = agreed(ADA)
    received = report(
        ADA | {"job_title": "Analyst"}, link, edited(link, jobTitle="Countess"), field_at=CRM_AT_NOON
    )

    (conflict,) = received.conflicts
    assert (conflict.base, conflict.ours, conflict.theirs) == ("Programmer", "Analyst", "Countess")
    assert (conflict.kept, conflict.ours_stamp.side, conflict.theirs_stamp.side) == (
        Kept.THEIRS,
        Side.CRM,
        Side.MICROSOFT,
    )


def test_an_edit_of_one_who_may_only_look_is_a_conflict_it_has_lost():
    link = agreed(ADA)
    received = report(ADA, link, edited(link, jobTitle="Countess"), listening=LOOKING)

    assert [conflict.kept for conflict in received.conflicts] == [Kept.OURS]


def test_an_edit_says_what_changed_what_it_was_and_who_made_it():
    link = agreed(ADA)
    received = report(ADA, link, edited(link, jobTitle="Countess"))

    assert received.changed == ["job_title"]
    assert received.previous == {"job_title": "Programmer"}
    assert Stamp.parse(received.field_at["job_title"]).connection == "con_1"


@pytest.mark.parametrize(
    ("moved", "certain"),
    [
        pytest.param({}, False, id="of nothing under way"),
        pytest.param({}, True, id="certainly"),
        pytest.param({"company": "Engines"}, False, id="while a write of ours is under way"),
    ],
)
def test_a_report_of_nothing_new_returns_the_very_same_objects(moved, certain):
    doc = ADA | moved
    link = trying(doc, agreed(ADA)) if moved else agreed(ADA)
    received = report(doc, link, dict(link.graph_had), certain=certain)

    assert received.doc is doc
    assert received.link is link


def test_an_item_that_tells_no_time_is_heard_and_gives_birth_without_one():
    known = {name: raw for name, raw in agreed(ADA).graph_had.items() if name != SHAPE.modified}
    received = report(ADA, LinkView(known), known | {"jobTitle": "Countess"})

    unknown = Stamp(None, Side.MICROSOFT, "con_1").document()
    assert (received.doc["job_title"], received.field_at) == ("Countess", {"job_title": unknown})
    assert born(SHAPE, known, listening=LISTENING).field_at == dict.fromkeys(ADA, unknown)


@pytest.mark.lesson(13)
def test_two_people_editing_different_fields_both_keep_their_edit():
    link = agreed(ADA)
    doc = ADA | {"company": "Analytical Engines"}
    received = report(doc, link, edited(link, jobTitle="Countess"))

    assert (received.doc["company"], received.doc["job_title"]) == ("Analytical Engines", "Countess")
    assert write_of(received.doc, received.link).owed == ("companyName",)


@pytest.mark.story("a value is reworded")
@pytest.mark.lesson(4)
def test_what_exchange_fills_in_is_no_edit_and_is_not_taken_back():
    """With one base the made-up name would be PATCHed away for ever, or look like the user's edit."""
    doc = {"given_name": "Ada", "family_name": "Lovelace"}
    write = write_of(doc, LinkView())
    received = answered(doc, LinkView(), item(**write.payload, displayName="Ada Lovelace"), write=write)

    assert received.previous == {}
    assert write_of(received.doc, received.link) == Nothing()
    assert received.link.graph_had["displayName"] == "Ada Lovelace"
    assert received.link.graph_means == {"displayName": None}


@pytest.mark.story("a value is reworded")
def test_a_reworded_write_is_agreed_until_somebody_edits_it():
    doc = {"display_name": "Ada", "notes": "one\ntwo"}
    link = agreed(doc, personalNotes="one two")

    assert link.graph_means == {"personalNotes": "one\ntwo"}
    assert write_of(doc, link) == Nothing()

    received = report(doc, link, edited(link, personalNotes="three"))
    assert received.doc["notes"] == "three"
    assert received.link.graph_means == {}


def test_only_what_differs_in_the_wording_is_an_edit():
    """The meaning of a reworded field survives an edit of its neighbour."""
    doc = {"display_name": "Ada", "notes": "long", "job_title": "Programmer"}
    link = agreed(doc, personalNotes="L O N G")
    received = report(doc, link, edited(link, jobTitle="Countess"))

    assert received.changed == ["job_title"]
    assert write_of(received.doc, received.link) == Nothing()


@pytest.mark.story("typed while we write")
def test_a_writes_answer_is_a_report_of_everything_else():
    """To Do ignores If-Match: what a user typed meanwhile is in our PATCH's answer and nowhere else."""
    link = agreed(ADA)
    doc = ADA | {"company": "Analytical Engines"}
    write = write_of(doc, link)
    answer = edited(link, companyName="Analytical Engines", jobTitle="Countess")

    received = answered(doc, link, answer, write=write)

    assert received.changed == ["job_title"]
    assert write_of(received.doc, received.link) == Nothing()


def test_a_record_that_moved_on_while_we_wrote_is_written_next():
    link = agreed(ADA)
    write = write_of(ADA | {"company": "One"}, link)
    doc = ADA | {"company": "Two"}

    received = answered(doc, link, edited(link, companyName="One"), write=write)

    assert received.doc is doc
    assert write_of(doc, received.link).fields["companyName"] == "Two"


def test_every_update_repeats_the_name_that_the_item_holds_never_the_hubs():
    link = agreed({"display_name": "Ada"}, displayName="Ada (work)")
    write = write_of({"display_name": "Ada", "company": "One"}, link)

    assert write.owed == ("companyName",)
    assert write.payload == {"companyName": "One", "displayName": "Ada (work)"}


def test_a_field_that_was_never_agreed_is_filled_not_edited():
    """A release with new fields must not look like ten thousand edits."""
    link = agreed(ADA)
    old = LinkView({name: raw for name, raw in link.graph_had.items() if name != "companyName"})
    assert write_of(ADA | {"company": "One"}, old) == Nothing()

    received = report(ADA | {"company": "One"}, old, edited(link))
    assert received.conflicts == ()
    assert write_of(received.doc, received.link).owed == ("companyName",)


def test_what_drifted_unheard_is_left_alone_and_heard_by_a_later_full_round():
    link = agreed(ADA)
    wording = edited(link, jobTitle="Countess")
    unheard = report(ADA, link, wording, listening=UNHEARD)
    assert write_of(ADA, unheard.link) == Nothing()

    assert report(ADA, unheard.link, wording).doc["job_title"] == "Countess"


def test_an_unheard_answer_leaves_the_drift_unheard():
    link = agreed(ADA)
    doc = ADA | {"company": "One"}
    answer = edited(link, companyName="One", jobTitle="Countess")
    received = answered(doc, link, answer, write=write_of(doc, link), listening=UNHEARD)

    assert received.doc is doc
    assert received.link.graph_had["jobTitle"] == "Programmer"
    assert write_of(doc, received.link) == Nothing()


@pytest.mark.feature("A3")
def test_an_unknown_item_gives_birth_to_a_record():
    wording = item(displayName="Mary Shelley", surname="Shelley", businessPhones=["1"], mobilePhone="2")
    received = born(SHAPE, wording, listening=LISTENING)

    assert received.doc == {
        "display_name": "Mary Shelley",
        "family_name": "Shelley",
        "phones": [{"number": "1", "label": "business"}, {"number": "2", "label": "mobile"}],
    }
    assert write_of(received.doc, received.link) == Nothing()


@pytest.mark.parametrize(
    ("seconds", "title", "suspicious"),
    [
        pytest.param(60, "Countess", False, id="a newer row"),
        pytest.param(0, "Countess", True, id="a row of the same second"),
        pytest.param(-60, "Countess", True, id="an older row"),
        pytest.param(0, "Programmer", False, id="the same again"),
    ],
)
@pytest.mark.lesson(17)
def test_a_row_that_may_be_older_than_what_we_know_is_read_again(seconds, title, suspicious):
    link = agreed(ADA)

    assert needs_rereading(SHAPE, link, edited(link, seconds=seconds, jobTitle=title)) is suspicious


REWORDED = [
    #                                     the record says  the item says  is owed
    ("the same in other words",           "Countess",      " COUNTESS",   None),
    ("what both had meant all along",     "Countess",      "Countess",    None),
    ("what the CRM has left since",       "Analyst",       "Countess",    "Analyst"),
    ("what the CRM says by now, too",     "Analyst",       "Analyst",     None),
]  # fmt: skip


@pytest.mark.lesson(4)
@pytest.mark.parametrize(("ours", "theirs", "owed"), [pytest.param(*row, id=rule) for rule, *row in REWORDED])
def test_of_what_microsoft_words_otherwise_the_meaning_is_compared(ours, theirs, owed):
    link = agreed(ADA | {"job_title": "Countess"}, jobTitle="COUNTESS")
    assert link.graph_means == {"jobTitle": "Countess"}
    doc = ADA | {"job_title": ours}

    received = report(doc, link, edited(link, jobTitle=theirs), field_at=CRM_AT_NOON)

    write = write_of(received.doc, received.link)
    assert (received.changed, received.conflicts) == ([], ())
    assert (write.fields.get("jobTitle") if isinstance(write, Update) else None) == owed
