"""Filling mailboxes: Graph JSON, vCards of other programs, made-up people."""

from pathlib import Path

import pytest
from entra_stage import ADELE, Entra, contacts, outlook

pytestmark = pytest.mark.feature("F8")
SHARED = Path(__file__).parents[3] / "shared" / "data" / "contacts"
BOOKS = {book.name: book.read_bytes().decode("utf-8", "replace") for book in sorted(SHARED.glob("*.vcf"))}


async def test_a_mailbox_is_seeded_with_graph_json(entra: Entra):
    said = [{"givenName": "Grace", "emailAddresses": [{"address": "g@example.org"}]}, {"companyName": "Acme"}]
    created = await entra.control("seed", mail=ADELE, contacts=said, folder="From Acme")

    assert created == {"created": 2}
    folders = (await entra.http.get("/v1.0/me/contactFolders", headers=await outlook(entra))).json()["value"]
    (folder,) = [folder for folder in folders if folder["displayName"] == "From Acme"]
    kept = await contacts(entra, path=f"me/contactFolders/{folder['id']}/contacts")
    assert {contact["displayName"] for contact in kept} == {"Grace", "Acme"}


async def test_the_same_seed_generates_the_same_people(entra: Entra):
    for mail in (ADELE, "alex@contoso.example"):
        await entra.control("seed", mail=mail, generate={"contacts": 300, "seed": 7})
    await entra.control("seed", mail="megan@contoso.example", generate={"contacts": 300, "seed": 8})
    named = [
        [(c["displayName"], c["emailAddresses"]) for c in await contacts(entra, f"{who}@contoso.example")]
        for who in ("adele", "alex", "megan")
    ]

    assert len(named[0]) == 300
    assert named[0] == named[1] != named[2]
    assert len({addresses[0]["address"] for _, addresses in named[0]}) == 300


VCARD = """BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C5=81ukasz;Ann;Maria;Dr.;Jr.
FN:Ann
ORG:Acme;Sales
TITLE:Director
TEL;CELL:+31 6 1
TEL;WORK:+31 2
TEL;WORK:+31 3
TEL;WORK:+31 4
TEL;HOME:+31 5
TEL;WORK;FAX:+31 6
ADR;WORK:;2nd floor;Main Street 1;Utrecht;UT;3511;Netherlands
EMAIL;INTERNET:a@x.example
EMAIL;INTERNET:b@x.example
EMAIL;INTERNET:c@x.example
EMAIL;INTERNET:d@x.example
BDAY:19800322
PHOTO;ENCODING=BASE64:not
 base64!
NOTE;ENCODING=QUOTED-PRINTABLE:one=0D=0A=
two
END:VCARDBEGIN:VCARD
VERSION:4.0
FN:Bob
BDAY:--0203
END:VCARD"""


async def test_a_vcard_becomes_what_exchange_can_hold_of_it(entra: Entra):
    assert await entra.control("seed", mail=ADELE, vcf=VCARD) == {"created": 2}
    ann, bob = sorted(await contacts(entra), key=lambda contact: contact["displayName"])

    wanted = {
        "displayName": "Ann", "givenName": "Ann", "surname": "Łukasz", "middleName": "Maria", "title": "Dr.",
        "generation": "Jr.", "companyName": "Acme", "department": "Sales", "jobTitle": "Director",
        "mobilePhone": "+31 6 1", "businessPhones": ["+31 2", "+31 3"], "homePhones": ["+31 5"],
        "birthday": "1980-03-22T11:59:00Z", "personalNotes": "one\ntwo",
    }  # fmt: skip
    assert {name: ann[name] for name in wanted} == wanted
    assert ann["businessAddress"] == {
        "street": "2nd floor\nMain Street 1", "city": "Utrecht", "state": "UT", "postalCode": "3511",
        "countryOrRegion": "Netherlands",
    }  # fmt: skip
    assert [entry["address"] for entry in ann["emailAddresses"]] == [
        "a@x.example",
        "b@x.example",
        "c@x.example",
    ]
    assert (bob["displayName"], bob["birthday"]) == ("Bob", None)


@pytest.mark.skipif(not BOOKS, reason="the shared address books are not on this machine")
async def test_address_books_of_other_programs_are_all_taken(entra: Entra):
    for name, text in BOOKS.items():
        created = await entra.control("seed", mail=ADELE, vcf=text)
        assert created["created"] == text.count("BEGIN:VCARD"), name

    assert len(await contacts(entra)) >= len(BOOKS) > 5
