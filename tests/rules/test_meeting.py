"""An item and a record that were both there (engine.md §12)."""

import pytest

from app.records.link import LinkView
from app.sync.conflicts import Side, Stamp
from app.sync.projection import Nothing, Update
from tests.rules.outlook import (
    CRM_WINS,
    LISTENING,
    LOOKING,
    MICROSOFT_WINS,
    NOON,
    UNHEARD,
    edited,
    emails,
    item,
    names,
    phones,
    report,
    worded,
    write_of,
)

CRM_EARLIER = {"job_title": Stamp(NOON.replace(hour=1), Side.CRM).document()}


def meets(doc, listening=LISTENING, field_at=None, **fields):
    return report(doc, LinkView(), item(**fields), listening=listening, field_at=field_at)


TEXTS = [
    #                         record   item   heard by        -> record  item is owed
    ("blank here", None, "Countess", LISTENING, "Countess", None),
    ("blank there", "Countess", None, LISTENING, "Countess", "Countess"),
    ("the same", "Countess", "Countess", LISTENING, "Countess", None),
    ("different, no time known", "Analyst", "Countess", LISTENING, "Analyst", "Analyst"),
    ("different, the CRM wins", "Analyst", "Countess", CRM_WINS, "Analyst", "Analyst"),
    ("different, Microsoft wins", "Analyst", "Countess", MICROSOFT_WINS, "Countess", None),
    ("blank here, not listened to", None, "Countess", UNHEARD, None, None),
    ("blank there, not listened to", "Countess", None, UNHEARD, "Countess", "Countess"),
    ("different, not listened to", "Analyst", "Countess", UNHEARD, "Analyst", "Analyst"),
    ("blank here, may only look", None, "Countess", LOOKING, None, None),
]  # fmt: skip


@pytest.mark.lesson(15)
@pytest.mark.parametrize(
    ("ours", "theirs", "listening", "record", "owed"), [pytest.param(*row, id=rule) for rule, *row in TEXTS]
)
def test_blanks_are_filled_both_ways_and_differences_settled(ours, theirs, listening, record, owed):
    received = meets(
        {"display_name": "Ada", "job_title": ours}, listening, displayName="Ada", jobTitle=theirs
    )

    write = write_of(received.doc, received.link)
    assert received.doc.get("job_title") == record
    assert (write.fields.get("jobTitle") if isinstance(write, Update) else None) == owed


def test_the_newer_of_two_known_times_wins():
    received = meets({"job_title": "Analyst"}, field_at=CRM_EARLIER, jobTitle="Countess")

    assert received.doc["job_title"] == "Countess"
    assert [conflict.field for conflict in received.conflicts] == ["job_title"]


def test_lists_are_united():
    doc = {"display_name": "Ada", "emails": emails("a", "b")}
    received = meets(doc, displayName="Ada", emailAddresses=worded("b", "c"))

    assert {email["address"] for email in received.doc["emails"]} == {
        "a@example.org", "b@example.org", "c@example.org",
    }  # fmt: skip
    assert write_of(received.doc, received.link).owed == ("emailAddresses",)


@pytest.mark.parametrize(
    ("here", "there", "record", "owed"),
    [
        pytest.param(None, "Ada L", "Ada L", None, id="blank here"),
        pytest.param("Ada", None, "Ada", "Ada", id="blank there"),
        pytest.param("Ada", "Ada L", "Ada", "Ada", id="different"),
    ],
)
def test_the_name_of_an_address_both_have_is_filled_or_settled(here, there, record, owed):
    doc = {"display_name": "Ada", "emails": [{"address": "ada@example.org", "name": here}]}
    wording = [{"address": "ADA@example.org", "name": there}]
    received = meets(doc, displayName="Ada", emailAddresses=wording)

    write = write_of(received.doc, received.link)
    assert received.doc["emails"] == [{"address": "ada@example.org", "name": record}]
    sent = write.fields["emailAddresses"][0]["name"] if isinstance(write, Update) else None
    assert sent == owed


def test_a_phone_number_differently_written_is_one_phone_and_no_write():
    doc = {"display_name": "Ada", "phones": phones("+1 202 555 0100")}
    received = meets(doc, displayName="Ada", businessPhones=["+1 (202) 555-0100"])

    assert received.doc is doc
    assert write_of(received.doc, received.link) == Nothing()


def test_another_order_of_one_list_is_not_worth_a_write():
    doc = {"display_name": "Ada", "emails": emails("a", "b")}
    received = meets(doc, displayName="Ada", emailAddresses=worded("b", "a"))

    assert received.doc is doc
    assert write_of(received.doc, received.link) == Nothing()


UNHEARD_LISTS = [
    ("only theirs", ["private"], None),
    ("ours and one of theirs", ["a", "private"], None),
    ("one of ours: the other is written", ["a"], ["a", "b"]),
]


@pytest.mark.parametrize(("there", "owed"), [pytest.param(*row, id=story) for story, *row in UNHEARD_LISTS])
def test_a_list_that_may_not_be_heard_is_written_only_where_nothing_of_theirs_goes(there, owed):
    doc = {"display_name": "Ada", "emails": emails("a", "b")}
    received = meets(doc, UNHEARD, displayName="Ada", emailAddresses=worded(*there))

    write = write_of(received.doc, received.link)
    assert (names(write.fields["emailAddresses"]) if isinstance(write, Update) else None) == owed


def test_nothing_is_taken_out_of_a_list_that_may_not_be_heard():
    doc = {"display_name": "Ada", "emails": emails("a")}
    received = meets(doc, UNHEARD, displayName="Ada", emailAddresses=worded("a", "private"))

    assert received.doc is doc
    assert write_of(received.doc, received.link) == Nothing()


def test_more_elements_than_seats_are_kept_here():
    doc = {"display_name": "Ada", "emails": emails("a", "b", "c")}
    received = meets(doc, displayName="Ada", emailAddresses=worded("a", "x", "y"))

    assert len(received.doc["emails"]) == 5
    assert write_of(received.doc, received.link) == Nothing()


def test_two_addresses_of_one_label_are_a_difference_not_two_addresses():
    lines = dict.fromkeys(("city", "region", "postal_code", "country"))
    doc = {"display_name": "Ada", "addresses": [{"label": "home", "street": "1 High St", **lines}]}
    received = meets(doc, displayName="Ada", homeAddress={"street": "2 Low St"})

    assert received.doc is doc
    assert write_of(received.doc, received.link).owed == ("homeAddress",)


@pytest.mark.parametrize("listening", [LISTENING, UNHEARD, LOOKING])
def test_what_says_the_same_is_no_conflict(listening):
    received = meets({"job_title": "Countess"}, listening, jobTitle="Countess")

    assert (received.conflicts, received.changed) == ((), [])
    assert "jobTitle" not in write_of({"job_title": "Countess", "notes": "x"}, received.link).owed


def test_not_listened_to_only_what_the_item_alone_has_is_left_alone():
    doc = {"display_name": "Ada", "job_title": None, "company": "Navy"}
    link = meets(doc, UNHEARD, displayName="Ada", jobTitle="Countess", companyName="Army").link

    assert write_of(doc, link).owed == ("companyName",)
    assert write_of(doc | {"company": None}, link).fields["companyName"] is None


def test_what_was_never_taken_from_a_list_leaves_it_without_a_conflict():
    doc = {"display_name": "Ada", "emails": emails("a")}
    met = meets(doc, LOOKING, displayName="Ada", emailAddresses=worded("a", "b"))
    later = report(doc, met.link, edited(met.link, emailAddresses=worded("a")), listening=LOOKING)

    assert (later.doc, later.conflicts) == (doc, ())
