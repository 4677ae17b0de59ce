"""Contact folders of the local Graph."""

import pytest
from graph_stage import MARK, Outlook, error_of

pytestmark = pytest.mark.feature("A3")


async def test_a_folder_is_made_under_contacts_renamed_and_listed(adele: Outlook):
    default = (await adele.made(displayName="x"))["parentFolderId"]
    made = await adele.made("me/contactFolders", displayName="Acme Realty")
    renamed = (await adele.patch(f"me/contactFolders/{made['id']}", json={"displayName": "Acme"})).json()

    assert (made["displayName"], made["parentFolderId"]) == ("Acme Realty", default)
    listed = (await adele.read("me/contactFolders"))["value"]
    assert [(f["id"], f["displayName"]) for f in listed] == [(made["id"], "Acme")]
    assert (await adele.read(f"me/contactFolders/{made['id']}")) == renamed
    assert (await adele.get("me/contactFolders/$count")).text == "1"


@pytest.mark.lesson(6)
async def test_the_default_folder_is_not_listed_though_it_can_be_read(adele: Outlook):
    """Its id is found at a contact; with no contact there is nothing to read it from."""
    assert (await adele.read("me/contactFolders"))["value"] == []
    assert (await adele.read("me/contacts?$top=1&$select=parentFolderId"))["value"] == []

    default = (await adele.made(displayName="x"))["parentFolderId"]

    shown = await adele.read(f"me/contactFolders/{default}")
    assert (shown["id"], shown["displayName"]) == (default, "Contacts")
    assert len((await adele.read(f"me/contactFolders/{default}/contacts"))["value"]) == 1
    assert error_of(await adele.delete(f"me/contactFolders/{default}"))[0] == 400


async def test_folders_nest_to_any_depth_and_each_is_found_in_its_parent_only(adele: Outlook):
    outer = await adele.made("me/contactFolders", displayName="Outer")
    inner = await adele.made(f"me/contactFolders/{outer['id']}/childFolders", displayName="Inner")
    core = await adele.made(f"me/contactFolders/{inner['id']}/childFolders", displayName="Core")
    deep = f"me/contactFolders/{outer['id']}/childFolders/{inner['id']}/childFolders/{core['id']}"
    held = await adele.made(f"{deep}/contacts", displayName="x")

    assert (await adele.read(f"me/contactFolders/{outer['id']}/childFolders"))["value"][0]["id"] == inner[
        "id"
    ]
    assert (await adele.read(f"{deep}/contacts/{held['id']}"))["parentFolderId"] == core["id"]
    assert [f["id"] for f in (await adele.read("me/contactFolders"))["value"]] == [outer["id"]]
    wrong = await adele.get(f"me/contactFolders/{inner['id']}/childFolders/{outer['id']}")
    assert error_of(wrong) == (404, "ErrorItemNotFound")


async def test_a_name_is_taken_once_under_one_parent(adele: Outlook):
    first = await adele.made("me/contactFolders", displayName="Acme")
    second = await adele.made("me/contactFolders", displayName="Other")

    again = await adele.post("me/contactFolders", json={"displayName": "ACME"})
    renamed = await adele.patch(f"me/contactFolders/{second['id']}", json={"displayName": "Acme"})

    assert error_of(again) == error_of(renamed) == (409, "ErrorFolderExists")
    await adele.made(f"me/contactFolders/{second['id']}/childFolders", displayName="Acme")
    same = await adele.patch(f"me/contactFolders/{first['id']}", json={"displayName": "acme"})
    assert same.json()["displayName"] == "acme"


async def test_a_deleted_folder_lingers_with_its_contacts_and_its_name_is_free(immutable: Outlook):
    """A folder is gone from the list, yet answers by id from under Deleted Items."""
    held = await immutable.made("me/contactFolders", displayName="Acme")
    path = f"me/contactFolders/{held['id']}"
    child = await immutable.made(f"{path}/childFolders", displayName="Child")
    contact = await immutable.made(f"{path}/contacts", displayName="x")

    assert (await immutable.delete(path)).status_code == 204

    lying = await immutable.read(path)
    assert lying["parentFolderId"] not in {held["parentFolderId"], held["id"]}
    assert (await immutable.read(f"me/contacts/{contact['id']}"))["parentFolderId"] == held["id"]
    assert (await immutable.read("me/contactFolders"))["value"] == []
    await immutable.made("me/contactFolders", displayName="Acme")
    assert (await immutable.delete(path)).status_code == 204
    for gone in (path, f"me/contactFolders/{child['id']}", f"me/contacts/{contact['id']}"):
        assert error_of(await immutable.get(gone)) == (404, "ErrorItemNotFound")


async def test_a_folder_deleted_for_good_takes_everything_along(adele: Outlook):
    held = await adele.made("me/contactFolders", displayName="Acme")
    contact = await adele.made(f"me/contactFolders/{held['id']}/contacts", displayName="x")

    assert (await adele.post(f"me/contactFolders/{held['id']}/permanentDelete")).status_code == 204

    for gone in (f"me/contactFolders/{held['id']}", f"me/contacts/{contact['id']}"):
        assert error_of(await adele.get(gone)) == (404, "ErrorItemNotFound")


REFUSED = [
    pytest.param({}, "ErrorInvalidArgument", id="no name"),
    pytest.param({"displayName": ""}, "ErrorInvalidArgument", id="an empty name"),
    pytest.param({"displayName": "x" * 256}, "ErrorPropertyValidationFailure", id="a long name"),
    pytest.param({"displayName": 7}, "RequestBodyRead", id="a number"),
    pytest.param({"displayName": "x", "colour": "red"}, "RequestBodyRead", id="an unknown property"),
    pytest.param({"displayName": "x", "@odata.type": "#microsoft.graph.mailFolder"}, "RequestBodyRead", id="another type"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "code"), REFUSED)
async def test_a_folder_that_does_not_fit_is_refused(adele: Outlook, body, code):
    assert error_of(await adele.post("me/contactFolders", json=body)) == (400, code)
    assert (await adele.read("me/contactFolders"))["value"] == []


async def test_a_folder_carries_extended_properties(adele: Outlook):
    mark = [{"id": MARK, "value": "con_1"}]
    made = await adele.made("me/contactFolders", displayName="Acme", singleValueExtendedProperties=mark)
    await adele.made("me/contactFolders", displayName="Other")
    expand = f"$expand=singleValueExtendedProperties($filter=id eq '{MARK}')"
    search = f"$filter=singleValueExtendedProperties/any(p:p/id eq '{MARK}' and p/value eq 'con_1')"

    assert "singleValueExtendedProperties" not in made
    (found,) = (await adele.read(f"me/contactFolders?{search}&{expand}"))["value"]
    assert (found["displayName"], found["singleValueExtendedProperties"]) == ("Acme", mark)


async def test_keys_may_stand_in_brackets_and_names_in_any_letter_case(adele: Outlook):
    made = await adele.made("me/contactFolders", displayName="Acme")

    assert (await adele.read(f"me/contactfolders('{made['id']}')"))["id"] == made["id"]
    assert (await adele.read(f"Me/ContactFolders/{made['id']}/Contacts/microsoft.graph.delta()"))[
        "value"
    ] == []
