"""Generated series: rules as RFC 5545 has them, patterns as Graph has them, starts that are their first day."""

import os
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st

from app.records.rrule import InvalidRule, read
from app.records.zones import instant
from tests.rules.series_by_hand import GRAPH_NAMES, NAMES, days_of_rule

ZONES = (
    "Europe/Berlin", "America/New_York", "America/Santiago", "Australia/Sydney", "Australia/Lord_Howe",
    "Asia/Kolkata", "Etc/GMT+12", "Pacific/Auckland", "Pacific/Kiritimati", "Africa/Cairo", "UTC",
)  # fmt: skip
TIMES = [time(hour, minute) for hour in (0, 1, 2, 3, 9, 12, 23) for minute in (0, 30)]
FAR = timedelta(days=4 * 366)
# SERIES=5000 pytest tests/rules/test_r*.py plays that many of each property.
# Reading by hand is slow on a busy machine, and no reason to fail.
MANY = settings(
    max_examples=int(os.environ.get("SERIES", "40")), suppress_health_check=[HealthCheck.too_slow]
)

positions = st.sampled_from([1, 2, 3, 4, 5, -1, -2])
weekdays = st.lists(st.sampled_from(NAMES), min_size=1, max_size=7, unique=True)
month_days = st.one_of(
    st.integers(1, 31).map(str),
    st.integers(29, 31).map(lambda day: ",".join(str(number) for number in range(28, day + 1))),
    st.lists(
        st.sampled_from([-31, -2, -1, 1, 2, 15, 28, 29, 30, 31]), min_size=1, max_size=3, unique=True
    ).map(lambda days: ",".join(str(day) for day in days)),
)
days = st.builds(date, st.integers(2019, 2032), st.integers(1, 12), st.integers(1, 28)).map(
    lambda day: day + timedelta(days=3)
)


@st.composite
def rules(draw):
    """Return the text of a rule without an end, often one that Outlook can hold."""
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "MONTHLY", "YEARLY", "YEARLY"]))
    said = [f"FREQ={frequency}"]
    if draw(st.booleans()):
        said.append(f"INTERVAL={draw(st.integers(1, 4))}")
    if draw(st.integers(0, 3)) == 0 or (frequency == "YEARLY" and draw(st.booleans())):
        months = draw(
            st.lists(st.integers(1, 12), min_size=1, max_size=draw(st.sampled_from([1, 1, 2])), unique=True)
        )
        said.append("BYMONTH=" + ",".join(str(month) for month in months))
    selects = draw(st.sampled_from(["nothing", "weekdays", "weekdays", "month days", "month days", "both"]))
    if selects in {"month days", "both"} and frequency != "WEEKLY":
        said.append("BYMONTHDAY=" + draw(month_days))
    if selects in {"weekdays", "both"}:
        named = draw(weekdays)
        if frequency in {"MONTHLY", "YEARLY"} and draw(st.booleans()):
            named = [f"{draw(positions)}{day}" for day in named[: draw(st.sampled_from([1, 1, 2]))]]
        said.append("BYDAY=" + ",".join(dict.fromkeys(named)))
    if (
        selects != "nothing"
        and any(part.startswith(("BYDAY", "BYMONTHDAY")) for part in said)
        and draw(st.booleans())
    ):
        said.append(f"BYSETPOS={draw(positions)}")
    if draw(st.booleans()):
        said.append("WKST=" + draw(st.sampled_from(NAMES)))
    text = ";".join(draw(st.permutations(said)))
    assume(is_a_rule(text))
    return text


def is_a_rule(text):
    """Say whether a rule may have a day at all (30 February has none)."""
    try:
        return bool(read(text))
    except InvalidRule:
        return False


@st.composite
def series(draw):
    """Return a rule's text with its start (a date, or a wall time) and zone. The start is mostly its first day."""
    text, zone = draw(rules()), draw(st.none() | st.sampled_from(ZONES))
    first = draw(days)
    if draw(st.integers(0, 9)):
        first = next(iter(days_of_rule(text, start=first, horizon=first + FAR)), None)
    assume(first is not None)
    start = first if zone is None else datetime.combine(first, draw(st.sampled_from(TIMES)))
    end = draw(st.sampled_from(["never", "count", "until"]))
    if end == "count":
        text += f";COUNT={draw(st.integers(1, 30))}"
    if end == "until":
        text += ";UNTIL=" + until(first + timedelta(days=draw(st.integers(0, 900))), start, zone)
    return text, start, zone


def until(day, start, zone):
    """Return UNTIL as RFC 5545 wants it, for a series whose last day is this."""
    if zone is None:
        return f"{day:%Y%m%d}"
    at = instant(datetime.combine(day, start.time()), zone).astimezone(UTC)
    return f"{at:%Y%m%dT%H%M%SZ}"


@st.composite
def patterns(draw):
    """Return a patternedRecurrence with every property of its type, whatever its start."""
    kind = draw(
        st.sampled_from(
            ["daily", "weekly", *(a + b for a in ("absolute", "relative") for b in ("Monthly", "Yearly"))]
        )
    )
    pattern = {"type": kind, "interval": draw(st.integers(1, 4))}
    if kind.startswith("absolute"):
        pattern["dayOfMonth"] = draw(st.integers(1, 31))
    elif kind != "daily":
        pattern["daysOfWeek"] = draw(
            st.lists(st.sampled_from(GRAPH_NAMES), min_size=1, max_size=7, unique=True)
        )
    if kind.startswith("relative"):
        pattern["index"] = draw(st.sampled_from(["first", "second", "third", "fourth", "last"]))
    if kind == "weekly":
        pattern["firstDayOfWeek"] = draw(st.sampled_from(GRAPH_NAMES))
    if kind.endswith("Yearly"):
        pattern["month"] = draw(st.integers(1, 12))
    return pattern
