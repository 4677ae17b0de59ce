"""What each answer does to each kind of question, also where somebody edited meanwhile: the whole table.

A story ends in a question about three people. Then Outlook's user makes one of them an Admiral where there is
an item, and the CRM makes another one a Captain where there is a record. Each line of the table tells what
has become of the three: what the CRM has (job title / company), what Outlook has, their link and the reason.
"""

import pytest

NOBODY, OUTLOOK, CRM = "edited by nobody", "edited by Outlook", "edited by the CRM"
THREE = (NOBODY, OUTLOOK, CRM)
ANSWERS = {"apply": "apply", "put_back": "put_back", "cancel": "no word", "expire": "no word"}


async def deleted_in_outlook(ada):
    await ada.deletes(*(await ada.has(*THREE)).values())
    await ada.syncs()


async def deleted_by_the_crm(ada):
    await ada.chooses(removed_from_crm="delete")
    await ada.has(*THREE)
    for name in THREE:
        await ada.crm("DELETE", f"/v1/contacts/{ada.ids[name]}")
    await ada.person.syncs()


async def out_of_scope(ada):
    await ada.chooses(left_scope="delete", classes=["buyer"])
    await ada.has(*THREE, classes=["buyer"])
    await ada.chooses(classes=["seller"])
    await ada.person.syncs()


async def created_by_the_crm(ada):
    await ada.crm("PATCH", "/v1/workspace", {"breaker": {"max_creates": 0}})
    await ada.has(*THREE)


async def created_in_outlook(ada):
    await ada.person.syncs()
    await ada.crm("PATCH", "/v1/workspace", {"breaker": {"max_creates": 0}})
    for name in THREE:
        await ada.adds(displayName=name, jobTitle="Agent", companyName="Navy")
    await ada.syncs()


async def emptied_in_outlook(ada):
    for item in (await ada.has(*THREE)).values():
        await ada.edits(item, companyName=None)
    await ada.syncs()


async def emptied_by_the_crm(ada):
    await ada.has(*THREE)
    for name in THREE:
        await ada.crm("PATCH", f"/v1/contacts/{ada.ids[name]}", {"company": None})
    await ada.person.syncs()


async def the_folder_deleted(ada):
    await ada.has(*THREE)
    await ada.loses_its_folder()
    await ada.syncs()


ASKED = {
    deleted_in_outlook: ("deletions", "crm", "deleted"),
    deleted_by_the_crm: ("deletions", "microsoft", "deleted"),
    out_of_scope: ("deletions", "microsoft", "deleted"),
    created_by_the_crm: ("creations", "microsoft", "created"),
    created_in_outlook: ("creations", "crm", "created"),
    emptied_in_outlook: ("clears", "crm", "updated"),
    emptied_by_the_crm: ("clears", "microsoft", "updated"),
    the_folder_deleted: ("collection_gone", "crm", "deleted"),
}
ENDED = "- · - · removed_there · removed_there"
KEPT = "Agent/Navy · - · removed_there · removed_there"
BACK = "Agent/Navy · Agent/Navy · linked · in_scope"
ADMIRAL = "Admiral/Navy · Admiral/Navy · linked · in_scope"
CAPTAIN = "Captain/Navy · Captain/Navy · linked · in_scope"
OUTLIVED = "Admiral/Navy · Admiral/Navy · linked · edit_outlived_delete"
RESTS = "Agent/Navy · Admiral/Navy · suspended · class_not_selected"
IGNORED = "Agent/Navy · - · ignored · declined"
#                                  edited by nobody, by Outlook, by the CRM
BECOMES = {
    deleted_in_outlook: {
        "apply":    (ENDED, ENDED, CAPTAIN),
        "put_back": (BACK, BACK, CAPTAIN),
        "no word":  (KEPT, KEPT, "Captain/Navy · - · removed_there · removed_there"),
    },
    deleted_by_the_crm: {  # who was saved again, or edited in Outlook, is asked about no more
        "apply":    ("- · - · removed_by_us · removed_from_crm", OUTLIVED, CAPTAIN),
        "put_back": (BACK, OUTLIVED, CAPTAIN),
        "no word":  ("- · Agent/Navy · severed · kept_after_delete", OUTLIVED, CAPTAIN),
    },
    out_of_scope: {
        "apply":    ("Agent/Navy · - · removed_by_us · class_not_selected", RESTS,
                     "Captain/Navy · - · removed_by_us · class_not_selected"),
        "put_back": ("Agent/Navy · Agent/Navy · suspended · class_not_selected", RESTS,
                     "Captain/Navy · Agent/Navy · suspended · class_not_selected"),
        "no word":  ("Agent/Navy · Agent/Navy · suspended · class_not_selected", RESTS,
                     "Captain/Navy · Agent/Navy · suspended · class_not_selected"),
    },
    created_by_the_crm: {
        "apply":    (BACK, BACK, CAPTAIN),
        "put_back": (IGNORED, IGNORED, "Captain/Navy · - · ignored · declined"),
        "no word":  (IGNORED, IGNORED, "Captain/Navy · - · ignored · declined"),
    },
    created_in_outlook: {
        "apply":    (BACK, ADMIRAL, BACK),
        "put_back": ("- · Agent/Navy · ignored · declined", "- · Admiral/Navy · ignored · declined",
                     "- · Agent/Navy · ignored · declined"),
        "no word":  ("- · Agent/Navy · ignored · declined", "- · Admiral/Navy · ignored · declined",
                     "- · Agent/Navy · ignored · declined"),
    },
    emptied_in_outlook: {  # what else was edited is no part of the question, and arrives in any case
        "apply":    ("Agent/_ · Agent/_ · linked · in_scope", "Admiral/_ · Admiral/_ · linked · in_scope",
                     "Captain/_ · Captain/_ · linked · in_scope"),
        "put_back": (BACK, ADMIRAL, CAPTAIN),
        "no word":  ("Agent/Navy · Agent/_ · linked · declined", "Admiral/Navy · Admiral/_ · linked · declined",
                     "Captain/Navy · Captain/_ · linked · in_scope"),
    },
    emptied_by_the_crm: {
        "apply":    ("Agent/_ · Agent/_ · linked · in_scope", "Admiral/_ · Admiral/_ · linked · in_scope",
                     "Captain/_ · Captain/_ · linked · in_scope"),
        "put_back": (BACK, ADMIRAL, CAPTAIN),
        "no word":  ("Agent/_ · Agent/Navy · linked · declined", "Admiral/_ · Admiral/Navy · linked · declined",
                     "Captain/_ · Captain/Navy · linked · in_scope"),
    },
    the_folder_deleted: {
        "apply":    (ENDED, ENDED, CAPTAIN),
        "put_back": (BACK, BACK, CAPTAIN),
        "no word":  (KEPT, KEPT, "Captain/Navy · - · removed_there · removed_there"),
    },
}  # fmt: skip


@pytest.mark.feature("F3")
@pytest.mark.feature("B6")
@pytest.mark.lesson(1)
@pytest.mark.lesson(3)
@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("story", BECOMES, ids=lambda story: story.__name__)
async def test_what_becomes_of_whom(ada, story, answer):
    await story(ada)
    run = await ada.asked()
    approval, (reason, side, verb) = run["approval"], ASKED[story]
    assert (approval["reason"], approval["side"]) == (reason, side)
    assert approval["would"][f"to_{side}"] == {"created": 0, "updated": 0, "deleted": 0} | {verb: 3}
    assert sorted(sample["title"] for sample in approval["samples"]) == sorted(THREE)

    await ada.is_edited(in_outlook=OUTLOOK, by_the_crm=CRM)
    await ada.news()
    await ada.answers(run, answer)
    await ada.syncs(full=True)

    assert tuple((await ada.tells(THREE)).values()) == BECOMES[story][ANSWERS[answer]]
    assert await ada.questions() == []
    assert await ada.ends_of(run) == ["cancelled" if ANSWERS[answer] == "no word" else "succeeded"]
    if ANSWERS[answer] == "no word":
        assert {change["type"] for change in await ada.news()} <= {"contact.updated"}
