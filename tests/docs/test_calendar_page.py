"""What docs/calendar.md says of recurrence rules, and what calendars that other people's programs wrote hold."""

import re
from datetime import datetime
from pathlib import Path

import pytest
from calendar_rules import OF_OTHERS, PAGE, tables
from reference import renewed

from app.graph.recurrence import from_graph, to_graph
from app.records.rrule import InvalidRule
from app.records.simplest import normal
from app.records.zones import iana_of

CALENDARS = sorted((Path(__file__).parents[3] / "shared" / "data" / "calendars").glob("*.ics"))
SERIES = re.compile(r"^BEGIN:VEVENT$.*?^END:VEVENT$", re.MULTILINE | re.DOTALL)
RULE = re.compile(r"^RRULE:(.*)$", re.MULTILINE)
START = re.compile(r"^DTSTART(?:;TZID=\"?([^\":\n]+)\"?|;VALUE=DATE)?:(\d{8})(?:T(\d{6}))?", re.MULTILINE)


def series():
    """Yield the rule of each series in the files, with its start and zone."""
    for calendar in CALENDARS:
        text = re.sub(r"\r?\n[ \t]", "", calendar.read_bytes().decode(errors="replace")).replace("\r\n", "\n")
        for event in SERIES.findall(text):
            for rrule in RULE.findall(event):
                zone, day, clock = START.search(event).groups()
                at = datetime.strptime(day + (clock or "000000"), "%Y%m%d%H%M%S")  # noqa: DTZ007
                yield (rrule, at, iana_of(zone or "UTC") or "UTC") if clock else (rrule, at.date(), None)


def test_what_outlook_can_hold_of_a_rule_is_what_the_code_sends():
    page = PAGE.read_text()
    assert page == renewed(page, tables()), "python tests/docs/calendar_rules.py writes its tables anew"


@pytest.mark.skipif(not CALENDARS, reason="the calendars of others are not on this machine")
def test_all_but_those_that_the_page_names_come_back_from_outlook():
    refused, taken = set(), 0
    for rrule, start, zone in series():
        try:
            canonical = normal(rrule, start=start, zone=zone)
        except InvalidRule:
            refused.add(rrule)
            continue
        wire = to_graph(rrule, start=start, zone=zone)
        assert from_graph(wire, start=start, zone=zone) == canonical
        taken += 1

    assert refused == set(OF_OTHERS)
    assert taken == 2
