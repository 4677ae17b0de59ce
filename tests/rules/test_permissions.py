"""Which permissions are asked for, and how what was granted is read."""

import pytest

from app.graph.scopes import asked_for, at, known_among, missing

FULL = "https://graph.microsoft.com/Contacts.ReadWrite"


@pytest.mark.feature("C1")
@pytest.mark.parametrize(
    ("entities", "asked"),
    [
        pytest.param(["contacts"], ["User.Read", "Contacts.ReadWrite"], id="contacts"),
        pytest.param(["calendar"], ["User.Read", "Calendars.ReadWrite"], id="calendar"),
        pytest.param(["tasks"], ["User.Read", "Tasks.ReadWrite"], id="tasks"),
        pytest.param(
            ["mail"], ["User.Read", "Mail.ReadWrite", "Mail.Send", "MailboxSettings.Read"], id="mail"
        ),
        pytest.param(["files"], ["User.Read", "Files.ReadWrite"], id="files"),
        pytest.param(["contacts", "tasks"], ["User.Read", "Contacts.ReadWrite", "Tasks.ReadWrite"], id="two"),
    ],
)
def test_each_entity_asks_for_its_own(entities, asked):
    assert asked_for(entities) == asked


@pytest.mark.lesson(23)
@pytest.mark.parametrize(
    "granted",
    [
        pytest.param(["Contacts.ReadWrite"], id="as asked"),
        pytest.param([FULL], id="with Graph's address"),
        pytest.param([FULL.lower()], id="in lower case"),
        pytest.param(["https://graph.microsoft.us/Contacts.ReadWrite"], id="of another cloud"),
        pytest.param(
            ["openid", "email", "Mail.Read", "CONTACTS.READWRITE"], id="among earlier ones, in any order"
        ),
    ],
)
def test_a_granted_permission_is_recognised_in_any_spelling(granted):
    assert missing("contacts", granted=granted) == []
    assert known_among(granted) == ["Contacts.ReadWrite"]


@pytest.mark.lesson(23)
@pytest.mark.parametrize(
    ("granted", "lacking"),
    [
        pytest.param([], ["Mail.ReadWrite", "Mail.Send", "MailboxSettings.Read"], id="nothing granted"),
        pytest.param(
            ["Mail.Read", "Mail.Send"], ["Mail.ReadWrite", "MailboxSettings.Read"], id="less than asked"
        ),
        pytest.param(
            ["Mail.ReadWrite.Shared"], ["Mail.ReadWrite", "Mail.Send", "MailboxSettings.Read"], id="another"
        ),
    ],
)
def test_what_is_missing_is_named(granted, lacking):
    assert missing("mail", granted=granted) == lacking


@pytest.mark.feature("E1")
def test_permissions_are_those_of_the_clouds_own_graph():
    assert at("https://dod-graph.microsoft.us", ["User.Read"]) == ["https://dod-graph.microsoft.us/User.Read"]
