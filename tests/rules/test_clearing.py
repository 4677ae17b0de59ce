"""What a write would empty in an item, and how what was emptied is put back or left (``engine.md`` §5)."""

import pytest

from app.records.link import LinkView
from app.sync.breaker import clears
from app.sync.clearing import against, apart, empties, refilled, said
from app.sync.conflicts import Policy, Resolution
from app.sync.projection import Nothing, Update
from app.sync.reconcile import Listening
from tests.rules.outlook import SHAPE, agreed, edited, emails, item, report, worded, write_of

ANN = {
    "display_name": "Ann", "company": "Navy", "job_title": "Admiral", "emails": emails("a", "b", "c", "d"),
    "notes": None,
}  # fmt: skip
OWED = [
    #                                       the record becomes                                    counts  taken from the item
    ("nothing",                             {},                                                   False,  set()),
    ("an edit",                             {"company": "Army"},                                  False,  set()),
    ("a field filled",                      {"notes": "x"},                                       False,  set()),
    ("a field emptied",                     {"company": None},                                    True,   {"company"}),
    ("a list emptied",                      {"emails": []},                                       True,   {"emails"}),
    ("a list shortened",                    {"emails": emails("a")},                              False,  set()),
    ("a field emptied, another edited",     {"company": None, "job_title": "Captain"},            True,   {"company"}),
    ("most of it overwritten",              {"company": "x", "job_title": "x", "display_name": "x"}, True,
                                            {"company", "job_title", "display_name"}),
]  # fmt: skip


@pytest.mark.feature("F3")
@pytest.mark.parametrize(("became", "counts", "taken"), [pytest.param(*row, id=rule) for rule, *row in OWED])
def test_what_the_crm_would_empty_in_an_item(became, counts, taken):
    link, doc = agreed(ANN), {**ANN, **became}

    assert empties(SHAPE, doc, link) is counts
    assert against(SHAPE, doc, link) == {name: ANN[name] for name in taken}


@pytest.mark.parametrize(
    ("became", "taken"), [pytest.param(row[1], row[3], id=row[0]) for row in OWED if row[2]]
)
def test_left_apart_only_what_is_an_ordinary_edit_is_owed(became, taken):
    link, doc = agreed(ANN), {**ANN, **became}
    left = apart(SHAPE, doc, link, taken)
    write = write_of(doc, left)

    fields = {SHAPE.parts[name].field for name in write.owed} if isinstance(write, Update) else set()
    assert fields == became.keys() - taken
    assert left.graph_had == link.graph_had
    assert not isinstance(write_of({**doc, "company": "Army"}, left), Nothing)


def test_what_is_in_question_anyway_is_not_counted():
    link, doc = agreed(ANN), {**ANN, "company": None}

    assert not empties(SHAPE, doc, link, held={"company"})
    assert against(SHAPE, doc, link, held={"company"}) == {}


def test_an_item_is_said_to_have_also_what_found_no_seat_in_it():
    assert {name: value for name, value in said(SHAPE, agreed(ANN)).items() if value} == {
        name: value for name, value in ANN.items() if value
    }


EMPTIED = [
    ("a field",                    {"companyName": None},                              {}),
    ("a list",                     {"emailAddresses": []},                             {}),
    ("a field, another edited",    {"companyName": None, "jobTitle": "Captain"},       {"job_title": "Captain"}),
    ("a field, another filled",    {"companyName": None, "personalNotes": "x"},        {"notes": "x"}),
]  # fmt: skip


@pytest.mark.feature("F3")
@pytest.mark.parametrize(("there", "arrives"), [pytest.param(*row, id=rule) for rule, *row in EMPTIED])
def test_put_back_the_rest_of_a_report_arrives_and_what_was_emptied_is_owed(there, arrives):
    link = agreed({**ANN, "emails": emails("a", "b")})
    doc = {**ANN, "emails": emails("a", "b")}
    received = report(doc, link, edited(link, **there))
    assert clears(received.previous, received.doc)

    back = refilled(received)

    assert back.doc == {**doc, **arrives}
    assert back.previous.keys() == back.field_at.keys() == arrives.keys()
    write = write_of(back.doc, back.link)
    assert {write.fields[name] == back.doc[SHAPE.parts[name].field] for name in write.owed} == {True}
    assert len(write.owed) == 1


@pytest.mark.parametrize(("there", "arrives"), [pytest.param(*row, id=rule) for rule, *row in EMPTIED])
def test_left_as_it_is_nothing_is_owed_and_the_next_edit_is_heard(there, arrives):
    link = agreed(ANN)
    received = report(ANN, link, edited(link, **there))
    kept = refilled(received)
    left = apart(SHAPE, kept.doc, kept.link, received.previous.keys() - kept.previous.keys())

    assert write_of(kept.doc, left) == Nothing()
    again = report(kept.doc, left, edited(left, seconds=120, companyName="Army", emailAddresses=worded("x")))
    assert again.doc["company"] == "Army"
    assert emails("x")[0] in again.doc["emails"]


@pytest.mark.lesson(15)
@pytest.mark.parametrize("resolution", Resolution)
@pytest.mark.parametrize(
    "fields", [{}, {"companyName": "Army", "jobTitle": "Captain", "emailAddresses": worded("x")}]
)
def test_who_is_met_for_the_first_time_empties_nothing_and_what_gives_way_is_kept(resolution, fields):
    """Linking fills blanks; so only an item that a record knows already can empty it."""
    listening = Listening("con_1", policy=Policy(resolution))
    received = report(ANN, LinkView(), item(displayName="Ann", **fields), listening=listening)

    assert [name for name, was in received.previous.items() if was and not received.doc[name]] == []
    kept = {conflict.field: conflict.ours for conflict in received.conflicts}
    given_way = {name for name in received.changed if name != "emails" and ANN[name]}
    assert {name: kept[name] for name in given_way} == {name: ANN[name] for name in given_way}
    assert received.doc["emails"][: len(ANN["emails"])] == ANN["emails"]
