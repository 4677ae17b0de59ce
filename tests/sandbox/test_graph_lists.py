"""Lists, pages and query options of the local Graph."""

import pytest
from graph_stage import IMMUTABLE, MARK, Outlook, Stage, error_of


async def fill(outlook: Outlook, count: int) -> None:
    for number in range(count):
        await outlook.made(
            displayName=f"Person {number:02}",
            jobTitle="ab"[number % 2],
            emailAddresses=[{"address": f"P{number}@example.org", "name": "P"}],
        )


async def every(outlook: Outlook, url: str, **headers: str) -> list[list[str]]:
    pages = []
    while url:
        page = await outlook.read(url, **headers)
        pages.append([shown["displayName"] for shown in page["value"]])
        url = page.get("@odata.nextLink", "")
    return pages


SIZES = [
    pytest.param("", {}, [10, 10, 5], id="ten where nothing is said"),
    pytest.param("?$top=20", {}, [20, 5], id="$top is a page size"),
    pytest.param("?$top=25", {}, [25], id="no link after the last"),
    pytest.param("?$skip=20", {}, [5], id="$skip"),
    pytest.param("", {"Prefer": "odata.maxpagesize=15"}, [15, 10], id="a preferred size"),
    pytest.param("?%24top=20&%24select=displayName", {}, [20, 5], id="a percent-encoded dollar"),
    pytest.param("?top=20", {}, [20, 5], id="no dollar"),
]


@pytest.mark.parametrize(("query", "headers", "sizes"), SIZES)
async def test_a_list_comes_in_pages_that_add_up(adele: Outlook, query, headers, sizes):
    await fill(adele, 25)

    pages = await every(adele, f"me/contacts{query}", **headers)

    assert [len(page) for page in pages] == sizes
    names = [name for page in pages for name in page]
    assert names == [f"Person {number:02}" for number in range(25 - len(names), 25)]


async def test_the_default_page_size_is_a_setting(stage: Stage, adele: Outlook):
    await stage.control("settings", contacts_page_size=3)
    await fill(adele, 7)

    assert [len(page) for page in await every(adele, "me/contacts")] == [3, 3, 1]


async def test_the_options_do_what_they_are_documented_to_do(adele: Outlook):
    await fill(adele, 4)

    by_address = "me/contacts?$filter=emailAddresses/any(a:a/address eq 'p2@EXAMPLE.org')&$count=true"
    found = await adele.read(by_address)
    assert ([c["displayName"] for c in found["value"]], found["@odata.count"]) == (["Person 02"], 1)
    (page,) = await every(adele, "me/contacts?$orderby=jobTitle desc,displayName desc")
    assert page == ["Person 03", "Person 01", "Person 02", "Person 00"]
    shown = (await adele.read("me/contacts?$select=displayName,BIRTHDAY&$top=1"))["value"][0]
    assert set(shown) == {"@odata.etag", "id", "displayName", "birthday"}
    assert (await adele.get("me/contacts/$count")).text == "4"


REFUSED = [
    pytest.param("$select=nickname2", "RequestBroker--ParseUri", id="selecting what there is not"),
    pytest.param("$expand=manager", "RequestBroker--ParseUri", id="expanding what there is not"),
    pytest.param("$expand=singleValueExtendedProperties", "ErrorInvalidUrlQuery", id="extended properties without ids"),
    pytest.param(f"$expand=singleValueExtendedProperties($filter=value eq '{MARK}')", "ErrorInvalidUrlQueryFilter", id="extended properties by value"),
    pytest.param("$filter=displayName eq 'x'", "ErrorInvalidUrlQueryFilter", id="filtering by name"),
    pytest.param("$filter=emailAddresses/any(a:a/name eq 'x')", "ErrorInvalidUrlQueryFilter", id="filtering by an address's name"),
    pytest.param("$filter=emailAddresses/any(a:startswith(a/address,'x'))", "ErrorInvalidUrlQueryFilter", id="another operator"),
    pytest.param("$filter=emailAddresses/any(a:b/address eq 'x')", "ErrorInvalidUrlQueryFilter", id="another variable"),
    pytest.param("$filter=singleValueExtendedProperties/any(p:p/id eq 'x')", "ErrorInvalidUrlQueryFilter", id="an extended property without value"),
    pytest.param("$filter=singleValueExtendedProperties/any(p:p/id eq 'x' and p/value eq 'y')", "ErrorInvalidExtendedProperty", id="a malformed extended property"),
    pytest.param("$orderby=emailAddresses", "ErrorInvalidUrlQuery", id="ordering by a list"),
    pytest.param("$orderby=displayName sideways", "ErrorInvalidUrlQuery", id="ordering sideways"),
    pytest.param("$search=x", "ErrorInvalidUrlQuery", id="searching"),
    pytest.param("$top=0", "ErrorInvalidUrlQuery", id="a page of nothing"),
    pytest.param("$top=1001", "ErrorInvalidUrlQuery", id="a page of too many"),
    pytest.param("$top=ten", "ErrorInvalidUrlQuery", id="a page of ten"),
    pytest.param("$skip=-1", "ErrorInvalidUrlQuery", id="skipping backwards"),
    pytest.param("$count=yes", "ErrorInvalidUrlQuery", id="counting yes"),
    pytest.param("$deltatoken=x", "ErrorInvalidUrlQuery", id="a delta token on a list"),
    pytest.param("$apply=x", "BadRequest", id="an option there is not"),
    pytest.param("page=2", "BadRequest", id="an option of nobody's"),
    pytest.param("$top=1&$top=2", "BadRequest", id="an option twice"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "code"), REFUSED)
async def test_an_option_that_is_not_supported_is_refused(adele: Outlook, query, code):
    assert error_of(await adele.get(f"me/contacts?{query}")) == (400, code)


PATHS = [
    pytest.param("me/contatcs", id="a misspelt collection"),
    pytest.param("me/contacts/x/y", id="a part of a contact"),
    pytest.param("me/contactFolders/x/contact", id="a misspelt part"),
    pytest.param("contacts", id="nobody's contacts"),
    pytest.param("", id="nothing"),
    pytest.param("subscriptions/x/y", id="a part of a subscription"),
]


@pytest.mark.parametrize("path", PATHS)
async def test_a_path_that_does_not_exist_is_refused(adele: Outlook, path):
    assert error_of(await adele.get(path)) == (400, "BadRequest")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("PUT", "me/contacts", id="putting a list"),
        pytest.param("DELETE", "me/contacts", id="deleting a list"),
        pytest.param("POST", "me/contacts/delta", id="posting a delta"),
        pytest.param("POST", "me", id="posting a person"),
        pytest.param("GET", "$batch", id="getting a batch"),
        pytest.param("PUT", "subscriptions", id="putting subscriptions"),
    ],
)
async def test_a_method_that_a_path_does_not_have_is_refused(adele: Outlook, method, path):
    answer = await adele.request(method, path)

    assert error_of(answer) == (405, "Request_BadRequest")
    assert method not in answer.headers["allow"]


async def test_a_person_is_read_by_me_by_id_and_by_address(adele: Outlook):
    me = await adele.read("me")

    assert (me["mail"], me["displayName"], me["givenName"], me["surname"]) == ("adele@contoso.example", "Adele Vance", "Adele", "Vance")  # fmt: skip
    for name in (me["id"], "ADELE@contoso.example"):
        assert (await adele.read(f"users/{name}")) == me
    assert set(await adele.read("me?$select=mail,userType")) == {"@odata.context", "mail", "userType"}
    assert error_of(await adele.get("me?$select=shoeSize")) == (400, "RequestBroker--ParseUri")
    assert error_of(await adele.get("users/nobody@contoso.example")) == (404, "Request_ResourceNotFound")


async def test_the_preferences_that_were_honoured_are_named(adele: Outlook):
    asked = {"Prefer": 'odata.maxpagesize=2, IdType="ImmutableId", outlook.timezone="UTC"'}
    answer = await adele.get("me/contacts", headers=asked)
    apart = await adele.get(
        "me/contacts", headers=[("Prefer", "odata.maxpagesize=2"), ("Prefer", IMMUTABLE["Prefer"])]
    )

    named = 'odata.maxpagesize=2, IdType="ImmutableId"'
    assert answer.headers["preference-applied"] == apart.headers["preference-applied"] == named
    assert "preference-applied" not in (await adele.get("me/contacts")).headers
