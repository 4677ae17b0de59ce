"""Folders, delta rounds and marks, by the real client against the sandbox."""

import pytest
from microsoft_stage import ADELE

from app.graph.batch import Call
from app.graph.calls import create_contact, delete_contact, mark_of, read_contact
from app.graph.delta import Page, contacts_delta
from app.graph.folders import deleted_among, find_folder, find_or_make_folder, folder, is_deleted
from app.graph.protocol import DeltaExpired, FolderExists, FolderGone, OutcomeUnknown
from app.graph.translation import find_marked, read_marked
from app.graph.translations import translation

CONTACTS = translation("contacts")


async def fill(mailbox, folder_id, *, contacts):
    calls = [
        create_contact(folder_id, {"givenName": f"Person {number}"}, mark=f"lnk_{number}.1")
        for number in range(contacts)
    ]
    return [answer.result() for answer in await mailbox.batch(calls)]


async def full_round(mailbox, folder_id, link=None, *, page_size=200):
    pages = [await contacts_delta(mailbox, folder_id, link, page_size=page_size)]
    while pages[-1].next_link:
        pages.append(await contacts_delta(mailbox, folder_id, pages[-1].next_link, page_size=page_size))
    return pages


@pytest.mark.feature("A3")
async def test_the_folder_is_made_once_and_found_by_name_ever_after(mailbox):
    assert await find_folder(mailbox, "Acme Realty") is None
    made = await find_or_make_folder(mailbox, "Acme Realty")
    assert await find_or_make_folder(mailbox, "ACME realty") == made
    assert await folder(mailbox, made.id) == made


@pytest.mark.feature("A3")
async def test_a_folder_on_a_later_page_is_found(mailbox):
    for number in range(105):
        await mailbox.request(Call("POST", "/me/contactFolders", {"displayName": f"Folder {number}"}))
    found = await find_folder(mailbox, "Folder 104")
    assert found is not None


@pytest.mark.feature("A3")
async def test_a_folder_that_somebody_made_meanwhile_is_adopted(mailbox, microsoft):
    """The list is read before the folder is there; the create is refused; the second look finds it."""
    await microsoft.fault(
        {"status": 409, "code": "ErrorFolderExists"}, method="POST", path="/v1.0/me/contactFolders"
    )
    with pytest.raises(FolderExists):
        await find_or_make_folder(mailbox, "Acme")


@pytest.mark.lesson(1)
@pytest.mark.parametrize("others", [0, 1])
async def test_a_deleted_folder_is_told_from_a_live_one(mailbox, others):
    for number in range(others):
        await find_or_make_folder(mailbox, f"Other {number}")
    made = await find_or_make_folder(mailbox, "Acme")
    assert not await is_deleted(mailbox, made)

    await mailbox.request(Call("DELETE", f"/me/contactFolders/{made.id}"))

    assert await find_folder(mailbox, "Acme") is None
    assert await is_deleted(mailbox, await folder(mailbox, made.id))


@pytest.mark.lesson(14)
async def test_a_contact_dragged_elsewhere_is_told_from_a_deleted_one(mailbox, microsoft):
    here, there = await find_or_make_folder(mailbox, "Acme"), await find_or_make_folder(mailbox, "Friends")
    dragged, home, deleted = await fill(mailbox, here.id, contacts=3)
    await microsoft.control("move", mail=ADELE, id=dragged["id"], to=there.id)
    await microsoft.control("move", mail=ADELE, id=home["id"], to="contacts")
    await mailbox.request(delete_contact(deleted["id"], etag=None))

    answers = await mailbox.batch([read_contact(item["id"]) for item in (dragged, home, deleted)])
    parents = [answer.result()["parentFolderId"] for answer in answers]

    assert parents[0] == there.id
    assert await deleted_among(mailbox, parents) == {parents[2]}


async def test_a_round_shows_every_item_once_over_its_pages(mailbox):
    here = await find_or_make_folder(mailbox, "Acme")
    made = await fill(mailbox, here.id, contacts=25)

    pages = await full_round(mailbox, here.id, page_size=10)

    assert [len(page.items) for page in pages] == [10, 10, 5]
    assert {item["id"] for page in pages for item in page.items} == {item["id"] for item in made}
    assert pages[-1].items[0]["parentFolderId"] == here.id
    assert pages[-1].items[0]["createdDateTime"]


async def test_the_next_round_shows_only_what_changed(mailbox):
    here = await find_or_make_folder(mailbox, "Acme")
    first, second, _ = await fill(mailbox, here.id, contacts=3)
    (page,) = await full_round(mailbox, here.id)

    await mailbox.request(delete_contact(first["id"], etag=first["@odata.etag"]))
    await mailbox.request(Call("PATCH", f"/me/contacts/{second['id']}", {"title": "Dr"}))
    (changed,) = await full_round(mailbox, here.id, page.delta_link)
    assert changed.removed == [first["id"]]
    assert [(item["id"], item["title"]) for item in changed.items] == [(second["id"], "Dr")]

    (quiet,) = await full_round(mailbox, here.id, changed.delta_link)
    assert (quiet.items, quiet.removed) == ([], [])


@pytest.mark.lesson(16)
async def test_an_expired_token_is_told_as_such(mailbox, microsoft):
    here = await find_or_make_folder(mailbox, "Acme")
    (page,) = await full_round(mailbox, here.id)
    await microsoft.fault({"delta": "expire"}, method="GET", path="/v1.0/me/contactFolders/*/contacts/delta*")
    with pytest.raises(DeltaExpired):
        await contacts_delta(mailbox, here.id, page.delta_link)


@pytest.mark.lesson(1)
async def test_a_folder_that_is_not_there_is_told_as_such(mailbox):
    here = await find_or_make_folder(mailbox, "Acme")
    await mailbox.request(Call("POST", f"/me/contactFolders/{here.id}/permanentDelete"))
    with pytest.raises(FolderGone):
        await contacts_delta(mailbox, here.id, None)
    with pytest.raises(FolderGone):
        await folder(mailbox, here.id)


@pytest.mark.parametrize("fault", ["empty_page", "duplicate", "replay"])
async def test_an_odd_round_shows_the_same_items(mailbox, microsoft, fault):
    here = await find_or_make_folder(mailbox, "Acme")
    made = await fill(mailbox, here.id, contacts=5)
    await microsoft.fault({"delta": fault}, method="GET", path="/v1.0/me/contactFolders/*/contacts/delta*")
    pages = await full_round(mailbox, here.id, page_size=2)
    assert {item["id"] for page in pages for item in page.items} == {item["id"] for item in made}


def test_of_what_a_page_says_twice_the_last_word_counts():
    rows = [
        {"id": "1", "title": "a"}, {"id": "2"}, {"id": "1", "title": "b"},
        {"id": "2", "@removed": {"reason": "deleted"}}, {"id": "3", "@removed": {"reason": "deleted"}}, {"id": "3"},
    ]  # fmt: skip
    page = Page.parse({"value": rows, "@odata.deltaLink": "d"})
    assert page.items == [{"id": "1", "title": "b"}, {"id": "3"}]
    assert page.removed == ["2"]


@pytest.mark.lesson(1)
@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"value": []}, id="no link"),
        pytest.param({"value": [], "@odata.nextLink": "n", "@odata.deltaLink": "d"}, id="both links"),
        pytest.param({"@odata.deltaLink": "d"}, id="no rows"),
        pytest.param({}, id="nothing"),
        pytest.param({"value": [{}], "@odata.deltaLink": "d"}, id="a row without an id"),
        pytest.param({"value": [1], "@odata.deltaLink": "d"}, id="a row that is none"),
    ],
)
def test_a_broken_page_never_passes_for_an_empty_folder(document):
    with pytest.raises(OutcomeUnknown):
        Page.parse(document)


@pytest.mark.lesson(25)
async def test_items_show_their_mark_when_asked_by_id(mailbox, microsoft):
    here = await find_or_make_folder(mailbox, "Acme")
    made = await fill(mailbox, here.id, contacts=22)
    theirs = await mailbox.request(
        Call("POST", f"/me/contactFolders/{here.id}/contacts", {"givenName": "Bo"})
    )
    (page,) = await full_round(mailbox, here.id)
    assert all(mark_of(item) is None for item in page.items)
    await mailbox.request(Call("POST", f"/me/contacts/{made[0]['id']}/permanentDelete"))

    found = await read_marked(CONTACTS, mailbox, [item["id"] for item in [*made, theirs]])

    marks = {item_id: mark_of(item) for item_id, item in found.items()}
    assert marks == {item["id"]: f"lnk_{number}.1" for number, item in enumerate(made) if number} | {
        theirs["id"]: None
    }
    assert {entry["mail"] for entry in await microsoft.journal()} == {ADELE}


@pytest.mark.lesson(25)
async def test_an_item_is_found_by_its_mark(mailbox):
    here = await find_or_make_folder(mailbox, "Acme")
    made = await fill(mailbox, here.id, contacts=3)

    found = await find_marked(CONTACTS, mailbox, here.id, marks=["lnk_1.1", "lnk_1.2"])

    assert {mark: [item["id"] for item in items] for mark, items in found.items()} == {
        "lnk_1.1": [made[1]["id"]], "lnk_1.2": [],
    }  # fmt: skip
