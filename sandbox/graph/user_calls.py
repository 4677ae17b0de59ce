"""The calls on people: who is signed in, and somebody by id or address.

https://learn.microsoft.com/graph/api/user-get
"""

from typing import Any

from sandbox.directory import Kind, Person
from sandbox.graph import odata
from sandbox.graph.odata import Rules
from sandbox.graph.wire import Call, Reply, json_reply

BY_DEFAULT = (
    "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation",
    "preferredLanguage", "surname", "userPrincipalName", "id",
)  # fmt: skip
ON_REQUEST = (
    "aboutMe", "accountEnabled", "ageGroup", "city", "companyName", "country", "createdDateTime",
    "creationType", "department", "employeeId", "faxNumber", "identities", "imAddresses", "mailNickname",
    "otherMails", "postalCode", "proxyAddresses", "skills", "state", "streetAddress", "usageLocation",
    "userType",
)  # fmt: skip
LISTS = frozenset({"businessPhones", "identities", "imAddresses", "otherMails", "proxyAddresses", "skills"})
USER = Rules(
    kind="user",
    properties=frozenset({*BY_DEFAULT, *ON_REQUEST}),
    navigation=frozenset({"contactFolders", "contacts", "extensions", "manager", "memberOf", "photo"}),
    options=frozenset({"select", "expand"}),
)


def get_person(call: Call) -> Reply:
    assert call.person is not None  # noqa: S101
    query = odata.query(call.pairs, USER)
    whole = _shown(call.person)
    names = query.select or BY_DEFAULT
    chosen = f"({','.join(query.select)})" if query.select else ""
    document = {"@odata.context": f"{call.root}/$metadata#users{chosen}/$entity"}
    return json_reply(document | {name: whole[name] for name in names})


def _shown(person: Person) -> dict[str, Any]:
    """Return everything known of a person; what nobody ever told the sandbox is empty.

    Quirk: ``mail`` is null for people without a mailbox, ``userPrincipalName`` never is. Of
    ``proxyAddresses`` the primary one is marked by capitals.
    """
    first, _, last = person.display_name.rpartition(" ")
    empty: dict[str, Any] = {name: [] if name in LISTS else None for name in (*BY_DEFAULT, *ON_REQUEST)}
    return empty | {
        "displayName": person.display_name,
        "givenName": first or None,
        "surname": last,
        "mail": person.mail if person.mailbox else None,
        "userPrincipalName": person.mail,
        "proxyAddresses": _proxies(person),
        "id": person.oid,
        "accountEnabled": True,
        "mailNickname": person.mail.partition("@")[0],
        "userType": "Member" if person.kind is Kind.WORK else None,
    }


def _proxies(person: Person) -> list[str]:
    """Return the addresses of a mailbox as the directory of an organisation lists them."""
    if not person.mailbox or person.kind is not Kind.WORK:
        return []
    return [f"SMTP:{person.mail}", *(f"smtp:{alias}" for alias in person.aliases)]
