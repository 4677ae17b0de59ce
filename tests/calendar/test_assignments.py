"""Who may assign events to whom: whoever may edit the other's calendar (D4)."""

from datetime import timedelta

import pytest

from app import clock
from app.graph.calendar_permissions import CalendarPermissions
from app.sync.connections import Connections
from tests.calendar.diary import Diary, at

pytestmark = pytest.mark.feature("D4")

SHARED = "calendar/calendarPermissions"


@pytest.fixture
async def bob(ada):
    """A colleague of Ada's, agent-2, in a workspace that asks for rights."""
    await ada.crm("PATCH", "/v1/workspace", {"rules": {"require_calendar_edit_rights": True}})
    return Diary(await ada.stage.newcomer(user="agent-2", workspace=ada.person.workspace))


async def shares(owner, other, role):
    body = {"emailAddress": {"name": "A", "address": other.mail}, "role": role}
    return await owner.outlook("POST", SHARED, body)


async def asks(ada, assigner, *assignees):
    """Return what a check says of each of them."""
    body = {"assigner": assigner, "assignees": list(assignees)}
    told = await ada.crm("POST", "/v1/assignments/check", body)
    return [(each["assignee"], each["allowed"], each["reason"]) for each in told["data"]]


def assigned(*users, by="agent-2"):
    """Return an event of tomorrow that somebody assigns to these users."""
    owners = [{"user": user, "access": "primary" if user == users[0] else "full"} for user in users]
    return {"title": "Visit", "start": at(1), "end": at(1, "10:00"), "owners": owners, "assigned_by": by}


async def calls(ada):
    """Return how often the permissions of Ada's calendar were read."""
    return sum(
        SHARED in each["path"] and each["method"] == "GET" for each in await ada.person.journal(after=0)
    )


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        pytest.param(role, allowed, id=role)
        for role, allowed in {
            "freeBusyRead": False,
            "limitedRead": False,
            "read": False,
            "write": True,
            "delegateWithoutPrivateEventAccess": True,
            "delegateWithPrivateEventAccess": True,
        }.items()
    ],
)
async def test_the_role_in_the_calendar_decides(ada, bob, role, allowed):
    await shares(ada, bob, role)

    reason = "edit_rights" if allowed else "no_edit_rights"
    assert await asks(ada, "agent-2", "agent-1") == [("agent-1", allowed, reason)]
    wanted = 201 if allowed else 403
    assert await ada.crm("PUT", "/v1/events/e-1", assigned("agent-1"), status=wanted)


OURS = {"ada@contoso.example": "read", "bob@contoso.example": "write"}
TABLE = [
    ("a role of one's own", OURS, "none", "bob@contoso.example", False, True),
    ("an address in other letters", OURS, "none", "Bob@Contoso.example", False, True),
    ("the organisation may write", {}, "write", "eve@contoso.example", True, True),
    ("of another organisation", {}, "write", "eve@else.example", False, False),
    ("a lesser role of one's own", OURS, "write", "ada@contoso.example", True, False),
    ("the organisation may read", {}, "read", "eve@contoso.example", True, False),
    ("a role of Microsoft's yet to come", {"eve@x.example": "custom"}, "none", "eve@x.example", True, False),
]


@pytest.mark.parametrize(
    ("roles", "everybody", "address", "inside", "allowed"),
    [row[1:] for row in TABLE],
    ids=[row[0] for row in TABLE],
)
def test_whose_role_counts(roles, everybody, address, inside, allowed):
    assert CalendarPermissions(roles, everybody).may_edit([address], inside=inside) is allowed


async def test_a_calendar_shared_with_an_alias_is_shared_with_whoever_has_it(ada, bob):
    alias = f"Robert.{bob.mail}"
    await ada.stage.control("users", mail=bob.mail, aliases=[alias])
    body = {"emailAddress": {"name": "Bob", "address": alias}, "role": "write"}
    await ada.outlook("POST", SHARED, body)
    assert await asks(ada, "agent-2", "agent-1") == [("agent-1", False, "no_edit_rights")]

    async with ada.stage.resources.db.transaction(ada.person.workspace["id"]) as session:
        connection = await Connections(session).get(bob.person.connection)
        connection.account = {**connection.account, "aliases": [alias.lower()]}

    assert await asks(ada, "agent-2", "agent-1") == [("agent-1", True, "edit_rights")]
    assert await ada.crm("PUT", "/v1/events/e-1", assigned("agent-1"), status=201)
    shown = (await ada.crm("GET", f"/v1/connections/{bob.person.connection}"))["account"]
    assert set(shown) == {"email", "display_name", "tenant_id", "kind"}


@pytest.mark.parametrize(
    ("roles", "allowed"),
    [({"a@x.example": "read", "b@x.example": "write"}, True), ({"b@x.example": "read"}, False)],
    ids=["the most of their roles", "their own outdoes the organisation's"],
)
def test_of_somebody_with_several_addresses_any_role_counts(roles, allowed):
    permissions = CalendarPermissions(roles, everybody="write")
    assert permissions.may_edit(["a@x.example", "B@x.example"], inside=True) is allowed


async def test_what_needs_no_look_into_a_calendar(ada, bob):
    assert await asks(ada, "agent-1", "agent-1", "agent-9") == [
        ("agent-1", True, "same_user"),
        ("agent-9", True, "assignee_not_connected"),
    ]
    assert await asks(ada, "agent-9", "agent-9", "agent-1", "agent-8") == [
        ("agent-9", True, "same_user"),
        ("agent-1", False, "no_connection"),
        ("agent-8", False, "no_connection"),
    ]
    assert await calls(ada) == 0


async def test_a_calendar_that_the_whole_organisation_may_edit_is_open_to_colleagues(ada, bob):
    (everybody,) = (await ada.outlook("GET", SHARED))["value"]
    await ada.outlook("PATCH", f"{SHARED}/{everybody['id']}", {"role": "write"})

    assert await asks(ada, "agent-2", "agent-1") == [("agent-1", True, "edit_rights")]


async def test_who_may_not_edit_the_calendar_assigns_nothing_and_is_told_whose_it_is(ada, bob):
    problem = await ada.crm("PUT", "/v1/events/e-1", assigned("agent-2", "agent-1"), status=403)

    assert problem["type"] == "/problems/assignment-not-permitted"
    assert "agent-2 may not edit the calendar of agent-1" in problem["detail"]
    assert [(each["assignee"], each["reason"]) for each in problem["refused"]] == [
        ("agent-1", "no_edit_rights")
    ]
    await ada.crm("GET", "/v1/events/e-1", status=404)
    assert await ada.news() == []


async def test_no_transaction_is_open_while_microsoft_is_asked(ada, bob, monkeypatch):
    await shares(ada, bob, "write")
    tokens, pool, busy = ada.stage.tokens, ada.stage.resources.db.engine.pool, []
    found = tokens.access_token

    async def watched(*args, **more):
        busy.append(pool.checkedout())
        return await found(*args, **more)

    monkeypatch.setattr(tokens, "access_token", watched)
    await ada.crm("PUT", "/v1/events/e-1", assigned("agent-1"), status=201)

    assert busy == [0]


async def test_without_the_rule_everybody_assigns_to_everybody(ada, bob):
    await ada.crm("PATCH", "/v1/workspace", {"rules": {"require_calendar_edit_rights": False}})

    await ada.crm("PUT", "/v1/events/e-1", assigned("agent-1"), status=201)
    assert await calls(ada) == 0


async def test_a_yes_is_believed_for_five_minutes_and_a_no_is_not(ada, bob):
    assert await asks(ada, "agent-2", "agent-1") == [("agent-1", False, "no_edit_rights")]
    given = await shares(ada, bob, "write")
    assert await asks(ada, "agent-2", "agent-1") == [("agent-1", True, "edit_rights")]
    await ada.outlook("DELETE", f"{SHARED}/{given['id']}")
    read = await calls(ada)

    await ada.crm("PUT", "/v1/events/e-1", assigned("agent-1"), status=201)
    assert await calls(ada) == read
    clock.follow(clock.now() + timedelta(minutes=5, seconds=1))
    assert await asks(ada, "agent-2", "agent-1") == [("agent-1", False, "no_edit_rights")]


async def test_rights_that_are_lost_stop_no_other_edit(ada, bob):
    given = await shares(ada, bob, "write")
    await ada.crm("PUT", "/v1/events/e-1", assigned("agent-1"), status=201)
    await ada.outlook("DELETE", f"{SHARED}/{given['id']}")
    clock.follow(clock.now() + timedelta(minutes=6))

    record = await ada.record("e-1")
    again = await ada.crm("PUT", "/v1/events/e-1", {**record, "title": "Long visit"}, status=200)
    assert again["title"] == "Long visit"
    await ada.crm("PATCH", "/v1/events/e-1", {"location": "Here"}, status=200)
    await ada.crm("DELETE", "/v1/events/e-1", status=204)
    await ada.crm("PUT", "/v1/events/e-1", assigned("agent-1"), status=403)
    assert (await ada.record("e-1"))["deleted"]


@pytest.mark.parametrize(
    "patch",
    [
        pytest.param({"owners": assigned("agent-2", "agent-1")["owners"]}, id="another owner"),
        pytest.param({"assigned_by": "agent-3"}, id="another assigner"),
    ],
)
async def test_a_patch_assigns_with_what_it_leaves_out(ada, bob, patch):
    await ada.crm("PUT", "/v1/events/e-1", assigned("agent-2"), status=201)

    await ada.crm("PATCH", "/v1/events/e-1", {"title": "Other", **patch}, status=403)
    assert (await ada.record("e-1"))["title"] == "Visit"
    await ada.crm("PATCH", "/v1/events/unknown", patch, status=404)


async def test_in_a_batch_only_the_assignment_that_is_not_permitted_fails(ada, bob):
    ours, theirs = assigned("agent-2"), assigned("agent-1")
    upserts = [
        {"crm_id": "e-1", **ours},
        *({"crm_id": f"e-{n}", **theirs} for n in (2, 3)),
        {"crm_id": "e-4"},
    ]
    told = await ada.crm("POST", "/v1/events/batch", {"upserts": upserts})

    assert [each["status"] for each in told["results"]] == [201, 403, 403, 201]
    assert (told["failed"], await calls(ada)) == (2, 1)
    await ada.crm("GET", "/v1/events/e-2", status=404)


async def test_while_microsoft_does_not_answer_nothing_is_assigned_and_nothing_stored(ada, bob):
    await ada.stage.control(
        "faults",
        match={"method": "GET", "path": f"/v1.0/me/{SHARED}*"},
        fault={"status": 503, "retry_after": 60},
    )
    headers = {"Authorization": f"Bearer {ada.person.workspace['key']['secret']}"}
    answer = await ada.stage.api.put("/v1/events/e-1", json=assigned("agent-1"), headers=headers)

    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/service-unavailable")
    assert int(answer.headers["Retry-After"]) in range(55, 61)
    await ada.crm("GET", "/v1/events/e-1", status=404)
    await ada.crm(
        "POST", "/v1/assignments/check", {"assigner": "agent-2", "assignees": ["agent-1"]}, status=503
    )
    assert await asks(ada, "agent-2", "agent-2") == [("agent-2", True, "same_user")]


async def test_a_calendar_that_can_not_be_read_before_somebody_acts_is_not_assigned_to(ada, bob):
    await ada.crm("PATCH", f"/v1/connections/{ada.person.connection}", {"paused": True})

    problem = await ada.crm("PUT", "/v1/events/e-1", assigned("agent-1"), status=403)
    assert [each["reason"] for each in problem["refused"]] == ["rights_unknown"]
    assert problem["detail"].endswith("The connection is paused.")
    assert await calls(ada) == 0


STANDINGS = [
    ("active", {}, "no_edit_rights", "no_edit_rights"),
    ("needs_sign_in", {}, "rights_unknown", "no_edit_rights"),
    ("no_mailbox", {}, "assignee_not_connected", "no_edit_rights"),
    ("pending", {}, "assignee_not_connected", "no_connection"),
    ("disconnected", {}, "assignee_not_connected", "no_connection"),
    ("active", {"granted_scopes": ["Contacts.ReadWrite"]}, "assignee_not_connected", "no_edit_rights"),
]


@pytest.mark.parametrize(
    ("status", "more", "of_assignee", "of_assigner"),
    STANDINGS,
    ids=[f"{row[0]} {'without calendar' if row[1] else ''}".strip() for row in STANDINGS],
)
async def test_who_counts_as_connected(ada, bob, status, more, of_assignee, of_assigner):
    async with ada.stage.resources.db.transaction(ada.person.workspace["id"]) as session:
        connection = await Connections(session).get(ada.person.connection)
        for name, value in {"status": status, **more}.items():
            setattr(connection, name, value)

    assert [reason for _, _, reason in await asks(ada, "agent-2", "agent-1")] == [of_assignee]
    assert [reason for _, _, reason in await asks(ada, "agent-1", "agent-2")] == [of_assigner]


async def test_every_mailbox_of_the_assignee_must_be_open(ada, bob):
    other = Diary(await ada.stage.newcomer(workspace=ada.person.workspace))
    await shares(ada, bob, "write")
    assert await asks(ada, "agent-2", "agent-1") == [("agent-1", False, "no_edit_rights")]

    await shares(other, bob, "write")
    assert await asks(ada, "agent-2", "agent-1") == [("agent-1", True, "edit_rights")]


async def test_redis_may_forget_what_it_knew(ada, bob):
    await shares(ada, bob, "write")
    await asks(ada, "agent-2", "agent-1")
    await ada.stage.resources.redis.flushdb()

    assert await asks(ada, "agent-2", "agent-1") == [("agent-1", True, "edit_rights")]
    assert await calls(ada) == 2
