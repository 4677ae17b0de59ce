"""Calendars of other people: permissions, what each role sees and may do, and who is free when."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from calendar_stage import IN_JULY, at, event, weekly
from graph_stage import Outlook, Stage, error_of

pytestmark = pytest.mark.feature("F8")

ADELE, ALEX = "adele@contoso.example", "alex@contoso.example"
SHARED = ["Calendars.ReadWrite", "Calendars.ReadWrite.Shared"]


@pytest.fixture
async def alex(stage: Stage) -> AsyncIterator[Outlook]:
    async with await stage.outlook(ALEX, scopes=SHARED) as client:
        yield client


async def share(adele: Outlook, role: str, mail: str = ALEX) -> dict[str, Any]:
    return await adele.made(
        "me/calendar/calendarPermissions", emailAddress={"name": "A", "address": mail}, role=role
    )


async def test_the_organisation_sees_who_is_busy_and_that_entry_stays(adele: Outlook):
    (everybody,) = (await adele.read("me/calendar/calendarPermissions"))["value"]

    assert (everybody["role"], everybody["isRemovable"], everybody["emailAddress"]) == (
        "freeBusyRead",
        False,
        {"name": "My Organization"},
    )
    assert everybody["allowedRoles"] == ["none", "freeBusyRead", "limitedRead", "read", "write"]
    path = f"me/calendar/calendarPermissions/{everybody['id']}"
    assert error_of(await adele.delete(path)) == (400, "ErrorInvalidRequest")
    assert (await adele.patch(path, json={"role": "read"})).json()["role"] == "read"


async def test_a_permission_is_given_changed_and_taken_away(adele: Outlook):
    given = await share(adele, "read")
    path = f"me/calendar/calendarPermissions/{given['id']}"
    outside = await share(adele, "read", "eve@else.example")

    assert (given["isRemovable"], given["isInsideOrganization"], given["emailAddress"]["address"]) == (
        True,
        True,
        ALEX,
    )
    assert (outside["isInsideOrganization"], outside["allowedRoles"]) == (
        False,
        ["freeBusyRead", "limitedRead", "read"],
    )
    assert (await adele.patch(path, json={"role": "delegateWithPrivateEventAccess"})).json()[
        "role"
    ] == "delegateWithPrivateEventAccess"
    assert (await adele.read(path))["role"] == "delegateWithPrivateEventAccess"
    assert (await adele.delete(path)).status_code == 204
    assert error_of(await adele.get(path)) == (404, "ErrorItemNotFound")


async def test_a_permission_that_cannot_be_is_refused(adele: Outlook):
    given = await share(adele, "read", "eve@else.example")
    path = "me/calendar/calendarPermissions"
    acme = await adele.made("me/calendars", name="Acme")

    assert error_of(await adele.patch(f"{path}/{given['id']}", json={"role": "write"})) == (
        400,
        "ErrorInvalidRequest",
    )
    assert error_of(await adele.post(path, json={"role": "read"})) == (400, "ErrorInvalidRequest")
    assert error_of(await adele.post(path, json={"role": "king", "emailAddress": {"address": ALEX}})) == (
        400,
        "RequestBodyRead",
    )
    assert (
        await adele.post(path, json={"role": "read", "emailAddress": {"address": "EVE@else.example"}})
    ).status_code == 409
    delegate = {"role": "delegateWithPrivateEventAccess", "emailAddress": {"address": ALEX}}
    assert error_of(await adele.post(f"me/calendars/{acme['id']}/calendarPermissions", json=delegate)) == (
        400,
        "ErrorInvalidRequest",
    )


ROLES = [
    pytest.param("freeBusyRead", 403, 403, id="free and busy only"),
    pytest.param("limitedRead", 200, 403, id="subjects"),
    pytest.param("read", 200, 403, id="reader"),
    pytest.param("write", 200, 201, id="writer"),
    pytest.param("delegateWithoutPrivateEventAccess", 200, 201, id="delegate"),
]


@pytest.mark.parametrize(("role", "reads", "writes"), ROLES)
async def test_a_role_says_who_may_read_and_write(adele: Outlook, alex: Outlook, role, reads, writes):
    await share(adele, role)
    path = f"users/{ADELE}/calendar"

    assert (await alex.get(path)).status_code == reads
    assert (await alex.get(f"{path}/calendarView?{IN_JULY}")).status_code == reads
    assert (await alex.post(f"{path}/events", json=event())).status_code == writes
    if reads == 200:
        shown = (await alex.get(path)).json()
        assert (shown["canEdit"], shown["canShare"], shown["owner"]["address"]) == (
            writes == 201,
            False,
            ADELE,
        )
        assert (await alex.read(f"{path}/calendarPermissions"))["value"] == []
        assert [row["id"] for row in (await alex.read(f"users/{ADELE}/calendars"))["value"]] == [shown["id"]]


@pytest.mark.parametrize(("role", "edits"), [("limitedRead", False), ("read", False), ("write", True)])
async def test_a_custom_calendar_that_is_shared_stands_among_the_sharees_own(
    adele: Outlook, alex: Outlook, role, edits
):
    acme = await adele.made("me/calendars", name="Acme")
    (own,) = (await alex.read("me/calendars"))["value"]
    body = {"emailAddress": {"name": "A", "address": ALEX}, "role": role}
    given = await adele.made(f"me/calendars/{acme['id']}/calendarPermissions", **body)

    mine, shared = (await alex.read("me/calendars"))["value"]

    assert (mine["id"], mine["canShare"]) == (own["id"], True)
    assert (shared["name"], shared["canEdit"], shared["canShare"]) == ("Acme", edits, False)
    assert (shared["owner"]["address"], shared["isDefaultCalendar"]) == (ADELE, False)
    assert shared["id"] != acme["id"]
    path = f"me/calendars/{shared['id']}"
    assert {k: v for k, v in (await alex.read(path)).items() if k[0] != "@"} == shared
    assert error_of(await alex.get(f"me/calendars/{acme['id']}")) == (404, "ErrorItemNotFound")
    assert error_of(await adele.get(path)) == (400, "ErrorInvalidIdMalformed")
    assert (await alex.read(f"{path}/events"))["value"] == []
    assert len((await adele.read("me/calendars"))["value"]) == 2

    await adele.delete(f"me/calendars/{acme['id']}/calendarPermissions/{given['id']}")
    assert (await alex.read("me/calendars"))["value"] == [own]
    assert error_of(await alex.get(path)) == (404, "ErrorItemNotFound")


async def test_a_default_calendar_and_who_is_busy_stand_in_nobody_elses_list(adele: Outlook, alex: Outlook):
    acme = await adele.made("me/calendars", name="Acme")
    body = {"emailAddress": {"name": "A", "address": ALEX}, "role": "freeBusyRead"}
    await adele.made(f"me/calendars/{acme['id']}/calendarPermissions", **body)
    await share(adele, "write")

    assert len((await alex.read("me/calendars"))["value"]) == 1


async def test_what_is_shared_with_an_alias_is_shared_with_whoever_has_it(
    stage: Stage, adele: Outlook, alex: Outlook
):
    await share(adele, "write", "a.wilber@contoso.example")
    path = f"users/{ADELE}/events"
    assert (await alex.get(path)).status_code == 403

    await stage.control("users", mail=ALEX, aliases=["A.Wilber@contoso.example"])

    assert (await alex.get(path)).status_code == 200


async def test_an_event_made_by_a_delegate_is_the_owners(adele: Outlook, alex: Outlook):
    await share(adele, "write")
    made = await alex.made(f"users/{ADELE}/calendar/events", **event())

    assert (made["organizer"]["emailAddress"]["address"], made["isOrganizer"]) == (ADELE, True)
    assert (await adele.read(f"me/events/{made['id']}"))["subject"] == "Inspection"
    assert (await alex.read("me/events"))["value"] == []


SIGHTS = [
    pytest.param("limitedRead", "Inspection", "", "Private appointment", id="subjects"),
    pytest.param("read", "Inspection", "Keys", "Private appointment", id="reader"),
    pytest.param(
        "delegateWithPrivateEventAccess", "Inspection", "Keys", "Doctor", id="delegate for private ones too"
    ),
]


@pytest.mark.parametrize(("role", "subject", "preview", "private"), SIGHTS)
async def test_a_role_says_what_is_seen(adele: Outlook, alex: Outlook, role, subject, preview, private):
    await adele.made("me/events", **event(body={"contentType": "text", "content": "Keys"}))
    await adele.made(
        "me/events", **event("Doctor", "2026-07-07T09:00", "2026-07-07T10:00", sensitivity="private")
    )
    await share(adele, role)

    one, other = (await alex.read(f"users/{ADELE}/calendarView?{IN_JULY}"))["value"]

    assert (one["subject"], one["bodyPreview"], other["subject"], other["showAs"]) == (
        subject,
        preview,
        private,
        "busy",
    )


async def test_somebody_elses_calendar_takes_the_permission_for_shared_ones(stage: Stage, adele: Outlook):
    await share(adele, "write")
    for scopes, status in ((["Calendars.ReadWrite"], 403), (["Calendars.Read.Shared"], 200)):
        async with await stage.outlook(ALEX, scopes=scopes) as client:
            assert (await client.get(f"users/{ADELE}/events")).status_code == status
            assert (await client.post(f"users/{ADELE}/events", json=event())).status_code == 403
    async with await stage.outlook("lee@fabrikam.example", scopes=SHARED) as stranger:
        assert error_of(await stranger.get(f"users/{ADELE}/events")) == (403, "ErrorAccessDenied")


async def test_another_calendar_of_the_owner_is_not_shared_along(adele: Outlook, alex: Outlook):
    acme = await adele.made("me/calendars", name="Acme")
    hidden = await adele.made(f"me/calendars/{acme['id']}/events", **event())
    await share(adele, "write")

    assert error_of(await alex.get(f"users/{ADELE}/calendars/{acme['id']}/events")) == (
        403,
        "ErrorAccessDenied",
    )
    assert error_of(await alex.get(f"users/{ADELE}/events/{hidden['id']}")) == (404, "ErrorItemNotFound")


def ask(*names: str, **more: Any) -> dict[str, Any]:
    return {
        "schedules": list(names),
        "startTime": at("2026-07-06T08:00"),
        "endTime": at("2026-07-06T12:00"),
        **more,
    }


async def schedules(outlook: Outlook, body: dict[str, Any], **headers: str) -> list[dict[str, Any]]:
    answer = await outlook.post("me/calendar/getSchedule", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["value"]


async def test_a_schedule_says_in_digits_who_is_free(stage: Stage, adele: Outlook):
    async with await stage.outlook(ALEX) as alex:
        await alex.made(
            "me/events",
            **event(
                "Standing", "2026-06-29T09:00", "2026-06-29T09:30", recurrence=weekly(start="2026-06-29")
            ),
        )
        for show_as, hour in (("tentative", "10"), ("oof", "11"), ("free", "08")):
            await alex.made(
                "me/events", **event("x", f"2026-07-06T{hour}:00", f"2026-07-06T{hour}:30", showAs=show_as)
            )

    (alexs,) = await schedules(adele, ask(ALEX), Prefer='outlook.timezone="Europe/Berlin"')

    assert alexs["availabilityView"] == "00201030"
    assert [item["status"] for item in alexs["scheduleItems"]] == ["free", "busy", "tentative", "oof"]
    assert alexs["scheduleItems"][1]["start"] == {
        "dateTime": "2026-07-06T11:00:00.0000000",
        "timeZone": "Europe/Berlin",
    }
    assert "subject" not in alexs["scheduleItems"][1]
    assert (await schedules(adele, ask(ALEX, availabilityViewInterval="60")))[0]["availabilityView"] == "0213"


async def test_a_subject_in_a_schedule_takes_rights(stage: Stage, adele: Outlook, alex: Outlook):
    await adele.made("me/events", **event(location={"displayName": "Room 3"}))
    await adele.made("me/events", **event("Doctor", sensitivity="private"))
    await share(adele, "limitedRead")

    (own,) = await schedules(adele, ask(ADELE))
    (theirs,) = await schedules(alex, ask(ADELE))

    assert [item.get("subject") for item in own["scheduleItems"]] == ["Inspection", "Doctor"]
    assert [
        (item.get("subject"), item.get("location"), item["isPrivate"]) for item in theirs["scheduleItems"]
    ] == [("Inspection", "Room 3", False), (None, None, True)]


async def test_who_cannot_be_looked_at_has_an_error_of_their_own(adele: Outlook):
    known, unknown, stranger = await schedules(
        adele, ask(ALEX, "nobody@contoso.example", "lee@fabrikam.example")
    )

    assert "error" not in known
    assert {unknown["error"]["responseCode"], stranger["error"]["responseCode"]} == {
        "ErrorMailRecipientNotFound"
    }


WRONG = [
    pytest.param({"schedules": []}, "ErrorInvalidRequest", id="nobody"),
    pytest.param(
        {"schedules": [f"a{n}@x.example" for n in range(21)]}, "ErrorInvalidRequest", id="21 people"
    ),
    pytest.param({"availabilityViewInterval": 4}, "ErrorInvalidMergedFreeBusyInterval", id="4 minutes"),
    pytest.param({"availabilityViewInterval": 1441}, "ErrorInvalidMergedFreeBusyInterval", id="over a day"),
    pytest.param({"endTime": at("2026-09-07T08:00")}, "ErrorTimeIntervalTooBig", id="63 days"),
    pytest.param({"endTime": at("2026-07-06T07:00")}, "ErrorInvalidRequest", id="backwards"),
    pytest.param({"endTime": None}, "ErrorInvalidRequest", id="no end"),
    pytest.param({"mails": []}, "RequestBodyRead", id="no such parameter"),
]


@pytest.mark.parametrize(("change", "code"), WRONG)
async def test_a_schedule_that_cannot_be_asked_for_is_refused(adele: Outlook, change, code):
    assert error_of(await adele.post("me/calendar/getSchedule", json=ask(ALEX) | change)) == (400, code)


async def test_62_days_are_enough_and_personal_accounts_have_no_schedules(stage: Stage, adele: Outlook):
    await schedules(adele, ask(ALEX, endTime=at("2026-09-06T08:00"), availabilityViewInterval=1440))
    async with await stage.outlook("patti@outlook.example") as patti:
        assert error_of(await patti.post("me/calendar/getSchedule", json=ask(ALEX))) == (
            403,
            "ErrorAccessDenied",
        )
