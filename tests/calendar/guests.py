"""What a CRM and two people do to meetings with guests."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.calendar.diary import Diary, at, guest
from tests.calendar.outbox import name_of
from tests.calendar.worlds import RULES, CalendarWorld
from tests.preview.preview_stage import PRIMARY, Json

BOTH = [*PRIMARY, {"user": "agent-2", "access": "full"}]
EVE, ROOM = "eve@example.org", "room.7@contoso.example"
POLICIES = ("always", "always", "always", "when_asked", "when_asked", "never")
DAYS = (-25, -12, *range(3, 30))
MOSTLY = 0.7
STARTS = (-25, -4, *range(3, 30))


@dataclass
class GuestWorld(CalendarWorld):
    """As ``CalendarWorld``, with people who are invited, asked for or not, to what is over, too."""

    policies: tuple[str, ...] = POLICIES
    choices: dict[str, Json] = field(default_factory=dict)

    async def chooses(self, person: Diary, **settings: Any) -> None:
        self.choices.setdefault(person.mail, {}).update(settings)
        await person.chooses(**settings)

    async def living(self) -> Json | None:
        """Return one of the CRM's events, rather one with guests."""
        await self.named()
        known = [record for record in await self.records() if record["crm_id"] is not None]
        meetings = [record for record in known if record["attendees"]]
        if meetings and self.dice.random() < MOSTLY:
            return self.dice.choice(meetings)
        return self.dice.choice(known) if known else None

    def guests(self, *, but: str | None = None) -> list[Json]:
        people = [address for address in (self.bob.mail, EVE, ROOM) if address != but]
        return [{"address": address} for address in self.dice.sample(people, self.dice.choice([0, 1, 1, 2]))]

    def other_guests(self, known: list[str]) -> list[Json]:
        """Return other guests from outside: whether a colleague comes stays as it is."""
        colleagues = [{"address": each} for each in known if each in {self.ada.mail, self.bob.mail}]
        return colleagues + self.guests(but=self.bob.mail)

    async def says(self, record: Json, **fields: Any) -> None:
        await self.ada.crm("PATCH", f"/v1/events/{record['crm_id']}", fields)

    async def the_crm_puts(self) -> None:
        title, body = self.title("crm"), dict[str, Any]()
        day = self.dice.choice(DAYS)
        if self.dice.random() < 0.4:
            day = self.dice.choice(STARTS)
            body["recurrence"] = {"rrule": self.dice.choice(RULES), "exceptions": []}
        owners = self.dice.choice([PRIMARY, PRIMARY, BOTH])
        guests = self.guests(but=self.bob.mail if owners is BOTH else None)
        body |= {
            "owners": owners, "title": title, "start": at(day),
            "end": self.dice.choice([None, at(day, "10:00")]), "attendees": guests,
            "invite": self.dice.random() < 0.5, "activity_type": "viewing",
        }  # fmt: skip
        await self.ada.crm("PUT", f"/v1/events/{title}", body)

    async def the_crm_edits(self) -> None:
        record = await self.living()
        if record is None:
            return
        day, number = self.dice.choice(DAYS), self.dice.randrange(99)
        await self.says(record, **self.dice.choice([
            {"title": f"{name_of(record['title'])} {number}"},
            {"location": f"Room {number}"},
            {"description": f"Bring {number}"},
            {"start": at(day, "11:00"), "end": at(day, "11:30")},
            {"title": f"{name_of(record['title'])} {number}", "reminder_minutes": number},
        ]))  # fmt: skip

    async def the_crm_edits_in_silence(self) -> None:
        record = await self.living()
        if record is not None:
            number = self.dice.randrange(99)
            await self.says(record, **self.dice.choice([
                {"reminder_minutes": number}, {"categories": [f"Colour {number}"]}, {"show_as": "free"},
                {"metadata": {"number": str(number)}},
            ]))  # fmt: skip

    async def the_crm_invites(self) -> None:
        record = await self.living()
        if record is not None:
            known = [each["address"] for each in record["attendees"]]
            await self.says(record, attendees=self.other_guests(known))

    async def the_crm_asks(self) -> None:
        record = await self.living()
        if record is not None:
            await self.says(record, invite=self.dice.random() < 0.7)

    async def it_leaves_the_scope_or_comes_back(self) -> None:
        record = await self.living()
        if record is not None:
            kind = "viewing" if record["activity_type"] == "call" else self.dice.choice(["call", "viewing"])
            await self.says(record, activity_type=kind)

    async def the_crm_changes_an_occurrence(self) -> None:
        record = await self.living()
        if record is None or not record["recurrence"]:
            return
        first, number = record["start"], self.dice.randrange(99)
        change = {"original_start": first} | self.dice.choice([
            {"title": f"{name_of(record['title'])} other {number}"}, {"location": f"Nook {number}"},
            {"start": {**first, "date_time": f"{first['date_time'][:10]}T{10 + number % 9}:45:00"}},
            {"cancelled": True},
        ])  # fmt: skip
        rule = record["recurrence"]
        kept = [e for e in rule["exceptions"] if e["original_start"] != first]
        if len(kept) == len(rule["exceptions"]) or not kept_out_of(rule, first):
            await self.says(record, recurrence={"rrule": rule["rrule"], "exceptions": [change, *kept]})

    async def somebody_adds(self) -> None:
        person, day = self.person(), self.dice.randrange(3, 30)
        other = self.bob if person is self.ada else self.ada
        people = self.dice.choice([[], [guest(other.mail)], [guest(EVE)], [guest(EVE), guest(ROOM)]])
        fields: Json = {"attendees": people}
        await person.adds(self.title("outlook"), start=at(day), end=at(day, "09:30"), **fields)

    async def somebody_changes_an_occurrence(self) -> None:
        person = self.person()
        series = [e for e in await person.events() if e["type"] == "seriesMaster" and e["isOrganizer"]]
        if not series:
            return
        one = self.dice.choice(series)
        rows = await person.occurrences(one)
        if len(rows) > 1:
            row, title = (
                self.dice.choice(rows[1:]),
                f"{name_of(one['subject'])} mine {self.dice.randrange(99)}",
            )
            await (person.deletes(row) if self.dice.random() < 0.5 else person.edits(row, subject=title))

    async def somebody_edits_in_silence(self) -> None:
        person = self.person()
        item = await self.item(person)
        if item is not None:
            await person.edits(item, categories=[f"Mine {self.dice.randrange(99)}"])

    async def somebody_invites(self) -> None:
        person = self.person()
        item = await self.item(person)
        if item is not None and item["isOrganizer"]:
            known = [each["emailAddress"]["address"] for each in item["attendees"]]
            people = [guest(each["address"]) for each in self.other_guests(known)]
            await person.edits(item, attendees=people)

    async def somebody_chooses(self) -> None:
        await self.chooses(self.person(), invitations=self.dice.choice(self.policies))


def kept_out_of(rule: Json, day: Json) -> bool:
    """Say whether an occurrence is cancelled: Outlook has no way to let it take place after all."""
    return any(each["original_start"] == day and each.get("cancelled") for each in rule["exceptions"])


Deed = Callable[[GuestWorld], Awaitable[None]]
W = GuestWorld
DEEDS: tuple[Deed, ...] = (
    W.the_crm_puts, W.the_crm_puts, W.the_crm_puts, W.the_crm_edits, W.the_crm_edits, W.the_crm_edits,
    W.the_crm_edits_in_silence, W.the_crm_invites, W.the_crm_invites, W.the_crm_asks,
    W.it_leaves_the_scope_or_comes_back, W.the_crm_changes_an_occurrence, W.the_crm_changes_an_occurrence,
    W.somebody_adds, W.somebody_adds, W.somebody_edits, W.somebody_edits_in_silence, W.somebody_invites,
    W.somebody_changes_an_occurrence, W.somebody_deletes, W.the_crm_deletes, W.somebody_chooses,
)  # fmt: skip
