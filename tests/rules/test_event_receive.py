"""What a mailbox reports of an event: its occurrences and guests one by one, its time as it is spelled here."""

import pytest

from app.graph.calendar import had, shape
from app.graph.occurrences import meaning
from app.records.link import LinkView
from app.sync.masks import without
from app.sync.reconcile import born, receive_item
from tests.rules.outlook import CRM_WINS, LISTENING, LOOKING, MICROSOFT_WINS
from tests.rules.test_event_wire import guest, item, lasting, timed

SHAPE = shape()


def reported(doc, was, now, *, listening=LISTENING, by=SHAPE):
    """Return what becomes of an event whose item said one thing and says another."""
    return receive_item(by, doc, LinkView(was), now, listening=listening, field_at={})


def changed(**titles):
    """Return occurrences in Graph's words, each by its day of March 2026, with its title."""
    return [{"on": f"2026-03-{day[1:]}", "title": title} for day, title in titles.items()]


OCCURRENCES = [
    #                                    both had          the record has    the item has               stand                     conflicts
    ("they changed the first one",       {},               {},               {"d04": "Long"}, LISTENING,      {"d04": "Long"},                 0),
    ("each changed another one",         {},               {"d04": "Long"},  {"d05": "Short"}, LISTENING,     {"d04": "Long", "d05": "Short"}, 0),
    ("they took one back",               {"d04": "Long"},  {"d04": "Long", "d05": "Short"}, {}, LISTENING,    {"d05": "Short"},                0),
    ("both changed one alike",           {},               {"d04": "Long"},  {"d04": "Long"}, LISTENING,      {"d04": "Long"},                 0),
    ("both changed one, the CRM wins",   {},               {"d04": "Long"},  {"d04": "Short"}, CRM_WINS,      {"d04": "Long"},                 1),
    ("both changed one, Microsoft wins", {},               {"d04": "Long"},  {"d04": "Short"}, MICROSOFT_WINS, {"d04": "Short"},               1),
    ("one may only look",                {},               {"d04": "Long"},  {"d05": "Short"}, LOOKING,       {"d04": "Long"},                 1),
]  # fmt: skip


@pytest.mark.feature("F6", "F4")
@pytest.mark.parametrize(
    ("both", "ours", "theirs", "listening", "stand", "conflicts"),
    [pytest.param(*row, id=rule) for rule, *row in OCCURRENCES],
)
def test_what_is_changed_of_a_day_merges_as_one_value(both, ours, theirs, listening, stand, conflicts):
    doc = {"title": "Ball", "exceptions": meaning(changed(**ours))} if ours else {"title": "Ball"}
    was, now = ({"exceptions": changed(**titles)} for titles in (both, theirs))

    received = reported(doc, was, now, listening=listening)

    days = sorted(received.doc.get("exceptions") or [], key=lambda each: each["on"])
    assert (days, len(received.conflicts)) == (meaning(changed(**stand)), conflicts)


@pytest.mark.feature("F4")
def test_a_guest_that_both_sides_changed_is_still_one_guest():
    eve, bob = (
        guest("eve@example.org", "Eve", type="required"),
        guest("bob@example.org", "Bob", type="required"),
    )
    was = had(item(attendees=[eve, bob]))
    now = had(item(attendees=[eve | {"type": "optional"}, bob]))
    known = SHAPE.read(SHAPE.parts["attendees"], was["attendees"])
    ours = [known[0] | {"name": "Eve Adams"}, known[1]]

    received = reported({"attendees": ours}, was, now, listening=CRM_WINS)

    assert received.doc["attendees"] == ours
    assert [conflict.field for conflict in received.conflicts] == ["attendees"]


def test_an_event_moved_in_outlook_keeps_the_name_its_zone_has_here():
    nine, ten, eleven = (timed(f"2026-03-02T{hour}:00:00", "Europe/Vienna") for hour in ("09", "10", "11"))
    now = item(start="2026-03-02T09:00:00.0000000", end="2026-03-02T10:00:00.0000000")

    received = reported({"when": lasting(nine, ten)}, had(item()), had(now))

    assert received.doc["when"] == lasting(ten, eleven)


SECRET = without(SHAPE, unread=frozenset({"subject", "isCancelled"}))
DOCTOR = had(item(subject="Doctor", isCancelled=True, showAs="free"))


def test_what_is_not_read_of_an_item_reaches_no_record_and_stays_unheard_but_for_what_is_noted():
    """A mask that goes, as a setting does, would find nothing new in what was kept of it unread."""
    doc = {"title": "Busy", "show_as": "busy"}
    received = reported(doc, had(item(subject="Old")), DOCTOR, by=SECRET)

    assert received.doc == {"title": "Busy", "show_as": "free"}
    assert (received.link.graph_had["subject"], received.link.graph_had["isCancelled"]) == ("Old", True)


def test_what_is_not_read_of_an_item_is_in_no_record_that_it_gives_birth_to():
    doc = born(SECRET, DOCTOR, listening=LISTENING).doc

    assert doc["show_as"] == "free"
    assert not {"title", "cancelled"} & doc.keys()
