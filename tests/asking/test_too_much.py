"""How much is too much at once: counted over a day, as one set, and not again once somebody saw it coming."""

from datetime import timedelta

import pytest

from app import clock

pytestmark = pytest.mark.feature("F3")
USUAL = {"min_deletes": 10, "max_delete_percent": 10}
SEVEN = tuple(f"Person {number}" for number in range(7))


@pytest.fixture
async def bob(ada):
    """Somebody whose workspace allows what is usual."""
    await ada.crm("PATCH", "/v1/workspace", {"breaker": USUAL})
    return ada


async def empty_companies(ada, items, names):
    for name in names:
        await ada.edits(items[name], companyName=None)
    await ada.syncs()


async def companies(ada, names):
    return [(await ada.crm("GET", f"/v1/contacts/{ada.ids[name]}"))["company"] for name in names]


@pytest.mark.lesson(13)
async def test_a_few_emptied_in_outlook_arrive_and_the_one_too_many_that_day_waits(bob):
    items = await bob.has(*SEVEN)
    await empty_companies(bob, items, SEVEN[:3])
    assert await companies(bob, SEVEN[:3]) == [None] * 3

    await empty_companies(bob, items, SEVEN[3:4])
    assert await companies(bob, SEVEN[3:]) == ["Navy"] * 4
    run = await bob.asked()
    assert run["approval"]["would"]["to_crm"]["updated"] == 1
    (stands,) = (await bob.crm("GET", f"/v1/contacts/{bob.ids[SEVEN[3]]}/sync"))["data"]
    assert (stands["state"], stands["reason"]) == ("awaiting_approval", "awaiting_approval")

    await bob.edits(items[SEVEN[3]], companyName="Navy again")
    await bob.syncs()
    assert (await companies(bob, SEVEN[3:4]), await bob.questions()) == (["Navy again"], [])

    clock.follow(clock.now() + timedelta(hours=25))
    await empty_companies(bob, items, SEVEN[3:6])
    assert (await companies(bob, SEVEN), await bob.questions()) == ([None] * 6 + ["Navy"], [])


async def test_while_a_question_is_open_the_rest_goes_on_and_more_of_the_kind_waits_behind_it(bob):
    items = await bob.has(*SEVEN)
    await empty_companies(bob, items, SEVEN[:4])
    run = await bob.asked()

    await bob.edits(items[SEVEN[6]], jobTitle="Admiral")
    await empty_companies(bob, items, SEVEN[4:5])
    told = await bob.tells((SEVEN[4], SEVEN[6]))
    assert told[SEVEN[4]].startswith("Agent/Navy · Agent/_ · linked")
    assert told[SEVEN[6]] == "Admiral/Navy · Admiral/Navy · linked · in_scope"
    assert (await bob.asked())["id"] == run["id"]

    await bob.answers(run, "apply")
    assert await companies(bob, SEVEN[:4]) == [None] * 4


async def test_who_leaves_the_scope_is_asked_about_as_one_set_however_many_batches_it_is(bob):
    names = [f"Person {number:02}" for number in range(45)]
    await bob.chooses(left_scope="delete", classes=["buyer"])
    await bob.has(*names, classes=["buyer"])
    await bob.chooses(classes=["seller"])
    await bob.person.syncs()

    run = await bob.asked()
    assert run["approval"]["would"]["to_microsoft"]["deleted"] == 45
    assert len(await bob.items()) == 45
    await bob.answers(run, "apply")
    assert (await bob.items(), await bob.questions()) == ({}, [])


@pytest.mark.feature("F2")
async def test_who_saw_in_a_preview_what_would_be_emptied_and_chose_it_is_not_asked(bob):
    await bob.has(*SEVEN)
    await bob.chooses(direction="microsoft_to_crm")
    for name in SEVEN:
        await bob.crm("PATCH", f"/v1/contacts/{bob.ids[name]}", {"company": None})
    await bob.person.syncs()

    seen = await bob.previews(direction="two_way")
    assert (seen["approval"]["reason"], seen["counts"]["to_microsoft"]["updated"]) == ("clears", 7)
    await bob.crm("PATCH", bob.person.settings, {"direction": "two_way", "previewed": seen["id"]})
    await bob.person.syncs()

    assert await bob.questions() == []
    assert {item["companyName"] for item in (await bob.items()).values()} <= {None, ""}


@pytest.mark.parametrize("kind", ["deleted", "emptied"])
async def test_put_back_writes_nothing_where_the_direction_does_not(bob, kind):
    items = await bob.has(*SEVEN)
    await bob.chooses(direction="microsoft_to_crm")
    if kind == "deleted":
        await bob.deletes(*items.values())
        await bob.syncs()
    else:
        await empty_companies(bob, items, SEVEN)
    run = await bob.asked()

    await bob.answers(run, "put_back")
    await bob.syncs(full=True)

    ended = {"deleted": "Agent/Navy · - · removed_there · direction",
             "emptied": "Agent/Navy · Agent/_ · linked · declined"}  # fmt: skip
    assert set((await bob.tells(SEVEN)).values()) == {ended[kind]}
    assert await bob.questions() == []


@pytest.mark.parametrize("away", ["switched off", "out of scope", "moved out"])
async def test_who_was_emptied_while_out_of_reach_is_counted_on_the_way_back(bob, away):
    items = await bob.has(*SEVEN[:4], classes=["buyer"])
    if away == "switched off":
        await bob.crm("DELETE", bob.person.settings)
    elif away == "out of scope":
        await bob.chooses(classes=["seller"])
        await bob.person.syncs()
    else:
        for item in items.values():
            await bob.person.moves(item)
        await bob.syncs()
    for item in items.values():
        await bob.edits(item, companyName=None)

    if away == "moved out":
        folder = await bob.person.folder()
        for item in items.values():
            await bob.person.stage.control("move", mail=bob.person.mail, id=item["id"], to=folder)
        await bob.syncs()
    else:
        await bob.chooses(direction="two_way", classes=[])
        await bob.person.syncs()

    run = await bob.asked()
    assert (run["approval"]["reason"], run["approval"]["side"], run["progress"]["total"]) == (
        "clears",
        "crm",
        4,
    )
    assert await companies(bob, SEVEN[:4]) == ["Navy"] * 4
    await bob.answers(run, "apply")
    assert (await companies(bob, SEVEN[:4]), await bob.questions()) == ([None] * 4, [])


async def test_who_lives_again_and_is_emptied_waits_for_no_answer_about_deletions(ada):
    await ada.chooses(removed_from_crm="delete")
    items = await ada.has(*SEVEN)
    for name in SEVEN[:3]:
        await ada.crm("DELETE", f"/v1/contacts/{ada.ids[name]}")
    await ada.person.syncs()
    about_deletions = await ada.asked()
    await ada.crm("PATCH", "/v1/workspace", {"breaker": USUAL})

    await ada.edits(items[SEVEN[0]], companyName=None)
    await ada.puts(ada.ids[SEVEN[0]], display_name=SEVEN[0], job_title="Agent", company="Navy")
    await ada.syncs()

    assert (await ada.tells(SEVEN[:1]))[SEVEN[0]] == "Agent/_ · Agent/_ · linked · in_scope"
    assert [run["id"] for run in await ada.questions()] == [about_deletions["id"]]


async def test_clears_that_are_too_many_wait_behind_a_question_about_deletions_and_are_asked_about_next(ada):
    items = await ada.has(*SEVEN)
    await ada.deletes(*(items[name] for name in SEVEN[:2]))
    await ada.syncs()
    about_deletions = await ada.asked()
    await empty_companies(ada, items, SEVEN[2:4])

    assert (await ada.asked())["id"] == about_deletions["id"]
    assert await companies(ada, SEVEN[2:4]) == ["Navy"] * 2

    await ada.answers(about_deletions, "put_back")
    run = await ada.asked()
    assert (run["approval"]["reason"], run["approval"]["would"]["to_crm"]["updated"]) == ("clears", 2)
    await ada.answers(run, "apply")
    assert (await companies(ada, SEVEN[2:4]), await ada.questions()) == ([None] * 2, [])
