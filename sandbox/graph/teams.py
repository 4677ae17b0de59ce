"""Online meetings: what Teams adds to an event, and how an event loses it.

https://learn.microsoft.com/graph/outlook-calendar-online-meetings
"""

import uuid
from typing import Any
from urllib.parse import quote

from sandbox.directory import Kind, Person
from sandbox.graph import event_body
from sandbox.graph.errors import bad_request

Fields = dict[str, Any]

PROVIDER = "teamsForBusiness"
CLOSED: Fields = {"isOnlineMeeting": False, "onlineMeetingProvider": "unknown", "onlineMeeting": None}
RULE = (
    '<div style="width:100%; height:20px"><span style="white-space:nowrap; color:gray; opacity:.36">'
    f"{'_' * 80}</span></div>\r\n"
)
BLOCK = (
    '<div class="me-email-text">\r\n<div><a class="me-email-headline" href="{url}" target="_blank">'
    "Join Microsoft Teams Meeting</a></div>\r\n<div>Conference ID: {number}#</div>\r\n</div>\r\n"
)


def providers(person: Person) -> list[str]:
    """Return what a person's calendars may use; personal accounts have nothing (doubtful)."""
    return [PROVIDER] if person.kind is Kind.WORK else []


def opened(fields: Fields, person: Person) -> Fields:
    """Return an event that became an online meeting, with its join information and the block in its body."""
    wanted = fields["onlineMeetingProvider"]
    allowed = providers(person)
    if not allowed or wanted not in {"unknown", *allowed}:
        raise bad_request(
            "The online meeting provider is not allowed in this calendar.", code="ErrorInvalidRequest"
        )
    url, number = _join_url(person), str(uuid.uuid4().int % 10**9).zfill(9)
    block = BLOCK.format(url=url, number=" ".join((number[:3], number[3:6], number[6:])))
    return fields | {
        "onlineMeetingProvider": PROVIDER,
        "onlineMeeting": {"joinUrl": url, "conferenceId": number, "tollNumber": "+1 323-555-0166"},
        "body": event_body.inside(fields["body"], RULE + block + RULE),
    }


def after(held: Fields, fields: Fields, said: Fields, person: Person) -> Fields:
    """Return an event after an update. Quirk: a body without the join block ends the online meeting.

    https://learn.microsoft.com/graph/api/event-update
    """
    if fields["isOnlineMeeting"] and not held["isOnlineMeeting"]:
        return opened(fields, person)
    return fields | CLOSED if "body" in said and lost(held, said["body"]) else fields


def lost(held: Fields, body: str) -> bool:
    return bool(held["onlineMeeting"]) and held["onlineMeeting"]["joinUrl"] not in body


def _join_url(person: Person) -> str:
    thread = quote(f"19:meeting_{uuid.uuid4().hex}@thread.v2", safe="")
    about = quote(f'{{"Tid":"{person.tenant_id}","Oid":"{person.oid}"}}', safe="")
    return f"https://teams.microsoft.com/l/meetup-join/{thread}/0?context={about}"
