"""Lists that are longer than Outlook's places for them (engine.md §7)."""

import pytest

from app.records.link import LinkView
from app.records.values import LISTS
from app.sync import lists
from app.sync.projection import UNSURE, Nothing, unagreed
from tests.rules.outlook import (
    LOOKING,
    SHAPE,
    agreed,
    answered,
    edited,
    emails,
    names,
    phones,
    report,
    trying,
    worded,
    write_of,
)

ABCDE = {"display_name": "Ada", "emails": emails("a", "b", "c", "d", "e")}


def seats_of(doc, link):
    """Return what the item is owed, or shows where it is owed nothing."""
    write = write_of(doc, link)
    if isinstance(write, Nothing):
        return names(SHAPE.read(SHAPE.parts["emailAddresses"], link.graph_had["emailAddresses"]))
    return names(write.fields["emailAddresses"])


OUTLOOK = [
    ("edited in place", ["a", "x", "c"], ["a", "x", "c", "d", "e"]),
    ("taken out", ["a", "c"], ["a", "c", "d", "e"]),
    ("the first taken out", ["b", "c"], ["b", "c", "d", "e"]),
    ("all taken out", [], ["d", "e"]),
    ("put in another order", ["c", "a", "b"], ["c", "a", "b", "d", "e"]),
    ("another order and one edited", ["b", "a", "x"], ["b", "a", "x", "d", "e"]),
    ("everything replaced", ["x", "y", "z"], ["x", "y", "z", "d", "e"]),
]


@pytest.mark.story("the fourth address")
@pytest.mark.lesson(13)
@pytest.mark.parametrize(("there", "record"), [pytest.param(*row, id=story) for story, *row in OUTLOOK])
def test_an_edit_in_outlook_never_bounces_and_keeps_what_outlook_cannot_hold(there, record):
    """Showing "the first three" overwrites an edit by the next address in 28 % of steps."""
    link = agreed(ABCDE)
    received = report(ABCDE, link, edited(link, emailAddresses=worded(*there)))

    assert names(received.doc["emails"]) == record
    assert write_of(received.doc, received.link) == Nothing()


CRM = [
    ("a shown one went: a hidden one may come", ["a", "c", "d", "e"], ["a", "c", "d"]),
    ("two shown ones went", ["c", "d", "e"], ["c", "d", "e"]),
    ("a hidden one went", ["a", "b", "c", "e"], ["a", "b", "c"]),
    ("a shown one was replaced", ["a", "x", "c", "d", "e"], ["a", "x", "c"]),
    ("one more came and finds no place", ["a", "b", "c", "d", "e", "f"], ["a", "b", "c"]),
    ("one went and one came: the new one first", ["a", "c", "d", "e", "f"], ["a", "c", "f"]),
    ("two went and one came: it, and a hidden one", ["a", "f", "d", "e"], ["a", "f", "d"]),
    ("more came than went", ["a", "x", "y", "z", "d", "e"], ["a", "x", "y"]),
    ("put in another order", ["c", "b", "a", "d", "e"], ["c", "b", "a"]),
    ("all went", [], []),
]


@pytest.mark.parametrize(("record", "shown"), [pytest.param(*row, id=story) for story, *row in CRM])
def test_an_edit_of_the_crm_changes_only_the_seats_it_is_about(record, shown):
    link = agreed(ABCDE)

    assert seats_of(ABCDE | {"emails": emails(*record)}, link) == shown


GIVEN_UP = [
    ("all of them, and one came back", [], ["d"], ["d"]),
    ("all but one, and another came back", ["d"], ["d", "e"], ["d", "e"]),
]


@pytest.mark.parametrize("noted", [pytest.param(True, id="answered"), pytest.param(False, id="seen late")])
@pytest.mark.parametrize(
    ("left", "again", "shown"), [pytest.param(*row, id=story) for story, *row in GIVEN_UP]
)
def test_what_the_record_gave_up_is_new_when_it_comes_back(left, again, shown, noted):
    """What once found no seat would be kept out of the item for ever, though its places are free."""
    link, doc = agreed(ABCDE), ABCDE | {"emails": emails(*left)}
    wording = edited(link, emailAddresses=worded(*left))
    if noted:
        received = answered(doc, link, wording, write=write_of(doc, link))
    else:
        received = report(doc, trying(doc, link), wording, certain=True)
    assert write_of(doc, received.link) == Nothing()

    assert seats_of(doc | {"emails": emails(*again)}, received.link) == shown


def test_no_more_is_shown_than_there_are_places_though_the_item_holds_more():
    link = agreed({"display_name": "Ada", "phones": phones("1", "2", "4", "5", "6")})
    crowded = LinkView(link.graph_had | {"businessPhones": ["1", "2", "3"]}, link.graph_means)
    write = write_of({"display_name": "Ada", "phones": phones("4", "5", "6")}, crowded)

    assert [phone["number"] for phone in write.fields["businessPhones"]] == ["4", "5"]


def test_a_seat_that_outlooks_user_emptied_is_for_new_elements_only():
    link = agreed(ABCDE)
    received = report(ABCDE, link, edited(link, emailAddresses=worded("a", "c")))
    doc = received.doc | {"emails": [*received.doc["emails"], *emails("f")]}

    assert seats_of(doc, received.link) == ["a", "c", "f"]


def test_an_element_that_came_while_all_seats_were_taken_stays_out_of_an_emptied_one():
    link = agreed(ABCDE)
    doc = ABCDE | {"emails": [*ABCDE["emails"], *emails("f")]}
    received = report(doc, link, edited(link, emailAddresses=worded("a", "c")))

    assert write_of(received.doc, received.link) == Nothing()


def test_an_added_element_goes_after_its_neighbour():
    doc = {"display_name": "Ada", "children": ["Byron", "Ralph"]}
    link = agreed(doc)
    received = report(doc, link, edited(link, children=["Byron", "Annabella", "Ralph"]))

    assert received.doc["children"] == ["Byron", "Annabella", "Ralph"]


def test_an_edit_in_place_meets_an_edit_of_another_element():
    link = agreed(ABCDE)
    doc = ABCDE | {"emails": emails("x", "b", "c", "d", "e")}
    received = report(doc, link, edited(link, emailAddresses=worded("a", "y", "c")))

    assert names(received.doc["emails"]) == ["x", "y", "c", "d", "e"]
    assert received.conflicts == ()


def test_two_edits_of_one_element_are_settled():
    link = agreed(ABCDE)
    doc = ABCDE | {"emails": emails("x", "b", "c", "d", "e")}
    received = report(doc, link, edited(link, emailAddresses=worded("y", "b", "c")))

    assert len(received.conflicts) == 1
    assert names(received.doc["emails"]) == ["x", "b", "c", "d", "e"]
    assert seats_of(received.doc, received.link) == ["x", "b", "c"]


@pytest.mark.parametrize(
    ("ours", "theirs", "became"),
    [
        pytest.param(["b", "c"], ["x", "b", "c"], ["x", "b", "c"], id="edited there, removed here"),
        pytest.param(["x", "b", "c"], ["b", "c"], ["x", "b", "c"], id="removed there, edited here"),
        pytest.param(["b", "c"], ["b", "c"], ["b", "c"], id="removed on both sides"),
    ],
)
def test_an_edit_outlives_a_concurrent_removal_of_the_same_element(ours, theirs, became):
    doc = {"display_name": "Ada", "emails": emails("a", "b", "c")}
    link = agreed(doc)
    received = report(doc | {"emails": emails(*ours)}, link, edited(link, emailAddresses=worded(*theirs)))

    assert names(received.doc["emails"]) == became


def test_the_edit_of_one_who_may_only_look_is_put_back_seat_by_seat():
    link = agreed(ABCDE)
    received = report(ABCDE, link, edited(link, emailAddresses=worded("a", "y", "c")), listening=LOOKING)

    assert received.doc is ABCDE
    assert seats_of(received.doc, received.link) == ["a", "b", "c"]


def test_phones_have_places_by_their_label_and_some_have_none():
    doc = {
        "display_name": "Ada",
        "phones": [
            *phones("1", "2", "3"),
            *phones("4", label="mobile"),
            *phones("5", label="other"),
            *phones("6", label="fax"),
        ],
    }
    link = agreed(doc)
    assert (link.graph_had["businessPhones"], link.graph_had["mobilePhone"]) == (["1", "2"], "4")

    received = report(doc, link, edited(link, mobilePhone="44", homePhones=["7"]))

    numbers = [(phone["number"], phone["label"]) for phone in received.doc["phones"]]
    assert numbers == [
        ("1", "business"), ("2", "business"), ("3", "business"), ("44", "mobile"), ("5", "other"),
        ("6", "fax"), ("7", "home"),
    ]  # fmt: skip
    assert write_of(received.doc, received.link) == Nothing()


def address(street, *, label="business"):
    lines = dict.fromkeys(("city", "region", "postal_code", "country"))
    return {"label": label, "street": street, **lines}


def test_an_address_merges_as_one_value():
    doc = {"display_name": "Ada", "addresses": [address("1 High St")]}
    link = agreed(doc)
    ours = doc | {"addresses": [address("2 High St")]}
    received = report(ours, link, edited(link, businessAddress={"street": "1 High St", "city": "London"}))

    assert len(received.conflicts) == 1
    assert received.doc["addresses"] == [address("2 High St")]


def test_a_second_address_of_one_label_is_held_here_alone():
    doc = {"display_name": "Ada", "addresses": [address("1 High St"), address("2 Low St")]}
    link = agreed(doc)
    gone = report(doc, link, edited(link, businessAddress={}))

    assert gone.doc["addresses"] == [address("2 Low St")]
    assert write_of(gone.doc, gone.link) == Nothing()


def test_an_element_reworded_by_microsoft_stays_ours_when_its_neighbour_is_edited():
    doc = {"display_name": "Ada", "phones": phones("+44 1", "+44 2")}
    link = agreed(doc, businessPhones=["(44) 1", "(44) 2"])
    assert write_of(doc, link) == Nothing()

    received = report(doc, link, edited(link, businessPhones=["(44) 1", "(44) 3"]))

    assert [phone["number"] for phone in received.doc["phones"]] == ["+44 1", "(44) 3"]
    assert write_of(received.doc, received.link) == Nothing()


def test_categories_have_no_order():
    doc = {"display_name": "Ada", "categories": ["VIP", "Board"]}
    link = agreed(doc, categories=["Board", "VIP"])
    assert write_of(doc, link) == Nothing()
    assert link.graph_means == {}

    received = report(doc, link, edited(link, categories=["Board", "Press", "VIP"]))
    assert sorted(received.doc["categories"]) == ["Board", "Press", "VIP"]
    assert write_of(received.doc, received.link) == Nothing()


def test_an_element_that_microsoft_does_not_keep_stays_in_the_record():
    doc = {"display_name": "Ada", "children": ["Byron", "Annabella", "Ralph"]}
    link = agreed(doc, children=["Byron", "Ralph"])
    assert write_of(doc, link) == Nothing()

    received = report(doc, link, edited(link, children=["Byron"]))
    assert received.doc["children"] == ["Byron", "Annabella"]


def test_the_note_of_a_write_hides_what_found_no_seat():
    write = write_of(ABCDE, LinkView())
    wording = {**agreed(ABCDE).graph_had}
    received = answered(ABCDE, LinkView(), wording, write=write)

    assert names(received.link.graph_means["emailAddresses"]["hidden"]) == ["d", "e"]


def test_an_element_edited_after_another_went_is_edited_in_place():
    rules = LISTS[SHAPE.parts["emailAddresses"].kind]
    made = lists.edits(rules, emails("a", "b", "c"), emails("b", "x"))

    assert (made.replaced, made.added) == ({rules.key(emails("c")[0]): emails("x")[0]}, ())
    assert made.removed == {rules.key(emails("a")[0])}


DOUBT = ["x", "y"]


@pytest.mark.parametrize(
    ("doubts", "left"),
    [
        pytest.param({UNSURE: {"jobTitle": DOUBT, "companyName": DOUBT}}, {UNSURE: {"companyName": DOUBT}}, id="of both"),
        pytest.param({UNSURE: {"jobTitle": DOUBT}}, {}, id="of it alone"),
        pytest.param({}, {}, id="of none"),
    ],
)  # fmt: skip
def test_a_field_to_be_met_anew_was_never_agreed_and_the_others_still_are(doubts, left):
    had = {"jobTitle": "Countess", "companyName": "One"}
    link = unagreed(SHAPE, LinkView(had, {"jobTitle": "C", "companyName": "O", **doubts}), {"job_title"})

    assert link.graph_had == {"companyName": "One"}
    assert link.graph_means == {"companyName": "O", **left}
