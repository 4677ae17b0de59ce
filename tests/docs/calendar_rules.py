"""The tables of docs/calendar.md, asked of the code: ``python tests/docs/calendar_rules.py`` writes them anew."""

from datetime import date, datetime
from pathlib import Path

from reference import renewed, table

from app.graph.recurrence import to_graph
from app.graph.unsupported import Unsupported
from app.records.rrule import InvalidRule
from app.records.simplest import normal

PAGE = Path(__file__).resolve().parents[2] / "docs" / "calendar.md"
TUESDAY, BERLIN = datetime(2026, 3, 3, 9, 30), "Europe/Berlin"  # noqa: DTZ001 what clocks show
THE_LAST = date(2026, 3, 31)
WORKDAYS = "BYDAY=MO,TU,WE,TH,FR"

HELD = [
    ("every third day", "FREQ=DAILY;INTERVAL=3", TUESDAY),
    ("each workday", f"FREQ=DAILY;{WORKDAYS}", TUESDAY),
    ("weekly, on the weekday of the start", "FREQ=WEEKLY", TUESDAY),
    ("each other week, on two days", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU", TUESDAY),
    ("monthly, on the day of the start", "FREQ=MONTHLY", TUESDAY),
    ("the 31st, or a shorter month's last day", "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1", THE_LAST),
    ("the last day of the month", "FREQ=MONTHLY;BYMONTHDAY=-1", THE_LAST),
    ("the first Tuesday", "FREQ=MONTHLY;BYDAY=1TU", TUESDAY),
    ("the first Tuesday, in other words", "FREQ=MONTHLY;BYDAY=TU;BYSETPOS=1", TUESDAY),
    ("the last workday", f"FREQ=MONTHLY;{WORKDAYS};BYSETPOS=-1", THE_LAST),
    ("yearly, on the day of the start", "FREQ=YEARLY", TUESDAY),
    ("the first Tuesday of March", "FREQ=YEARLY;BYMONTH=3;BYDAY=1TU", TUESDAY),
    ("ten times", "FREQ=DAILY;COUNT=10", TUESDAY),
    ("to the end of March", "FREQ=DAILY;UNTIL=20260331T215959Z", TUESDAY),
    ("the same, of whole days", "FREQ=DAILY;UNTIL=20260331", TUESDAY.date()),
    ("at the time that its start has anyway", "FREQ=DAILY;BYHOUR=9;BYMINUTE=30", TUESDAY),
]
PARKED = [
    "FREQ=HOURLY;INTERVAL=8", "FREQ=DAILY;BYHOUR=9,17", "FREQ=MONTHLY;BYMONTHDAY=31",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "FREQ=YEARLY;BYMONTHDAY=3", "FREQ=MONTHLY;BYMONTHDAY=1,15", "FREQ=MONTHLY;BYMONTHDAY=-2",
    "FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR", "FREQ=MONTHLY;BYDAY=1TU,3TU", "FREQ=MONTHLY;BYDAY=5TU",
    "FREQ=MONTHLY;BYDAY=-2TU", "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1,-1", "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU",
    "FREQ=WEEKLY;BYDAY=TU,TH;BYSETPOS=1", "FREQ=WEEKLY;BYMONTH=3", "FREQ=DAILY;INTERVAL=2;BYDAY=TU",
    "FREQ=YEARLY;BYMONTH=3,9", "FREQ=YEARLY;BYDAY=20MO", "FREQ=YEARLY;BYYEARDAY=100", "FREQ=YEARLY;BYWEEKNO=10",
    "FREQ=DAILY;INTERVAL=1000", "FREQ=WEEKLY;INTERVAL=100", "FREQ=DAILY;COUNT=1000",
    "FREQ=DAILY;UNTIL=99991231T235959Z", "FREQ=DAILY;UNTIL=20260302", "FREQ=WEEKLY;BYDAY=MO",
]  # fmt: skip
REFUSED = [
    "FREQ=DAILY;COUNT=3;UNTIL=20260331", "FREQ=WEEKLY;BYDAY=MONDAY", "FREQ=WEEKLY;BYDAY=2MO", "FREQ=DAILY;INTERVAL=0",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;UNTIL=2026-03-31", "RRULE:FREQ=DAILY",
    "RSCALE=HEBREW;FREQ=YEARLY",
]  # fmt: skip

# What other programs' calendars have that is not taken; test_calendar_page.py holds it against them.
OF_OTHERS = [
    "RSCALE=CHINESE;FREQ=YEARLY", "RSCALE=ETHIOPIC;FREQ=MONTHLY;BYMONTH=13",
    "RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;BYMONTHDAY=8;SKIP=FORWARD", "RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=FORWARD",
]  # fmt: skip


def tables() -> dict[str, str]:
    """Return each table by its name in the page."""
    return {
        "held": table(
            ("what", "rule", "in Outlook"),
            ((what, f"`{rule}`", _worded(rule, start)) for what, rule, start in HELD),
        ),
        "parked": table(
            ("rule", "what its problem says"), ((f"`{rule}`", _objection(rule)) for rule in PARKED)
        ),
        "of others": table(
            ("rule", "what the answer says"), ((f"`{rule}`", _mistake(rule)) for rule in OF_OTHERS)
        ),
        "refused": table(
            ("no rule", "what the answer says"), ((f"`{rule}`", _mistake(rule)) for rule in REFUSED)
        ),
    }


def _worded(rule: str, start: date) -> str:
    wire = to_graph(rule, start=start, zone=BERLIN if isinstance(start, datetime) else None)
    ends = {name: wire["range"][name] for name in ("endDate", "numberOfOccurrences") if name in wire["range"]}
    said = wire["pattern"] | ends
    return ", ".join(
        value if name == "type" else f"{name} {' '.join(value) if isinstance(value, list) else value}"
        for name, value in said.items()
        if (name, value) != ("interval", 1)
    )


def _objection(rule: str) -> str:
    try:
        to_graph(rule, start=TUESDAY, zone=BERLIN)
    except Unsupported as refused:
        return refused.detail
    raise LookupError(rule)


def _mistake(rule: str) -> str:
    try:
        normal(rule)
    except InvalidRule as refused:
        return refused.detail
    raise LookupError(rule)


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(), tables()))
