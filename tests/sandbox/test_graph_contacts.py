"""Contacts of the local Graph: what is taken, what Exchange makes of it, what is refused."""

import pytest
from graph_stage import IMMUTABLE, MARK, Outlook, Stage, error_of

from sandbox.graph.contact import EMPTY, PROPERTIES

pytestmark = pytest.mark.feature("A3")

GRACE = {
    "displayName": "Grace Hopper",
    "givenName": "Grace",
    "surname": "Hopper",
    "emailAddresses": [{"address": "grace@example.org", "name": "Grace"}],
    "businessPhones": ["+1 202 555 0100", "+1 202 555 0101"],
    "businessAddress": {"street": "1 Navy Yard", "city": "Washington", "countryOrRegion": "USA"},
    "birthday": "1906-12-09T11:59:00Z",
    "categories": ["VIP"],
    "personalNotes": "COBOL",
}


async def test_a_contact_comes_back_whole_with_what_was_not_sent_empty(adele: Outlook):
    made = await adele.made(**GRACE)
    read = await adele.read(f"me/contacts/{made['id']}")

    assert read == made
    assert {name: read[name] for name in GRACE} == GRACE
    untouched = PROPERTIES - GRACE.keys() - {"id", "changeKey", "createdDateTime", "lastModifiedDateTime"}
    untouched -= {"parentFolderId", "fileAs", "primaryEmailAddress"}
    assert {name: read[name] for name in untouched} == {name: EMPTY[name] for name in untouched}
    assert read["@odata.etag"] == f'W/"{read["changeKey"]}"'
    assert read["@odata.context"].endswith("/contacts/$entity")


MADE_UP = [
    pytest.param({"givenName": "Ada", "surname": "King"}, {"displayName": "Ada King", "fileAs": "King, Ada"}, id="name from its parts"),
    pytest.param({"companyName": "Acme"}, {"displayName": "Acme", "fileAs": "Acme"}, id="name from the company"),
    pytest.param({"emailAddresses": [{"address": "a@b.example"}]}, {"displayName": "a@b.example"}, id="name from the address"),
    pytest.param({"emailAddresses": [{"address": "a@b.example"}]}, {"emailAddresses": [{"name": "a@b.example", "address": "a@b.example"}]}, id="an address names itself"),
    pytest.param({"secondaryEmailAddress": {"address": "a@b.example", "name": "A"}}, {"emailAddresses": [{"name": "A", "address": "a@b.example"}], "primaryEmailAddress": {"name": "A", "address": "a@b.example"}}, id="a lone address sits first"),
    pytest.param({"emailAddresses": [{"address": "no address", "name": "A"}]}, {"emailAddresses": [{"name": "A", "address": "no address"}]}, id="an address is not checked"),
    pytest.param({"categories": ["Nobody's", "VIP"], "displayName": "x"}, {"categories": ["Nobody's", "VIP"]}, id="an unknown category is kept"),
    pytest.param({"birthday": "1974-07-22"}, {"birthday": "1974-07-22T00:00:00Z"}, id="a bare date is midnight"),
    pytest.param({"birthday": "1974-07-22T01:30:00+02:00"}, {"birthday": "1974-07-21T23:30:00Z"}, id="an offset becomes UTC"),
    pytest.param({"birthday": "1974-07-22T00:00:00.0000000Z"}, {"birthday": "1974-07-22T00:00:00Z"}, id="seven digits of a second"),
    pytest.param({"displayName": "x", "@odata.type": "#microsoft.graph.contact", "id": "no", "changeKey": "no"}, {"displayName": "x"}, id="annotations and read-only properties say nothing"),
    pytest.param({"displayName": "x", "homeAddress": {"@odata.type": "microsoft.graph.physicalAddress", "city": "Bonn"}}, {"homeAddress": {"city": "Bonn"}}, id="a typed complex value"),
    pytest.param({"displayName": "x", "businessPhones": ["", "1"], "homeAddress": None}, {"businessPhones": ["1"], "homeAddress": {}}, id="empty entries are not kept"),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "shown"), MADE_UP)
async def test_what_exchange_makes_of_a_new_contact(adele: Outlook, sent, shown):
    made = await adele.made(**sent)

    assert {name: made[name] for name in shown} == shown


REFUSED = [
    pytest.param({"emailAddresses": [{"address": f"{n}@b.example"} for n in range(4)]}, "ErrorInvalidProperty", id="four addresses"),
    pytest.param({"businessPhones": ["1", "2", "3"]}, "ErrorInvalidProperty", id="three business phones"),
    pytest.param({"homePhones": ["1", "2", "3"]}, "ErrorInvalidProperty", id="three home phones"),
    pytest.param({"displayName": "x" * 70_000}, "ErrorPropertyValidationFailure", id="an absurd name"),
    pytest.param({"displayName": 7}, "RequestBodyRead", id="a number for a text"),
    pytest.param({"businessPhones": "1"}, "RequestBodyRead", id="a text for a list"),
    pytest.param({"businessPhones": [1]}, "RequestBodyRead", id="a number in a list"),
    pytest.param({"emailAddresses": None}, "RequestBodyRead", id="null for a list"),
    pytest.param({"emailAddresses": ["a@b.example"]}, "RequestBodyRead", id="a text for an address"),
    pytest.param({"emailAddresses": [{"adress": "a@b.example"}]}, "RequestBodyRead", id="an unknown part of an address"),
    pytest.param({"homeAddress": "Bonn"}, "RequestBodyRead", id="a text for a postal address"),
    pytest.param({"homeAddress": {"country": "DE"}}, "RequestBodyRead", id="an unknown part of a postal address"),
    pytest.param({"birthday": "yesterday"}, "RequestBodyRead", id="no time"),
    pytest.param({"birthday": "1974-02-31T00:00:00Z"}, "RequestBodyRead", id="no such day"),
    pytest.param({"nickname": "x"}, "RequestBodyRead", id="an unknown property"),
    pytest.param({"websites": []}, "RequestBodyRead", id="a property of beta"),
    pytest.param({"@odata.type": "#microsoft.graph.event"}, "RequestBodyRead", id="another type"),
    pytest.param({"singleValueExtendedProperties": [{"id": "crmId", "value": "1"}]}, "ErrorInvalidExtendedProperty", id="a malformed extended property"),
    pytest.param({"singleValueExtendedProperties": [{"value": "1"}]}, "ErrorInvalidExtendedProperty", id="an extended property without id"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "code"), REFUSED)
async def test_a_body_that_does_not_fit_is_refused_and_nothing_is_kept(adele: Outlook, body, code):
    held = await adele.made(displayName="Held")
    before = await adele.read(f"me/contacts/{held['id']}")

    created = await adele.post("me/contacts", json=body)
    changed = await adele.patch(f"me/contacts/{held['id']}", json=body)

    assert error_of(created) == error_of(changed) == (400, code)
    assert await adele.read(f"me/contacts/{held['id']}") == before
    assert len((await adele.read("me/contacts"))["value"]) == 1


async def test_the_refusal_of_too_many_phones_is_worded_as_exchange_words_it(adele: Outlook):
    answer = await adele.post("me/contacts", json={"businessPhones": ["1", "2", "3"]})

    assert answer.json()["error"]["message"] == (
        "The multi value property BusinessPhones has 3 entries, that exceeds the max allowed value of 2"
    )


BODIES = [
    pytest.param(b"{", "application/json", (400, "BadRequest"), id="broken JSON"),
    pytest.param(b"[]", "application/json", (400, "BadRequest"), id="no object"),
    pytest.param(b"", "application/json", (400, "BadRequest"), id="nothing"),
    pytest.param(b"{}", None, (400, "RequestBodyRead"), id="no content type"),
    pytest.param(b"{}", "text/plain", (415, "UnsupportedMediaType"), id="another content type"),
    pytest.param(b"[" + b" " * (4 * 1024 * 1024) + b"]", "application/json", (413, "ErrorMessageSizeExceeded"), id="over 4 MB"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "kind", "refusal"), BODIES)
async def test_a_body_that_is_no_json_object_is_refused(adele: Outlook, content, kind, refusal):
    answer = await adele.post("me/contacts", content=content, headers={"Content-Type": kind} if kind else {})

    assert error_of(answer) == refusal


async def test_an_update_changes_what_it_names_and_clears_what_is_null_or_empty(adele: Outlook):
    held = await adele.made(**GRACE)

    body = {"personalNotes": None, "businessPhones": [], "jobTitle": "Admiral", "displayName": "Grace Hopper"}
    changed = (await adele.patch(f"me/contacts/{held['id']}", json=body)).json()

    assert (changed["personalNotes"], changed["businessPhones"], changed["jobTitle"]) == (None, [], "Admiral")
    kept = GRACE.keys() - body.keys()
    assert {name: changed[name] for name in kept} == {name: GRACE[name] for name in kept}


async def test_an_update_replaces_a_list_and_merges_an_address(adele: Outlook):
    held = await adele.made(**GRACE)

    body = {"businessPhones": ["9"], "businessAddress": {"city": "Arlington", "street": None}}
    changed = (await adele.patch(f"me/contacts/{held['id']}", json=body)).json()

    assert changed["businessPhones"] == ["9"]
    assert changed["businessAddress"] == {"city": "Arlington", "countryOrRegion": "USA"}


RENAMED = [
    pytest.param({"surname": "Murray"}, "Grace Murray", id="a part of the name alone"),
    pytest.param(
        {"surname": "Murray", "displayName": "G. M. Hopper"}, "G. M. Hopper", id="with a displayName"
    ),
    pytest.param({"jobTitle": "Admiral"}, "Amazing Grace", id="nothing of the name"),
    pytest.param({"surname": "Hopper"}, "Amazing Grace", id="the name it has already"),
]


@pytest.mark.parametrize(("body", "name"), RENAMED)
async def test_exchange_writes_a_new_display_name_when_an_update_leaves_it_out(adele: Outlook, body, name):
    held = await adele.made(**GRACE | {"displayName": "Amazing Grace"})

    changed = (await adele.patch(f"me/contacts/{held['id']}", json=body)).json()

    assert changed["displayName"] == name


@pytest.mark.lesson(4)
async def test_each_write_makes_a_new_etag_and_an_old_one_no_longer_passes(adele: Outlook):
    first = await adele.made(**GRACE)
    path = f"me/contacts/{first['id']}"
    second = await adele.patch(path, json={"jobTitle": "Admiral"}, headers={"If-Match": first["@odata.etag"]})
    third = await adele.patch(path, json={"jobTitle": "Admiral"}, headers={"If-Match": "*"})

    stale = await adele.patch(path, json={"jobTitle": "x"}, headers={"If-Match": first["@odata.etag"]})
    kept = await adele.delete(path, headers={"If-Match": first["@odata.etag"]})

    assert len({first["changeKey"], second.json()["changeKey"], third.json()["changeKey"]}) == 3
    assert error_of(stale) == error_of(kept) == (412, "ErrorIrresolvableConflict")
    assert (await adele.read(path))["jobTitle"] == "Admiral"
    current = third.json()["@odata.etag"]
    assert (await adele.delete(path, headers={"If-Match": current})).status_code == 204


async def test_a_deleted_contact_lies_in_deleted_items_until_it_is_deleted_there(immutable: Outlook):
    held = await immutable.made(**GRACE)
    path = f"me/contacts/{held['id']}"

    assert (await immutable.delete(path)).status_code == 204
    lying = await immutable.read(path)

    assert lying["parentFolderId"] != held["parentFolderId"]
    assert (await immutable.read("me/contacts"))["value"] == []
    assert error_of(await immutable.get(f"me/contactFolders/{lying['parentFolderId']}")) == (
        404,
        "ErrorItemNotFound",
    )
    assert (await immutable.delete(path)).status_code == 204
    for answer in (
        await immutable.get(path),
        await immutable.delete(path),
        await immutable.patch(path, json={}),
    ):
        assert error_of(answer) == (404, "ErrorItemNotFound")


async def test_a_contact_deleted_for_good_is_nowhere(immutable: Outlook):
    held = await immutable.made(**GRACE)

    gone = await immutable.post(f"me/contacts/{held['id']}/permanentDelete")

    assert gone.status_code == 204
    assert error_of(await immutable.get(f"me/contacts/{held['id']}")) == (404, "ErrorItemNotFound")


async def test_a_default_id_ends_with_a_move_and_an_immutable_one_does_not(stage: Stage, adele: Outlook):
    held = await adele.made(**GRACE)
    always = (await adele.read(f"me/contacts/{held['id']}", **IMMUTABLE))["id"]
    folder = await adele.made("me/contactFolders", displayName="Elsewhere")

    moved = await stage.control("move", mail="adele@contoso.example", id=held["id"], to=folder["id"])

    assert error_of(await adele.get(f"me/contacts/{held['id']}")) == (404, "ErrorItemNotFound")
    assert (await adele.read(f"me/contacts/{moved['id']}"))["parentFolderId"] == folder["id"]
    assert (await adele.read(f"me/contacts/{always}", **IMMUTABLE))["id"] == always


IDS = [
    pytest.param("nonsense", (400, "ErrorInvalidIdMalformed"), id="no id"),
    pytest.param("AAkALgAA", (400, "ErrorInvalidIdMalformed"), id="half an id"),
    pytest.param("{folder}", (400, "ErrorInvalidIdMalformed"), id="the id of a folder"),
    pytest.param("{upper}", (400, "ErrorInvalidIdMalformed"), id="an id in another letter case"),
    pytest.param("{foreign}", (404, "ErrorItemNotFound"), id="an id of another mailbox"),
    pytest.param("{unknown}", (404, "ErrorItemNotFound"), id="an id never given out"),
]


@pytest.mark.lesson(6)
@pytest.mark.parametrize(("written", "refusal"), IDS)
async def test_an_id_that_leads_nowhere_is_refused(stage: Stage, adele: Outlook, written, refusal):
    held = await adele.made(**GRACE)
    async with await stage.outlook("alex@contoso.example") as alex:
        foreign = await alex.made(**GRACE)
    ids = {
        "folder": held["parentFolderId"],
        "upper": held["id"].swapcase(),
        "foreign": foreign["id"],
        "unknown": held["id"].replace("AAAAAAAAB", "AAAAAAAAC"),
    }

    answer = await adele.get(f"me/contacts/{written.format(**ids)}")

    assert error_of(answer) == refusal


async def test_a_contact_is_found_under_its_own_folder_only(adele: Outlook):
    folder = await adele.made("me/contactFolders", displayName="Acme")
    held = await adele.made(f"me/contactFolders/{folder['id']}/contacts", **GRACE)

    assert (await adele.read(f"me/contactFolders/{folder['id']}/contacts/{held['id']}"))["id"] == held["id"]
    elsewhere = await adele.get(
        f"me/contactFolders/{(await adele.made(**GRACE))['parentFolderId']}/contacts/{held['id']}"
    )
    assert error_of(elsewhere) == (404, "ErrorItemNotFound")


async def test_an_extended_property_is_shown_only_where_asked_for_and_found_by_its_value(adele: Outlook):
    held = await adele.made(**GRACE, singleValueExtendedProperties=[{"id": MARK, "value": "lnk_1.1"}])
    await adele.made(displayName="Unmarked")
    changed = (await adele.patch(f"me/contacts/{held['id']}", json={"jobTitle": "Admiral"})).json()
    expand = f"$expand=singleValueExtendedProperties($filter=id eq '{MARK}')"
    search = f"$filter=singleValueExtendedProperties/Any(ep: ep/id eq '{MARK.lower().replace('concordlink', 'concordLink')}' and ep/value eq 'LNK_1.1')"

    assert all("singleValueExtendedProperties" not in shown for shown in (held, changed))
    shown = await adele.read(f"me/contacts/{held['id']}?{expand}&$select=id")
    assert shown["singleValueExtendedProperties"] == [{"id": MARK, "value": "lnk_1.1"}]
    (found,) = (await adele.read(f"me/contacts?{search}&{expand}"))["value"]
    assert (found["id"], found["singleValueExtendedProperties"][0]["value"]) == (held["id"], "lnk_1.1")
    (bare,) = (await adele.read(f"me/contacts?{search}"))["value"]
    assert "singleValueExtendedProperties" not in bare


async def test_an_extended_property_is_changed_alone_and_its_name_minds_its_letters(adele: Outlook):
    held = await adele.made(**GRACE, singleValueExtendedProperties=[{"id": MARK, "value": "1"}])
    other = MARK.replace("concordLink", "CONCORDLINK")

    body = {"singleValueExtendedProperties": [{"id": MARK, "value": "2"}]}
    changed = (await adele.patch(f"me/contacts/{held['id']}", json=body)).json()

    assert changed["changeKey"] != held["changeKey"]
    expand = f"$expand=singleValueExtendedProperties($filter=id eq '{MARK}' or id eq '{other}')"
    shown = await adele.read(f"me/contacts/{held['id']}?{expand}")
    assert shown["singleValueExtendedProperties"] == [{"id": MARK, "value": "2"}]


async def test_what_microsoft_has_and_the_sandbox_has_not_says_so(adele: Outlook):
    held = await adele.made(**GRACE)
    tried = [
        await adele.get(f"me/contacts/{held['id']}/photo/$value"),
        await adele.get(f"me/contacts/{held['id']}/extensions"),
        await adele.get("me/calendarGroups"),
        await adele.get("me/todo"),
        await adele.get("me/mailFolders"),
        await adele.get("sites/root"),
        await adele.patch("me", json={}),
        await adele.patch(f"me/contacts/{held['id']}", json={"extensions": []}),
    ]

    assert {error_of(answer) for answer in tried} == {(501, "NotImplemented")}


async def test_a_contact_is_not_moved_by_writing_another_folder_into_it(adele: Outlook):
    folder = await adele.made("me/contactFolders", displayName="Acme")
    held = await adele.made(**GRACE, parentFolderId=folder["id"])

    changed = await adele.patch(f"me/contacts/{held['id']}", json={"parentFolderId": folder["id"]})

    assert (changed.status_code, changed.json()["parentFolderId"]) == (200, held["parentFolderId"])
    assert error_of(await adele.post(f"me/contacts/{held['id']}/move", json={})) == (400, "BadRequest")
