"""The pure rules inside the local Graph: ids, extended properties, endpoints, reminders, limits."""

import uuid
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx
import pytest
from graph_stage import MARK, Listener, Stage

from sandbox.errors import GraphError
from sandbox.graph import handshake, ids
from sandbox.graph.alarm import Alarm
from sandbox.graph.courier import Courier, Notice
from sandbox.graph.endpoint import Endpoint
from sandbox.graph.extended import key_of
from sandbox.graph.mailboxes import Mailboxes
from sandbox.graph.store import CALENDAR, FLAGGED, TASKS
from sandbox.graph.subscriptions import Subscription
from sandbox.graph.throttle import Limit, Window
from sandbox.graph.watch import next_reminder

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
OWNER = uuid.UUID("87d349ed-44d7-43e1-9a83-5f2406dee5bd")


@pytest.mark.parametrize("number", [1, 255, 2**40])
def test_ids_read_back_and_are_of_three_kinds(number):
    always, default, folder = (
        ids.immutable_id(OWNER, number),
        ids.default_id(OWNER, number, 3),
        ids.folder_id(OWNER, number),
    )

    assert ids.parse_item_id(always) == ids.ItemId(OWNER, number, None)
    assert ids.parse_item_id(default) == ids.ItemId(OWNER, number, 3)
    assert ids.parse_folder_id(folder) == ids.ItemId(OWNER, number, None)
    assert default.endswith("=")
    for wrong in (always, default):
        with pytest.raises(ids.MalformedIdError):
            ids.parse_folder_id(wrong)


GUID = "{00020329-0000-0000-C000-000000000046}"
SAME = [
    pytest.param(
        f"String {GUID} Name crmId", f"string {GUID.lower()} name crmId", True, id="letters of type and guid"
    ),
    pytest.param(f"String {GUID} Name crmId", f"String {GUID} Name CRMID", False, id="letters of the name"),
    pytest.param(f"String {GUID} Name crmId", f"Integer {GUID} Name crmId", False, id="another type"),
    pytest.param(f"String {GUID} Id 0x8012", f"String {GUID} id 0X8012", True, id="a numbered property"),
    pytest.param("String 0x3001", "string 0x3001", True, id="a property tag"),
]


@pytest.mark.parametrize(("one", "other", "same"), SAME)
def test_extended_properties_are_told_apart_by_type_set_and_name(one, other, same):
    assert (key_of(one) == key_of(other)) is same


@pytest.mark.parametrize(
    "text", ["", "crmId", "String crmId", f"Strung {GUID} Name x", f"String {GUID} x", "String {12} Name x"]
)
def test_an_extended_property_in_no_known_form_is_refused(text):
    with pytest.raises(GraphError) as refused:
        key_of(text)

    assert (refused.value.status, refused.value.code) == (400, "ErrorInvalidExtendedProperty")


ENDPOINTS = [
    pytest.param([0.1] * 100, False, False, id="quick"),
    pytest.param([4.0] * 99, False, False, id="slow but hardly known"),
    pytest.param([0.1] * 90 + [4.0] * 10, False, False, id="ten of a hundred are slow"),
    pytest.param([0.1] * 89 + [4.0] * 11, True, False, id="eleven of a hundred are slow"),
    pytest.param([0.1] * 85 + [11.0] * 15, True, False, id="fifteen of a hundred are dead"),
    pytest.param([0.1] * 84 + [11.0] * 16, False, True, id="sixteen of a hundred are dead"),
]


@pytest.mark.parametrize(("answers", "held", "dropped"), ENDPOINTS)
def test_a_slow_endpoint_is_made_to_wait_and_a_dead_one_gets_nothing_for_ten_minutes(answers, held, dropped):
    endpoint = Endpoint()
    for seconds in answers:
        endpoint.answered(NOON, seconds=seconds)

    assert (endpoint.held_until(NOON) is not None, endpoint.drops(NOON)) == (held, dropped)
    later = NOON + timedelta(minutes=10)
    assert (endpoint.held_until(later), endpoint.drops(later)) == (None, False)


def subscription(*, authorized: timedelta, expires: timedelta) -> Subscription:
    return Subscription(
        "s", "a", "t", "o", "c", 2, "me/contacts", ("created",), "http://127.0.0.1/", NOON + expires, NOON + authorized, False
    )  # fmt: skip


REMINDERS = [
    pytest.param({"hours": 8}, {"days": 6}, 120, id="a quarter of a long time"),
    pytest.param({"minutes": 90}, {"days": 6}, 45, id="half of one to three hours"),
    pytest.param({"minutes": 40}, {"days": 6}, 15, id="every quarter of an hour at last"),
    pytest.param({"hours": 8}, {"minutes": 90}, 45, id="whichever ends first"),
    pytest.param({"hours": -8}, {"days": 6}, 15, id="when it is over, still every quarter of an hour"),
]


@pytest.mark.lesson(18)
@pytest.mark.parametrize(("authorized", "expires", "minutes"), REMINDERS)
def test_reminders_come_closer_as_the_end_comes_near(authorized, expires, minutes):
    asked = subscription(authorized=timedelta(**authorized), expires=timedelta(**expires))

    assert next_reminder(asked, now=NOON) == NOON + timedelta(minutes=minutes)


def test_a_window_counts_what_was_refused_and_says_when_there_is_room():
    window = Window(Limit(10, 60))

    assert [window.use(1, now=second) for second in range(10)] == [0] * 10
    assert window.use(1, now=20) == 41  # the second of the first ten that has to leave
    assert window.use(1, now=61) == 0


async def test_an_endpoint_has_ten_seconds_to_repeat_the_token(listener: Listener):
    listener.delay = 0.5
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(GraphError) as refused:
            await handshake.shake(listener.url, client, seconds=0.1)

    assert handshake.SECONDS == 10
    assert refused.value.message == "Subscription validation request timed out."


@pytest.mark.lesson(19)
async def test_what_is_answered_after_three_seconds_is_sent_again_with_ten_to_answer(
    stage: Stage, listener: Listener
):
    """The endpoint took it both times: it is told twice."""
    async with await stage.outlook() as adele:
        soon = (stage.world.now() + timedelta(hours=1)).isoformat()
        wish = {"changeType": "created", "resource": "me/contacts", "notificationUrl": listener.url}
        await adele.made("subscriptions", **wish, expirationDateTime=soon)
        listener.delay = 3.2
        await adele.made(displayName="x")

        one, other = await listener.hears(2, within=6)

    assert one == other


async def test_a_dropped_endpoint_loses_what_is_new(stage: Stage):
    lost: list[Notice] = []
    courier = Courier(stage.world, Alarm(stage.world.now), lost=lost.append)
    url = "http://127.0.0.1:9/"
    courier.endpoints[url] = Endpoint(dropped_until=stage.world.now() + timedelta(minutes=1))
    notice = Notice("s", url, {}, stage.world.now())

    await courier._carry(url, [notice])
    await courier.client.aclose()

    assert lost == [notice]


ODD_VALUES = [
    None, True, 7, -1.5, 10**30, "", "x", "\0", "'", "é" * 300, [], [None], [[1]], {}, {"id": 1}, MARK, "2026-01-01T00:00:00Z",
]  # fmt: skip
NAMES = [
    "displayName", "emailAddresses", "birthday", "homeAddress", "businessPhones", "@odata.type", "singleValueExtendedProperties",
    "changeType", "resource", "notificationUrl", "expirationDateTime", "requests", "children", "nope",
    "title", "status", "body", "dueDateTime", "completedDateTime", "recurrence", "linkedResources", "isChecked",
]  # fmt: skip
OPTIONS = [
    "$select", "$filter", "$expand", "$orderby", "$top", "$skip", "$count", "$search", "$skiptoken", "$deltatoken", "x",
]  # fmt: skip
ODD_TEXTS = [
    "", "x", "9" * 5000, "-1", "'", "(((", "a/any(a:", "singleValueExtendedProperties($filter=id eq 'x", "%00", "é", ",", "*",
]  # fmt: skip
PATHS = [
    "me", "me/contacts", "me/contacts/x", "me/contacts/delta", "me/contactFolders", "me/contactFolders/x/contacts",
    "subscriptions", "subscriptions/x", "$batch", "users/x/contacts", "me/contactFolders('a')/childFolders", "%FF/x", "//",
    "me/todo/lists", "me/todo/lists/delta", "me/todo/lists/x/tasks", "me/todo/lists/{x}/tasks/y/checklistItems/z",
]  # fmt: skip


def odd_body(dice: Random) -> Any:
    fields = {dice.choice(NAMES): dice.choice(ODD_VALUES) for _ in range(3)}
    body = dice.choice([dice.choice(ODD_VALUES), fields])
    item = {
        "id": "1", "method": dice.choice(["GET", "POST", 1]), "url": dice.choice([*PATHS, "http://[", "", 5]), "body": body,
    }  # fmt: skip
    return {"requests": [item]} if dice.random() < 0.2 else body


async def test_whatever_is_sent_is_answered_in_graphs_shape(stage: Stage):
    """Send a few hundred requests made of the wrong things: never a failure of the sandbox's own."""
    dice = Random(11)
    async with await stage.outlook() as adele:
        for _ in range(600):
            query = {dice.choice(OPTIONS): dice.choice(ODD_TEXTS) for _ in range(dice.randint(0, 2))}
            sent = odd_body(dice)
            answer = await adele.request(
                dice.choice(["GET", "POST", "PATCH", "DELETE"]), dice.choice(PATHS), params=query, json=sent,
                headers={"Prefer": dice.choice(ODD_TEXTS[1:9]), "If-Match": dice.choice(["*", "x", 'W/"x"'])},
            )  # fmt: skip
            told = (answer.request.url, sent, answer.text)
            assert answer.status_code < 500 or answer.status_code == 501, told
            assert answer.is_success or answer.json()["error"]["code"], told


def test_a_log_from_before_there_were_calendars_is_still_read():
    mailboxes, oid = Mailboxes(), str(OWNER)
    folders = [[1, "Top", None, {}, 0], [2, "Contacts", 1, {}, 0], [3, "Deleted Items", 1, {}, 0]]
    counts = {"position": 9, "last_contact": 4, "last_folder": 15, "folders": folders, "folder_changes": []}
    row = [7, 4, 2, "2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z", {"displayName": "Ann"}, {}, 0]
    made = {"folder": 2, "at": "2026-11-01T00:00:00Z", "contacts": [[{"displayName": "Bob"}, {}]]}
    for kind, body in (("mailbox.kept", counts), ("contacts.kept", {"rows": [row]}), ("contacts.made", made)):
        mailboxes.appliers[kind]({"mailbox": oid, **body})

    held = mailboxes.of(oid)
    assert [(item.number, item.kind, item.fields["displayName"]) for item in held.items.values()] == [
        (4, "contact", "Ann"),
        (5, "contact", "Bob"),
    ]
    assert held.folders[CALENDAR].kind == "event"
    assert list(held.list_changes.latest) == [(TASKS, 0), (FLAGGED, 0)]
    assert "contacts.made" not in {kind for kind, _ in mailboxes.snapshot()}
