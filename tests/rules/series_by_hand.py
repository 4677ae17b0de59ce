"""Series read by hand, day after day: RFC 5545's table for rules, Microsoft's words for patterns.

Slow and simple on purpose, and written without a look at the code it is held against.
"""

from calendar import monthrange
from datetime import date, datetime, timedelta

NAMES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
GRAPH_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NTH = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1}
DAY = timedelta(days=1)


def days_of_rule(text, *, start, horizon):
    """Return the days of a rule from its start on, as far as the horizon. UNTIL is a date here."""
    parts = dict(part.split("=") for part in text.split(";"))
    count, until = int(parts.get("COUNT", 10**6)), parts.get("UNTIL")
    end = min(horizon, datetime.strptime(until[:8], "%Y%m%d").date()) if until else horizon  # noqa: DTZ007
    found = []
    for period in periods(parts, start, end):
        chosen = [day for day in period if chosen_by(parts, day, start)]
        if "BYSETPOS" in parts:
            wanted = [int(at) for at in parts["BYSETPOS"].split(",")]
            wanted = {at - 1 if at > 0 else len(chosen) + at for at in wanted}
            chosen = [day for at, day in enumerate(chosen) if at in wanted]
        found += [day for day in chosen if day >= start]
    return [day for day in found[:count] if day <= end]


def periods(parts, start, end):
    """Yield the days of each year, month, week or day that the rule looks at."""
    step = int(parts.get("INTERVAL", 1))
    if parts["FREQ"] == "YEARLY":
        for year in range(start.year, end.year + 1, step):
            yield span(date(year, 1, 1), date(year, 12, 31))
    elif parts["FREQ"] == "MONTHLY":
        first, last = start.year * 12 + start.month - 1, end.year * 12 + end.month - 1
        for month in range(first, last + 1, step):
            day = date(month // 12, month % 12 + 1, 1)
            yield span(day, day.replace(day=monthrange(day.year, day.month)[1]))
    elif parts["FREQ"] == "WEEKLY":
        day = start - DAY * ((start.weekday() - NAMES.index(parts.get("WKST", "MO"))) % 7)
        while day <= end:
            yield span(day, day + 6 * DAY)
            day += 7 * step * DAY
    else:
        while start <= end:
            yield [start]
            start += step * DAY


def span(first, last):
    return [first + n * DAY for n in range((last - first).days + 1)]


def numbers(parts, name):
    return [int(number) for number in parts[name].split(",")] if name in parts else None


def chosen_by(parts, day, start):
    """Say whether every BY… part has this day; what no part says the start says."""
    freq, by_day = parts["FREQ"], parts.get("BYDAY")
    months, month_days = numbers(parts, "BYMONTH"), numbers(parts, "BYMONTHDAY")
    year_days = numbers(parts, "BYYEARDAY")
    length = monthrange(day.year, day.month)[1]
    if not (by_day or month_days or year_days):
        if freq == "WEEKLY":
            by_day = NAMES[start.weekday()]
        if freq in {"MONTHLY", "YEARLY"}:
            month_days = [start.day]
        if freq == "YEARLY" and months is None:
            months = [start.month]
    if months is not None and day.month not in months:
        return False
    if month_days is not None and day.day not in month_days and day.day - length - 1 not in month_days:
        return False
    if year_days is not None:
        of_year, of_all = day.timetuple().tm_yday, date(day.year, 12, 31).timetuple().tm_yday
        if of_year not in year_days and of_year - of_all - 1 not in year_days:
            return False
    whole_year = freq == "YEARLY" and "BYMONTH" not in parts
    return by_day is None or any(is_on(said, day, whole_year) for said in by_day.split(","))


def is_on(said, day, whole_year):
    if said[-2:] != NAMES[day.weekday()]:
        return False
    if len(said) == 2:
        return True
    first, last = (date(day.year, 1, 1), date(day.year, 12, 31)) if whole_year else month_of(day)
    before, after = (day - first).days // 7 + 1, -((last - day).days // 7) - 1
    return int(said[:-2]) in {before, after}


def month_of(day):
    return day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])


def days_of_pattern(recurrence, *, horizon):
    """Return the days of Graph's patternedRecurrence, as far as the horizon."""
    pattern, given = recurrence["pattern"], recurrence["range"]
    start = date.fromisoformat(given["startDate"])
    end = min(horizon, date.fromisoformat(given["endDate"])) if given["type"] == "endDate" else horizon
    found = [day for day in span(start, end) if is_of_pattern(pattern, day, start)]
    return found[: given["numberOfOccurrences"]] if given["type"] == "numbered" else found


def is_of_pattern(pattern, day, start):
    kind, step = pattern["type"], pattern["interval"]
    if kind == "daily":
        return (day - start).days % step == 0
    if kind == "weekly":
        first = GRAPH_NAMES.index(pattern["firstDayOfWeek"])
        weeks = [at.toordinal() - (at.weekday() - first) % 7 for at in (start, day)]
        return (weeks[1] - weeks[0]) // 7 % step == 0 and GRAPH_NAMES[day.weekday()] in pattern["daysOfWeek"]
    if kind.endswith("Yearly"):
        if day.month != pattern["month"] or (day.year - start.year) % step:
            return False
    elif ((day.year - start.year) * 12 + day.month - start.month) % step:
        return False
    if kind.startswith("absolute"):
        return day.day == min(pattern["dayOfMonth"], monthrange(day.year, day.month)[1])
    candidates = [at for at in span(*month_of(day)) if GRAPH_NAMES[at.weekday()] in pattern["daysOfWeek"]]
    return candidates[NTH[pattern["index"]]] == day
