"""A contact on Microsoft's wire and back (graph/facts.md §4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.graph.contacts import PARTS, SELECT, SHAPE, had, parse, payload, read
from app.records import contact
from app.records.contact import ADDRESS_LABELS, FIELDS, PHONE_LABELS, canonical
from app.records.link import LinkView
from app.records.values import ADDRESS_LINES, Kind
from app.sync.projection import owed
from tests.rules.outlook import agreed, emails, item, write_of

words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=20)
text = st.none() | words
VALUES = {
    Kind.TEXT: text,
    Kind.DATE: st.none() | st.dates().map(lambda day: day.isoformat()),
    Kind.TEXTS: st.lists(words, max_size=4),
    Kind.TAGS: st.lists(words, max_size=4),
    Kind.EMAILS: st.lists(st.fixed_dictionaries({"address": words, "name": text}), max_size=5),
    Kind.PHONES: st.lists(
        st.fixed_dictionaries({"number": words, "label": st.sampled_from(PHONE_LABELS)}), max_size=8
    ),
    Kind.ADDRESSES: st.lists(
        st.fixed_dictionaries(
            {"label": st.sampled_from(ADDRESS_LABELS), **dict.fromkeys(ADDRESS_LINES, text)}
        ),
        max_size=4,
    ),
}
contacts = st.fixed_dictionaries({}, optional={name: VALUES[kind] for name, kind in FIELDS.items()})


@given(contacts)
def test_normal_form_is_normal(fields):
    assert canonical(canonical(fields)) == canonical(fields)


@given(contacts)
def test_what_we_post_comes_back_as_what_we_meant(fields):
    """All but the elements that Outlook has no place for, and a name that only repeats the address."""
    doc = canonical(fields)
    write = owed(SHAPE, doc, LinkView())
    wording = item(**write.payload)

    for name, part in PARTS.items():
        sent = write.fields[name]
        if part.kind is Kind.EMAILS:
            meant = [e | {"name": None if repeats_address(e) else e["name"]} for e in sent]
            sent = canonical({part.field: meant})[part.field]  # with its own name or none it is one address
        assert contact.same(part.field, read(part, wording[name]), sent)


def repeats_address(email):
    return (email["name"] or "").casefold() == email["address"].casefold()


@given(contacts)
def test_what_was_written_is_owed_no_more(fields):
    doc = canonical(fields)

    assert not hasattr(write_of(doc, agreed(doc)), "payload")


@given(contacts)
def test_no_list_is_longer_than_outlook_allows(fields):
    body = owed(SHAPE, canonical(fields), LinkView()).payload

    assert len(body.get("emailAddresses", [])) <= 3
    assert len(body.get("businessPhones", [])) <= 2
    assert len(body.get("homePhones", [])) <= 2
    assert isinstance(body.get("mobilePhone"), str | None)


@given(contacts)
def test_parse_undoes_had(fields):
    doc = canonical(fields)
    wording = item(**owed(SHAPE, doc, LinkView()).payload)
    parsed = parse(wording)

    assert set(parsed) <= set(FIELDS)
    assert all(parsed.values())


@pytest.mark.lesson(11)
@pytest.mark.parametrize(
    "raw",
    [
        "1906-12-09T11:59:00Z",
        "1906-12-09T00:00:00Z",
        "1906-12-09T23:59:59.9999999Z",
        "1906-12-09T00:00:00+12:00",
        "1906-12-09",
    ],
)
def test_a_birthday_is_its_date_whatever_the_time_of_day(raw):
    assert read(PARTS["birthday"], raw) == "1906-12-09"


@pytest.mark.lesson(11)
def test_a_birthday_is_written_so_that_no_zone_moves_it():
    assert payload({"birthday": "1906-12-09"}, {}) == {"birthday": "1906-12-09T11:59:00Z"}


@pytest.mark.parametrize("raw", [None, {}, {"street": None}, {"street": "  "}])
def test_an_empty_address_is_none_however_it_is_worded(raw):
    assert read(PARTS["homeAddress"], raw) == []


def test_an_address_is_cleared_line_by_line():
    assert payload({"homeAddress": []}, {})["homeAddress"] == {
        "street": None, "city": None, "state": None, "postalCode": None, "countryOrRegion": None,
    }  # fmt: skip


def test_an_address_without_a_name_is_named_by_itself_on_the_wire():
    assert payload({"emailAddresses": emails("ada")}, {})["emailAddresses"] == [
        {"address": "ada@example.org", "name": "ada@example.org"}
    ]


def test_an_entry_without_an_address_is_nothing():
    assert read(PARTS["emailAddresses"], [{"name": "Ada"}, {"address": None}, {}]) == []


def test_what_is_said_twice_is_meant_once():
    assert read(PARTS["children"], ["Byron", "Byron", " Ada "]) == ["Byron", "Ada"]


def test_only_properties_we_project_are_remembered():
    kept = had({"id": "1", "displayName": "Ada", "fileAs": "Lovelace", "@odata.etag": "x"})

    assert kept == {"displayName": "Ada"}


def test_the_selection_names_every_part_and_the_time_of_the_last_change():
    assert {*PARTS, SHAPE.modified, "id"} <= set(SELECT)


def test_every_field_of_a_contact_has_a_place_in_outlook():
    assert {part.field for part in PARTS.values()} == set(FIELDS)


@pytest.mark.parametrize(
    ("field", "given_value", "kept"),
    [
        pytest.param("notes", "  a\r\nb ", "a\r\nb", id="stripped"),
        pytest.param("notes", "   ", None, id="blank is nothing"),
        pytest.param("emails", None, [], id="null clears a list"),
        pytest.param("emails", [{"address": " a@b ", "name": ""}], [{"address": "a@b", "name": None}], id="inside"),
        pytest.param("emails", [{"address": " "}], [], id="nothing in it"),
        pytest.param("categories", ["VIP", "VIP", " "], ["VIP"], id="once"),
    ],
)  # fmt: skip
def test_normal_form(field, given_value, kept):
    assert canonical({field: given_value}) == {field: kept}
