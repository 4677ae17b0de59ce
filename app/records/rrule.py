"""A recurrence rule: read from its text, and spelled in one way only (RFC 5545 §3.3.10)."""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

Start = date | datetime
"""When a series begins: a date, or what the clocks of its zone show (no offset)."""

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
LONGEST = {1: 31, 2: 29, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}
"""The days of each month, where there is a choice the most."""


class Frequency(StrEnum):
    YEARLY = "YEARLY"
    MONTHLY = "MONTHLY"
    WEEKLY = "WEEKLY"
    DAILY = "DAILY"
    HOURLY = "HOURLY"
    MINUTELY = "MINUTELY"
    SECONDLY = "SECONDLY"


EARLIEST = "1601"
"""The first year that Exchange knows."""
WITHIN_A_DAY = frozenset({Frequency.HOURLY, Frequency.MINUTELY, Frequency.SECONDLY})


class InvalidRule(ValueError):  # noqa: N818  the text is no rule
    """A text is no recurrence rule: ``part`` is what is wrong, ``detail`` says how to put it right."""

    def __init__(self, part: str, detail: str) -> None:
        super().__init__(detail)
        self.part = part
        self.detail = detail


class On(NamedTuple):
    """A weekday, and which one of a month or year: 2 the second, -1 the last, 0 each."""

    nth: int
    weekday: int

    def __str__(self) -> str:
        return f"{self.nth or ''}{WEEKDAYS[self.weekday]}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Lists are sorted and hold nothing twice; ``until`` with a zone is in UTC."""

    frequency: Frequency
    interval: int = 1
    by_month: tuple[int, ...] = ()
    by_week: tuple[int, ...] = ()
    by_year_day: tuple[int, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_day: tuple[On, ...] = ()
    by_hour: tuple[int, ...] = ()
    by_minute: tuple[int, ...] = ()
    by_second: tuple[int, ...] = ()
    by_position: tuple[int, ...] = ()
    week_start: int = 0
    until: Start | None = None
    count: int | None = None


def read(text: str) -> Rule:
    """Read a rule's text, in any order and case, or raise ``InvalidRule``."""
    found: dict[str, str] = {}
    for said in re.sub(r"[ \t]", "", text).upper().rstrip(";").split(";"):
        name, _, value = said.partition("=")
        if name in found:
            raise InvalidRule(name, f"{name} stands there twice; a rule has each part once.")
        if name not in PARTS:
            raise InvalidRule(name[:20], _unknown(name))
        found[name] = value
    if "FREQ" not in found:
        raise InvalidRule("FREQ", "A rule says how often: FREQ=DAILY, WEEKLY, MONTHLY or YEARLY.")
    rule = Rule(**{PARTS[name].field: PARTS[name].read(name, value) for name, value in found.items()})
    _refuse_contradictions(rule)
    return rule


def spelled(rule: Rule) -> str:
    """Return the rule's text: parts in one order, in capitals, without what goes without saying."""
    said = ((name, part.spell(getattr(rule, part.field))) for name, part in PARTS.items())
    return ";".join(f"{name}={value}" for name, value in said if value)


def _unknown(name: str) -> str:
    if name.startswith("RRULE:"):
        return "Give the rule alone, without 'RRULE:' before it."
    if re.match(r"(.*\n)?(RDATE|EXDATE|EXRULE|DTSTART)", name, re.DOTALL):
        return "Give one rule alone; single dates are exceptions of the recurrence, its start is the event's."
    if name in {"RSCALE", "SKIP"}:
        return f"{name} is not supported: rules are those of RFC 5545, in the Gregorian calendar."
    return f"'{name[:20]}' is no part of a rule. Known are {', '.join(PARTS)}."


def _frequency(name: str, value: str) -> Frequency:
    try:
        return Frequency(value)
    except ValueError:
        raise InvalidRule(
            name, f"'{value[:20]}' is no frequency; these are {', '.join(Frequency)}."
        ) from None


def _number(name: str, value: str) -> int:
    if not re.fullmatch(r"\d{1,6}", value) or int(value) == 0:
        raise InvalidRule(name, f"{name} is a whole number from 1 to 999999, not '{value[:20]}'.")
    return int(value)


def _numbers(least: int, most: int) -> Callable[[str, str], tuple[int, ...]]:
    """Return what reads a list of whole numbers; where ``least`` is negative none of them is 0."""

    def read_list(name: str, value: str) -> tuple[int, ...]:
        if not re.fullmatch(r"[+-]?\d{1,3}(,[+-]?\d{1,3})*", value):
            raise InvalidRule(name, f"{name} is a list of whole numbers (such as 1,3), not '{value[:20]}'.")
        numbers = sorted({int(number) for number in value.split(",")})
        for number in numbers:
            if not least <= number <= most or (least < 0 and number == 0):
                but = " but not 0" if least < 0 else ""
                raise InvalidRule(name, f"{name} takes {least} to {most}{but}, not {number}.")
        return tuple(numbers)

    return read_list


def _weekday(name: str, value: str) -> int:
    if value not in WEEKDAYS:
        raise InvalidRule(name, f"'{value[:20]}' is no weekday; these are {', '.join(WEEKDAYS)}.")
    return WEEKDAYS.index(value)


def _weekdays(name: str, value: str) -> tuple[On, ...]:
    found = set()
    for said in value.split(","):
        matched = re.fullmatch(r"([+-]?\d{1,2})?([A-Z]{2})", said)
        if matched is None:
            raise InvalidRule(name, f"'{said[:20]}' is no weekday such as MO, 2MO or -1FR.")
        nth = int(matched[1] or 0)
        if matched[1] and nth == 0:
            raise InvalidRule(name, f"{name} counts from 1, or from -1 backwards, not from 0 ('{said}').")
        found.add(On(nth, _weekday(name, matched[2])))
    return tuple(sorted(found))


def _until(name: str, value: str) -> Start:
    """Read a date, a time in UTC, or one on the clock of the event's zone."""
    with suppress(ValueError):
        if value >= EARLIEST and re.fullmatch(r"\d{8}", value):
            return date(int(value[:4]), int(value[4:6]), int(value[6:]))
        if value >= EARLIEST and re.fullmatch(r"\d{8}T\d{6}Z?", value):
            at = datetime.strptime(value.removesuffix("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007 the Z decides
            return at.replace(tzinfo=UTC) if value.endswith("Z") else at
    raise InvalidRule(
        name, f"UNTIL is a date (20260331) or a time in UTC (20260331T220000Z), not '{value[:20]}'."
    )


def _spelled_number(value: int | None) -> str:
    return "" if value is None else str(value)


def _spelled_list(values: tuple[object, ...]) -> str:
    return ",".join(str(value) for value in values)


def _spelled_until(value: Start | None) -> str:
    if not isinstance(value, datetime):
        return "" if value is None else f"{value.year:04}{value:%m%d}"
    return f"{value.year:04}{value:%m%dT%H%M%S}{'Z' if value.tzinfo else ''}"


class Part(NamedTuple):
    """How one part of a rule is read and spelled; spelled as nothing it is left out."""

    field: str
    read: Callable[[str, str], Any]
    spell: Callable[..., str]


PARTS: Mapping[str, Part] = {
    "FREQ": Part("frequency", _frequency, str),
    "INTERVAL": Part("interval", _number, lambda value: "" if value == 1 else str(value)),
    "BYMONTH": Part("by_month", _numbers(1, 12), _spelled_list),
    "BYWEEKNO": Part("by_week", _numbers(-53, 53), _spelled_list),
    "BYYEARDAY": Part("by_year_day", _numbers(-366, 366), _spelled_list),
    "BYMONTHDAY": Part("by_month_day", _numbers(-31, 31), _spelled_list),
    "BYDAY": Part("by_day", _weekdays, _spelled_list),
    "BYHOUR": Part("by_hour", _numbers(0, 23), _spelled_list),
    "BYMINUTE": Part("by_minute", _numbers(0, 59), _spelled_list),
    "BYSECOND": Part("by_second", _numbers(0, 59), _spelled_list),
    "BYSETPOS": Part("by_position", _numbers(-366, 366), _spelled_list),
    "WKST": Part("week_start", _weekday, lambda value: WEEKDAYS[value] if value else ""),
    "UNTIL": Part("until", _until, _spelled_until),
    "COUNT": Part("count", _number, _spelled_number),
}
SELECTING = (
    "by_month",
    "by_week",
    "by_year_day",
    "by_month_day",
    "by_day",
    "by_hour",
    "by_minute",
    "by_second",
)


def _refuse_contradictions(rule: Rule) -> None:
    """Refuse what RFC 5545 forbids, and days that no month has."""
    frequency = rule.frequency
    most = {Frequency.MONTHLY: 5, Frequency.YEARLY: 53}.get(frequency, 0)
    if rule.until is not None and rule.count is not None:
        raise InvalidRule("COUNT", "A series ends by UNTIL or by COUNT, not by both.")
    if any(abs(on.nth) > most for on in rule.by_day):
        raise InvalidRule("BYDAY", _too_many(frequency, most))
    if rule.by_week and (frequency is not Frequency.YEARLY or any(on.nth for on in rule.by_day)):
        raise InvalidRule("BYWEEKNO", "Only a yearly rule takes BYWEEKNO, and without numbers in BYDAY.")
    if rule.by_year_day and frequency in {Frequency.DAILY, Frequency.WEEKLY, Frequency.MONTHLY}:
        raise InvalidRule("BYYEARDAY", f"A {frequency.lower()} rule takes no BYYEARDAY.")
    if rule.by_month_day and frequency is Frequency.WEEKLY:
        raise InvalidRule("BYMONTHDAY", "A weekly rule takes no BYMONTHDAY.")
    if rule.by_position and not any(getattr(rule, field) for field in SELECTING):
        raise InvalidRule("BYSETPOS", "BYSETPOS chooses among what another BY… part selects; there is none.")
    longest = max(LONGEST[month] for month in rule.by_month or LONGEST)
    if rule.by_month_day and all(abs(day) > longest for day in rule.by_month_day):
        raise InvalidRule("BYMONTHDAY", "No month that BYMONTH names has a day that BYMONTHDAY names.")


def _too_many(frequency: Frequency, most: int) -> str:
    if most:
        return f"In a {frequency.lower()} rule the number before a weekday is at most {most}."
    return f"In a {frequency.lower()} rule a weekday has no number before it."
