"""The breaker: how many pass unasked, and what counts as one (``engine.md`` §5)."""

import pytest

from app.sync.breaker import Kind, Limits, Window, cleared, clears, trips

DELETIONS, CREATIONS, CLEARS, INVITED = Kind.DELETIONS, Kind.CREATIONS, Kind.CLEARS, Kind.INVITATIONS
USUAL = Limits()

BOUNDARIES = [
    #                                                   kind       pending done  live    stops
    ("nothing is pending",                              DELETIONS,       0,   50,  10,   False),
    ("ten of a hundred",                                DELETIONS,      10,    0,  100,  False),
    ("eleven of a hundred",                             DELETIONS,      11,    0,  100,  True),
    ("eleven of a hundred and ten: just ten percent",   DELETIONS,      11,    0,  110,  False),
    ("twelve of a hundred and ten",                     DELETIONS,      12,    0,  110,  True),
    ("a hundred of a thousand",                         DELETIONS,     100,    0, 1000,  False),
    ("a hundred and one of a thousand",                 DELETIONS,     101,    0, 1000,  True),
    ("ten after others that day",                       DELETIONS,      10,    1,  100,  True),
    ("one more, and the day is full",                   DELETIONS,       1,   10,  100,  True),
    ("one more, and the day is not",                    DELETIONS,       1,    9,  100,  False),
    ("both of two",                                     DELETIONS,       2,    0,    2,  False),
    ("all of three",                                    DELETIONS,       3,    0,    3,  True),
    ("three of six: half",                              DELETIONS,       3,    0,    6,  True),
    ("three of seven: less than half",                  DELETIONS,       3,    0,    7,  False),
    ("the third of six that day",                       DELETIONS,       1,    2,    6,  True),
    ("thirty of forty",                                 DELETIONS,      30,    0,   40,  True),
    ("ten of twenty: half, though few",                 DELETIONS,      10,    0,   20,  True),
    ("clears count the same way: ten",                  CLEARS,         10,    0,  100,  False),
    ("clears count the same way: eleven",               CLEARS,         11,    0,  100,  True),
    ("clears count the same way: half",                 CLEARS,          3,    0,    6,  True),
    ("as many creations as there may be",               CREATIONS,    5000,    0,    0,  False),
    ("one creation too many",                           CREATIONS,    5001,    0,    0,  True),
    ("creations through the day",                       CREATIONS,       1, 5000,    0,  True),
    ("creations know no half",                          CREATIONS,     100,    0,  100,  False),
    ("as many invitations as may go out",               INVITED,        20,    0,    0,  False),
    ("one invitation too many",                         INVITED,        21,    0, 1000,  True),
    ("invitations through the day",                     INVITED,         1,   20, 1000,  True),
    ("invitations know no half",                        INVITED,         3,    0,    3,  False),
]  # fmt: skip


@pytest.mark.feature("F3")
@pytest.mark.lesson(1)
@pytest.mark.lesson(3)
@pytest.mark.parametrize(
    ("kind", "pending", "done", "live", "stops"), [pytest.param(*row, id=rule) for rule, *row in BOUNDARIES]
)
def test_how_many_pass_unasked(kind, pending, done, live, stops):
    assert trips(kind, pending=pending, window=Window(done=done, live=live), limits=USUAL) is stops


CHOSEN = [
    ("a workspace that allows more",      {"min_deletes": 50},                              50, 200, False),
    ("a workspace that allows one more",  {"min_deletes": 50},                              51, 200, True),
    ("a workspace that allows a quarter", {"max_delete_percent": 25},                       50, 200, False),
    ("nothing at all",                    {"min_deletes": 0, "max_delete_percent": 0},       1, 200, True),
    ("what others choose besides",        {"max_invitations": 3},                           20, 200, False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("chosen", "pending", "live", "stops"), [pytest.param(*row, id=rule) for rule, *row in CHOSEN]
)
def test_a_workspace_chooses_how_many(chosen, pending, live, stops):
    assert trips(DELETIONS, pending=pending, window=Window(live=live), limits=Limits.of(chosen)) is stops


ANN = {
    "display_name": "Ann",
    "company": "Navy",
    "job_title": "Admiral",
    "emails": [{"address": "a@b.example"}],
}
CLEARED = [
    ("nothing changed",                       {},                                          {},            False),
    ("a field was edited",                    {"company": "Navy"},         {"company": "Army"},           False),
    ("a field was filled",                    {"notes": ""},               {"notes": "x"},                False),
    ("a field was emptied",                   {"company": "Navy"},         {"company": None},             True),
    ("a text was emptied",                    {"company": "Navy"},         {"company": ""},               True),
    ("a list was emptied",                    {"emails": ANN["emails"]},   {"emails": []},                True),
    ("a list lost one of two",  {"emails": [*ANN["emails"], {"address": "c@d.example"}]}, {},             False),
    ("two of three were overwritten",         {"company": "Navy", "job_title": "Admiral", "emails": []},
                                              {"company": "x", "job_title": "y", "emails": []},           True),
    ("half was overwritten",                  {"company": "Navy", "job_title": "Admiral"},
                                              {"company": "x", "job_title": "y"},                         False),
    ("more than half was overwritten",        {"display_name": "Ann", "company": "Navy", "job_title": "Admiral"},
                                              {"display_name": "x", "company": "x", "job_title": "x"},    True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("previous", "became", "counts"), [pytest.param(*row, id=rule) for rule, *row in CLEARED]
)
def test_what_counts_as_a_clear(previous, became, counts):
    assert clears(previous, {**ANN, **became}) is counts


def test_the_only_field_of_a_record_may_be_edited():
    assert not clears({"display_name": "Ann"}, {"display_name": "Anna"})


WITHOUT = [
    ("nothing lost",               {"notes": ""},                                 {"notes": "x"},                      []),
    ("one emptied",                {"company": "Navy"},                           {"company": None},                   ["company"]),
    ("one emptied, one edited",    {"company": "Navy", "job_title": "Admiral"},   {"company": None, "job_title": "x"}, ["company"]),
    ("two emptied",                {"company": "Navy", "emails": ANN["emails"]},  {"company": None, "emails": []},     ["company", "emails"]),
    ("more than half overwritten", {"display_name": "Ann", "company": "Navy", "job_title": "Admiral"},
                                   {"display_name": "x", "company": "x", "job_title": "x"},
                                   ["display_name", "company", "job_title"]),
    ("overwritten and emptied",    {"display_name": "Ann", "company": "Navy", "job_title": "Admiral", "emails": ANN["emails"]},
                                   {"display_name": "x", "company": "x", "job_title": "x", "emails": []},
                                   ["display_name", "company", "job_title", "emails"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("previous", "became", "fields"), [pytest.param(*row, id=rule) for rule, *row in WITHOUT]
)
def test_without_which_fields_a_step_is_an_ordinary_edit(previous, became, fields):
    doc = {**ANN, **became}
    assert cleared(previous, doc) == fields

    kept = {name: was for name, was in previous.items() if name not in fields}
    assert not clears(kept, {**doc, **{name: previous[name] for name in fields}})
