"""The week of a mailbox: what happens, and forms to add, move and delete it. Times are UTC."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sandbox.html import page
from sandbox.pages.outlook import Outlook, OutlookError, person_of
from sandbox.world import World

SEE_OTHER = 303
DAYS = 7
HOUR = timedelta(hours=1)
CLOCK = "%Y-%m-%dT%H:%M"


class CalendarPages:
    def __init__(self, world: World, outlook: Outlook) -> None:
        self.world, self.outlook = world, outlook

    async def week(self, request: Request) -> Response:
        person = person_of(request, self.world)
        monday = self._monday(request.query_params.get("week", ""))
        found = await self.outlook.view(person, begin=monday, end=monday + timedelta(days=DAYS))
        days = [monday + timedelta(days=number) for number in range(DAYS)]
        columns = [(day, [shown for shown in map(_shown, found) if _touches(shown, day)]) for day in days]
        step = timedelta(days=DAYS)
        return page(
            "week.html",
            person=person,
            columns=columns,
            before=f"{monday - step:%Y-%m-%d}",
            after=f"{monday + step:%Y-%m-%d}",
            now=self.world.now(),
        )

    async def new(self, request: Request) -> Response:
        person = person_of(request, self.world)
        if request.method == "POST":
            said = _read(await request.form())
            await self.outlook.create_event(person, said)
            return RedirectResponse(_week(person.mail, said["start"]["dateTime"]), SEE_OTHER)
        start = self._said(request.query_params.get("day", ""))
        blank = {"subject": "", "start": start, "end": start + HOUR, "all_day": False, "where": ""}
        return page("event.html", person=person, event=None, form=blank)

    async def event(self, request: Request) -> Response:
        person, event_id = person_of(request, self.world), request.path_params["id"]
        event = await self.outlook.event(person, event_id)
        if request.method == "POST":
            form = await request.form()
            said = _read(form)
            if update := _changed(event, said):
                etag = str(form.get("etag", ""))
                await self.outlook.update_event(person, event_id, update, etag=etag)
            return RedirectResponse(_week(person.mail, said["start"]["dateTime"]), SEE_OTHER)
        return page("event.html", person=person, event=event, form=_shown(event))

    async def delete(self, request: Request) -> Response:
        person, event_id = person_of(request, self.world), request.path_params["id"]
        event = await self.outlook.event(person, event_id)
        await self.outlook.delete_event(person, event_id)
        return RedirectResponse(_week(person.mail, event["start"]["dateTime"]), SEE_OTHER)

    def _monday(self, said: str) -> datetime:
        day = self._said(said).replace(hour=0)
        return day - timedelta(days=day.weekday())

    def _said(self, said: str) -> datetime:
        """Return nine o'clock of a day, today's where none is said."""
        try:
            day = datetime.fromisoformat(said) if said else self.world.now()
        except ValueError:
            raise OutlookError(400, f"{said} is no date.") from None
        return day.replace(hour=9, minute=0, second=0, microsecond=0, tzinfo=UTC)


def _week(mail: str, day: str) -> str:
    return f"/mailbox/{mail}/calendar?week={day[:10]}"


def _shown(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event as a page shows it."""
    start, end = (
        datetime.fromisoformat(event[name]["dateTime"][:19] + "+00:00") for name in ("start", "end")
    )
    return {
        "id": event["id"],
        "subject": event["subject"],
        "start": start,
        "end": end,
        "all_day": event["isAllDay"],
        "where": event["location"]["displayName"],
        "type": event["type"],
        "show_as": event["showAs"],
    }


def _touches(shown: Mapping[str, Any], day: datetime) -> bool:
    return bool(shown["start"] < day + timedelta(days=1) and (shown["end"] > day or shown["start"] >= day))


def _read(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a form says, as a create's body."""
    said = {name: str(form.get(name, "")).strip() for name in ("subject", "start", "end", "where", "all_day")}
    try:
        start, end = (
            datetime.strptime(said[name][:16], CLOCK).replace(tzinfo=UTC) for name in ("start", "end")
        )
    except ValueError:
        raise OutlookError(400, "A start and an end are needed.") from None
    all_day = bool(said["all_day"])
    if all_day:
        start, end = start.replace(hour=0, minute=0), end.replace(hour=0, minute=0)
        end = end if end > start else start + timedelta(days=1)
    return {
        "subject": said["subject"],
        "start": {"dateTime": start.replace(tzinfo=None).isoformat(), "timeZone": "UTC"},
        "end": {"dateTime": end.replace(tzinfo=None).isoformat(), "timeZone": "UTC"},
        "isAllDay": all_day,
        "location": {"displayName": said["where"]},
    }


def _changed(event: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a form that differs from the event; a time that stays keeps its zone."""
    before = _shown(event)
    update: dict[str, Any] = {}
    if said["subject"] != before["subject"]:
        update["subject"] = said["subject"]
    if said["location"]["displayName"] != before["where"]:
        update["location"] = said["location"]
    times = {name: before[name].replace(tzinfo=None).isoformat() for name in ("start", "end")}
    moved = any(said[name]["dateTime"] != times[name] for name in times)
    if moved or said["isAllDay"] is not before["all_day"]:
        update |= {name: said[name] for name in ("start", "end", "isAllDay")}
    return update
