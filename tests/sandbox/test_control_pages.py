"""The pages of mailboxes: a person sees, adds, edits and deletes, and nothing is fetched from anywhere."""

import re
from urllib.parse import unquote

import pytest
from entra_stage import ADELE, Entra, contacts

pytestmark = pytest.mark.feature("F8")


@pytest.mark.feature("A4")
async def test_a_person_edits_a_contact_on_the_mailbox_page(entra: Entra):
    said = {
        "givenName": "Grace",
        "surname": "Hopper",
        "emailAddresses": [{"address": "g@x.example", "name": "Amazing"}],
    }
    await entra.control("seed", mail=ADELE, contacts=[said])
    (before,) = await contacts(entra)
    listed = await entra.http.get(f"/mailbox/{ADELE}")
    page = f"/mailbox/{ADELE}/contacts/{before['id']}"
    shown = await entra.http.get(page)
    form = {"displayName": "Grace Hopper", "givenName": "Grace", "surname": "Hopper", "emails": "g@x.example\nh@x.example",
            "mobilePhone": "+1", "businessAddress.city": "Arlington", "etag": before["@odata.etag"]}  # fmt: skip
    saved = await entra.http.post(page, data=form)
    stale = await entra.http.post(page, data=form | {"jobTitle": "Admiral"})
    (after,) = await contacts(entra)

    assert "Grace Hopper" in listed.text
    assert 'value="Grace"' in shown.text
    assert (saved.status_code, stale.status_code) == (303, 412)
    assert after["emailAddresses"] == [
        {"name": "Amazing", "address": "g@x.example"}, {"name": "h@x.example", "address": "h@x.example"},
    ]  # fmt: skip
    assert (after["mobilePhone"], after["businessAddress"], after["jobTitle"]) == (
        "+1",
        {"city": "Arlington"},
        None,
    )


@pytest.mark.feature("A3")
async def test_a_person_adds_and_deletes_a_contact_on_the_pages(entra: Entra):
    made = await entra.http.post(
        f"/mailbox/{ADELE}/new", data={"givenName": "<b>Ann</b>", "emails": "ann@x.example"}
    )
    (contact,) = await contacts(entra)
    listed = await entra.http.get(f"/mailbox/{ADELE}")
    gone = await entra.http.post(f"/mailbox/{ADELE}/contacts/{contact['id']}/delete")

    assert (made.status_code, gone.status_code) == (303, 303)
    assert "&lt;b&gt;Ann&lt;/b&gt;" in listed.text
    assert await contacts(entra) == []


@pytest.mark.feature("A3")
async def test_a_person_comes_back_to_the_folder_they_were_in(entra: Entra):
    await entra.control("seed", mail=ADELE, folder="Acme Realty", contacts=[{"displayName": "Ann"}])
    start = await entra.http.get(f"/mailbox/{ADELE}")
    (folder,) = re.findall(r'<a href="\?folder=([^"]+)">Acme Realty</a>', start.text)
    inside = await entra.http.get(f"/mailbox/{ADELE}?folder={folder}")
    (contact,) = set(re.findall(rf"/contacts/([^?]+)\?folder={folder}", inside.text))
    shown = await entra.http.get(f"/mailbox/{ADELE}/contacts/{contact}?folder={folder}")
    gone = await entra.http.post(
        f"/mailbox/{ADELE}/contacts/{contact}/delete", data={"folder": unquote(folder)}
    )

    assert "Nobody here" in start.text
    # Enter presses a form's first button.
    assert [*re.findall(r"<button[^>]*>(\w+)", shown.text)] == ["Save", "Delete"]
    assert gone.headers["location"] == f"/mailbox/{ADELE}?folder={folder}"


@pytest.mark.parametrize("path", ["/", "/mailbox", f"/mailbox/{ADELE}", f"/mailbox/{ADELE}/new"])
async def test_pages_fetch_nothing_from_anywhere(entra: Entra, path: str):
    shown = await entra.http.get(path)

    assert shown.status_code == 200
    assert not {"<script", "<link", "<img", "@import", "http://", "https://"} & {
        mark for mark in ("<script", "<link", "<img", "@import", "http://", "https://") if mark in shown.text
    }


@pytest.mark.parametrize(
    ("mail", "status"),
    [
        pytest.param("who@nowhere.example", 404, id="nobody"),
        pytest.param("nestor@contoso.example", 404, id="no mailbox"),
    ],
)
async def test_a_page_says_why_there_is_nothing_to_see(entra: Entra, mail: str, status: int):
    shown = await entra.http.get(f"/mailbox/{mail}")

    assert (shown.status_code, "That didn" in shown.text) == (status, True)
