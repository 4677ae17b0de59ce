"""Made-up address books, calendars and task lists: the same seed gives the same ones."""

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

GIVEN = (
    "Ada", "Agnieszka", "Ahmed", "Ana", "Anneke", "Björn", "Carlos", "Chidi", "Chloé", "Daniel", "Elena",
    "Emeka", "Fatima", "Giulia", "Grace", "Hiroshi", "Ines", "Jamal", "Jürgen", "Kateřina", "Lars",
    "Leïla", "Liam", "Linh", "Lucía", "Mahmoud", "Maria", "Mei", "Mohammed", "Nadia", "Noah", "Olga",
    "Oluwaseun", "Priya", "Rafael", "Ravi", "Sara", "Seán", "Siobhán", "Sofia", "Søren", "Tomasz", "Wei",
    "Yuki", "Zoë", "Łukasz",
)  # fmt: skip
FAMILY = (
    "Adeyemi", "Andersson", "Bakker", "Bianchi", "Brown", "Chen", "Costa", "Dubois", "Fernández",
    "García", "Hansen", "Hopper", "Ivanova", "Jansen", "Jones", "Kim", "Kowalski", "Kumar", "Lee",
    "Lovelace", "Martin", "Müller", "Nakamura", "Nguyen", "Novák", "O'Brien", "Okafor", "Patel", "Pérez",
    "Rossi", "Schmidt", "Silva", "Singh", "Smith", "Tanaka", "Taylor", "van den Berg", "Wilson",
    "Yildiz", "Zhang",
)  # fmt: skip
COMPANIES = (
    "Acme Realty", "Blue Harbour", "Contoso", "Delta Works", "Fabrikam", "Fourth Coffee",
    "Graphic Design Institute", "Litware", "Northwind Traders", "Proseware", "Tailspin Toys",
    "Wide World Importers",
)  # fmt: skip
JOBS = (
    "Agent",
    "Architect",
    "Buyer",
    "Countess of Computing",
    "Director",
    "Engineer",
    "Landlord",
    "Notary",
    "Seller",
)
CITIES = (
    ("Utrecht", "Netherlands", "3511"), ("Lyon", "France", "69001"), ("Leeds", "United Kingdom", "LS1"),
    ("Sydney", "Australia", "2000"), ("Porto", "Portugal", "4000"), ("Kraków", "Poland", "30-001"),
)  # fmt: skip
CATEGORIES = ("Buyer", "Seller", "Supplier", "Friend")
SUBJECTS = (
    "Inspection", "Viewing", "Appraisal", "Call", "Lunch", "Handover of keys", "Stand-up", "Contract",
    "Valuation",
)  # fmt: skip
DEEDS = ("Call", "Write to", "Send the contract to", "Visit", "Invoice", "Ask for the papers of")
STEPS = ("Look up the file", "Draft", "Have it checked", "Send")
ZONES = ("W. Europe Standard Time", "GMT Standard Time", "AUS Eastern Standard Time", "UTC")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
SERIES = 0.03
YEAR, NEAR = 365, 60
OFTEN, SOMETIMES, RARELY = 0.9, 0.5, 0.15


def contacts(count: int, *, seed: int) -> Iterator[dict[str, Any]]:
    """Yield that many contacts in Graph's JSON; addresses are unique, names are not, as in life."""
    dice = random.Random(seed)  # noqa: S311 — repeatable on purpose
    for number in range(count):
        yield _contact(dice, number)


def _contact(dice: random.Random, number: int) -> dict[str, Any]:
    given, family, company = dice.choice(GIVEN), dice.choice(FAMILY), dice.choice(COMPANIES)
    local = f"{given}.{family}".lower().replace(" ", "").replace("'", "").encode("ascii", "ignore").decode()
    contact: dict[str, Any] = {"givenName": given, "surname": family, "displayName": f"{given} {family}"}
    host = company.lower().replace(" ", "")
    contact["emailAddresses"] = [{"name": f"{given} {family}", "address": f"{local}.{number}@{host}.example"}]
    if dice.random() < OFTEN:
        contact["mobilePhone"] = f"+31 6 {dice.randrange(10**7, 10**8)}"
    if dice.random() < SOMETIMES:
        contact |= {"companyName": company, "jobTitle": dice.choice(JOBS)}
        contact["businessPhones"] = [f"+44 113 {dice.randrange(10**6, 10**7)}"]
    if dice.random() < SOMETIMES:
        contact["businessAddress"] = _address(dice)
    if dice.random() < RARELY:
        contact["birthday"] = (
            f"{dice.randrange(1940, 2005)}-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02}T11:59:00Z"
        )
    if dice.random() < RARELY:
        contact["categories"] = [dice.choice(CATEGORIES)]
    if dice.random() < RARELY:
        contact["personalNotes"] = f"Met in {dice.choice(CITIES)[0]}.\nPrefers to be called after four."
    return contact


def _address(dice: random.Random) -> dict[str, str]:
    city, country, code = dice.choice(CITIES)
    street = f"{dice.choice(FAMILY)} Street {dice.randrange(1, 200)}"
    return {"street": street, "city": city, "postalCode": code, "countryOrRegion": country}


def events(count: int, *, seed: int, around: datetime) -> Iterator[dict[str, Any]]:
    """Yield that many events in Graph's JSON within half a year of a time; a few are series."""
    dice = random.Random(seed)  # noqa: S311 — repeatable on purpose
    for _ in range(count):
        yield _event(dice, around)


def _event(dice: random.Random, around: datetime) -> dict[str, Any]:
    day = (around + timedelta(days=dice.randrange(-YEAR // 2, YEAR // 2))).replace(tzinfo=None, microsecond=0)
    start = day.replace(hour=dice.randrange(8, 18), minute=dice.choice((0, 30)), second=0)
    zone = dice.choice(ZONES)
    subject = f"{dice.choice(SUBJECTS)} with {dice.choice(GIVEN)} {dice.choice(FAMILY)}"
    event: dict[str, Any] = {"subject": subject, "start": {"dateTime": start.isoformat(), "timeZone": zone}}
    event["end"] = {
        "dateTime": (start + timedelta(minutes=dice.choice((15, 30, 60, 90)))).isoformat(),
        "timeZone": zone,
    }
    if dice.random() < SOMETIMES:
        event["location"] = {"displayName": dice.choice(CITIES)[0]}
    if dice.random() < SERIES:
        days = sorted(dice.sample(WEEKDAYS, dice.choice((1, 1, 2))))
        pattern = {"type": "weekly", "interval": dice.choice((1, 2)), "daysOfWeek": days}
        span = {
            "type": "numbered",
            "startDate": start.date().isoformat(),
            "numberOfOccurrences": dice.randrange(4, 40),
        }
        event["recurrence"] = {"pattern": pattern, "range": span}
    return event


def tasks(count: int, *, seed: int, around: datetime) -> Iterator[dict[str, Any]]:
    """Yield that many tasks in Graph's JSON, due within two months of a time; a few recur."""
    dice = random.Random(seed)  # noqa: S311 — repeatable on purpose
    for _ in range(count):
        yield _task(dice, around.date())


def _task(dice: random.Random, today: date) -> dict[str, Any]:
    due = (today + timedelta(days=dice.randrange(-NEAR, NEAR))).isoformat()
    task: dict[str, Any] = {"title": f"{dice.choice(DEEDS)} {dice.choice(GIVEN)} {dice.choice(FAMILY)}"}
    if dice.random() < OFTEN:
        task["dueDateTime"] = {"dateTime": f"{due}T00:00:00", "timeZone": "UTC"}
        if dice.random() < SERIES:
            pattern = {"type": "weekly", "interval": 1, "daysOfWeek": [dice.choice(WEEKDAYS)]}
            task["recurrence"] = {"pattern": pattern, "range": {"type": "noEnd", "startDate": due}}
    if dice.random() < SOMETIMES:
        task["importance"] = dice.choice(("low", "high"))
    if dice.random() < RARELY:
        task["status"] = dice.choice(("inProgress", "waitingOnOthers", "completed"))
    if dice.random() < RARELY:
        steps = dice.sample(STEPS, dice.randrange(1, len(STEPS)))
        task["checklistItems"] = [
            {"displayName": step, "isChecked": dice.random() < SOMETIMES} for step in steps
        ]
    if dice.random() < RARELY:
        task["categories"] = [dice.choice(CATEGORIES)]
    return task
