"""What happens for each reason that a contact may have."""

from app.records.reasons import Reason
from tests.api.explain.conftest import ADA, Stage

R = Reason
ADDRESS = ADA["emails"][0]["address"]
STORIES = {}


def story(reason):
    def told(happens):
        STORIES[reason] = happens
        return happens

    return told


async def in_sync(stage: Stage, **settings):
    """Connect agent 7, whose Outlook has c-1 then; return the mailbox and the item."""
    ada = await stage.connects(**settings)
    await stage.puts()
    await stage.works()
    (item,) = await ada.contacts()
    return ada, item


async def found(stage: Stage, **asked):
    (one,) = await stage.finds(**(asked or {"address": ADDRESS}))
    return one["connections"][0]


@story(R.IN_SCOPE)
async def _(stage):
    await in_sync(stage)
    return await stage.explains()


@story(R.NO_OWNER)
async def _(stage):
    await stage.connects()
    await stage.puts(owners=[])
    return await stage.explains(connection="con_agent-7")


@story(R.NOT_AN_OWNER)
async def _(stage):
    await in_sync(stage)
    await stage.puts(owners="agent-8")
    await stage.works()
    return await stage.explains()


@story(R.NOT_PRIMARY_OWNER)
async def _(stage):
    await stage.connects(ownership="primary_only")
    await stage.puts(owners=[{"user": "agent-7", "access": "full"}])
    return await stage.explains()


@story(R.CLASS_NOT_SELECTED)
async def _(stage):
    await stage.connects(classes=["buyer"], left_scope="delete")
    await stage.puts(classes=["buyer"])
    await stage.works()
    await stage.puts(classes=["seller"])
    told = await stage.explains()
    assert told["owed"]["to_microsoft"] == {"write": "delete", "fields": []}
    await stage.works()
    return await stage.explains()


@story(R.BEFORE_START_DATE)
async def _(stage):
    await stage.connects(existing_records="from_date", existing_since="2026-06-01")
    await stage.puts(created_at="2026-01-05T08:00:00Z")
    return await stage.explains()


@story(R.NO_CREATED_AT)
async def _(stage):
    await stage.connects(existing_records="from_date", existing_since="2026-06-01")
    await stage.puts()
    return await stage.explains()


@story(R.VIEW_ONLY)
async def _(stage):
    ada = await stage.connects()
    await stage.puts(owners=[{"user": "agent-7", "access": "view_only"}], job_title="Programmer")
    await stage.works()
    (item,) = await ada.contacts()
    await ada.edits(item, jobTitle="Scribbled")
    await stage.syncs(direction="to_crm")
    return await stage.explains()


@story(R.IMPORT_OFF)
async def _(stage):
    ada = await stage.connects(import_new=False)
    await ada.adds("Ada", ADDRESS)
    await stage.syncs()
    return await found(stage)


@story(R.DIRECTION)
async def _(stage):
    await stage.connects(direction="microsoft_to_crm")
    await stage.puts()
    return await stage.explains()


@story(R.DISABLED)
async def _(stage):
    await stage.connects(direction="disabled")
    await stage.puts()
    return await stage.explains()


@story(R.NOT_PERMITTED)
async def _(stage):
    await in_sync(stage)
    await stage.grants("User.Read")
    return await stage.explains()


@story(R.NOT_ENTITLED)
async def _(stage):
    await in_sync(stage)
    await stage.call("PATCH", "/v1/workspace", json={"entitled": False})
    return await stage.explains()


@story(R.PAUSED)
async def _(stage):
    await in_sync(stage)
    await stage.call("PATCH", "/v1/connections/con_agent-7", json={"paused": True})
    return await stage.explains()


@story(R.CONNECTION_NOT_ACTIVE)
async def _(stage):
    ada, _ = await in_sync(stage)
    await stage.microsoft.fault({"status": 401}, times=4, mail=ada.mail)
    await stage.call("POST", "/v1/connections/con_agent-7/sync/contacts")
    await stage.works()
    return await stage.explains()


@story(R.AWAITING_NAME)
async def _(stage):
    ada = await stage.connects()
    await ada.adds("Ada", ADDRESS)
    await stage.syncs()
    return await found(stage)


@story(R.REJECTED_BY_CRM)
async def _(stage):
    ada = await stage.connects()
    await ada.adds("Ada", ADDRESS)
    await stage.syncs()
    change = await stage.hears("contact.created")
    await stage.acks({"id": change["id"], "rejected": {"reason": "spam"}})
    return await found(stage)


@story(R.CONFLICT_OPEN)
async def _(stage):
    ada, item = await in_sync(stage, conflict_resolution="ask")
    await ada.edits(item, jobTitle="Countess")
    await stage.puts(job_title="Programmer")
    await stage.syncs()
    told = await stage.explains()
    assert told["owed"] == {"to_microsoft": None, "to_crm": None}
    return told


@story(R.FLAPPING)
async def _(stage):
    ada, item = await in_sync(stage, conflict_resolution="newest_wins")
    for _ in range(5):
        await ada.edits(item, jobTitle="Countess")
        await stage.syncs()
        await stage.call("GET", "/v1/changes")
        await stage.call("PATCH", "/v1/contacts/c-1", json={"job_title": "Programmer"})
        await stage.works()
    return await stage.explains()


@story(R.DECLINED)
async def _(stage):
    await stage.call("PATCH", "/v1/workspace", json={"breaker": {"max_creates": 1}})
    await stage.connects()
    for number in range(3):
        await stage.puts(f"c-{number}", emails=[], display_name=f"Person {number}")
    await stage.works()
    (run,) = (await stage.call("GET", "/v1/runs", params={"status": "awaiting_approval"}))["data"]
    await stage.call("POST", f"/v1/runs/{run['id']}/approve", json={"decision": "put_back"})
    await stage.works()
    return await stage.explains()


@story(R.MATCH_OPEN)
async def _(stage):
    ada = await stage.connects(direction="disabled")
    await stage.puts()
    for name in ("Ada L.", "A. Lovelace"):
        await ada.adds(name, ADDRESS)
    await stage.chooses(direction="two_way")
    await stage.works()
    return await stage.explains()


@story(R.KEPT_AFTER_DELETE)
async def _(stage):
    await in_sync(stage)
    await stage.call("DELETE", "/v1/contacts/c-1")
    await stage.works()
    return await stage.explains()


@story(R.REMOVED_FROM_CRM)
async def _(stage):
    await in_sync(stage, removed_from_crm="delete")
    await stage.call("DELETE", "/v1/contacts/c-1")
    assert (await stage.explains())["state"] == "pending"
    await stage.works()
    return await stage.explains()


async def refused(stage, **fault):
    await stage.connects()
    await stage.fault(**fault)
    await stage.puts()
    await stage.works()
    return await stage.explains()


@story(R.UNSUPPORTED_VALUE)
async def _(stage):
    return await refused(stage, status=400, code="ErrorInvalidProperty")


@story(R.REFUSED_BY_MICROSOFT)
async def _(stage):
    return await refused(stage, status=400, code="ErrorInvalidRequest")


@story(R.MAILBOX_FULL)
async def _(stage):
    return await refused(stage, status=507)


@story(R.THROTTLED)
async def _(stage):
    told = await refused(stage, status=429, retry_after=600)
    assert told["next_attempt_at"] is not None
    assert "The next attempt is at" in told["detail"]
    return told


@story(R.RETRYING)
async def _(stage):
    return await refused(stage, status=500)


@story(R.EDIT_OUTLIVED_DELETE)
async def _(stage):
    ada, item = await in_sync(stage)
    await ada.deletes(item)
    await stage.puts(job_title="Programmer")
    await stage.syncs(direction="to_crm")
    return await stage.explains()


@story(R.RESTORED)
async def _(stage):
    await in_sync(stage, removed_from_crm="delete")
    await stage.call("DELETE", "/v1/contacts/c-1")
    await stage.works()
    await stage.call("POST", "/v1/contacts/c-1/restore")
    return await stage.explains()


@story(R.REMOVED_THERE)
async def _(stage):
    ada, item = await in_sync(stage)
    await ada.deletes(item)
    await stage.syncs()
    return await stage.explains()


@story(R.AWAITING_APPROVAL)
async def _(stage):
    ada = await stage.connects(deleted_in_microsoft="delete")
    for number in range(4):
        await stage.puts(f"c-{number}", emails=[], display_name=f"Person {number}")
    await stage.works()
    for item in await ada.contacts():
        await ada.deletes(item)
    await stage.syncs()
    told = await stage.explains()
    assert told["problem"]["cure"]["action"] == "approve_run"
    return told


@story(R.MOVED_OUT)
async def _(stage):
    ada, item = await in_sync(stage)
    await ada.moves(item, to="Elsewhere")
    await stage.syncs()
    told = await stage.explains()
    assert told["item"] == {"id": item["id"], "container": None, "web_link": None}
    return told


@story(R.DUPLICATE_ITEM)
async def _(stage):
    ada, item = await in_sync(stage)
    await ada.edits(item, jobTitle="Programmer")
    await stage.advances(seconds=2)  # Microsoft tells an item's birth to the second
    other = await ada.adds("Countess", "countess@example.org")
    await stage.syncs()
    change = await stage.hears("contact.created")
    await stage.acks({"id": change["id"], "crm_id": "c-1"})
    return await found(stage, item=other["id"])


@story(R.CRM_KEEPS_ITS_VALUE)
async def _(stage):
    ada, _ = await in_sync(stage)
    await stage.puts(job_title="Programmer")
    await stage.works()
    await ada.edits((await ada.contacts())[0], jobTitle="Countess")
    await stage.syncs()
    for minutes in (0, 1.1, 10.1, 60.1):
        await stage.advances(minutes=minutes)
        await stage.works()
        await stage.call("GET", "/v1/changes")
        await stage.puts(job_title="Programmer")
    await stage.works()
    return await stage.explains()


@story(R.DELETED_VS_EDITED)
async def _(stage):
    ada, item = await in_sync(stage)
    await ada.edits(item, jobTitle="Countess")
    await stage.syncs()
    await stage.call("DELETE", "/v1/contacts/c-1")
    await stage.works()
    return await stage.explains()


@story(R.CONFLICT_OPEN)
async def _(stage):
    ada, item = await in_sync(stage, conflict_resolution="ask")
    await ada.edits(item, jobTitle="Countess")
    await stage.call("PATCH", "/v1/contacts/c-1", json={"job_title": "Programmer"})
    await stage.syncs()
    return await stage.explains()


@story(R.FLAPPING)
async def _(stage):
    ada, item = await in_sync(stage)
    for title in ("Poet", "Bard") * 3:
        await ada.edits(item, jobTitle=title) if title == "Poet" else await stage.call(
            "PATCH", "/v1/contacts/c-1", json={"job_title": title}
        )
        await stage.syncs()
    return await stage.explains()


@story(R.COLLECTION_GONE)
async def _(stage):
    ada, _ = await in_sync(stage)
    await ada.call("DELETE", f"/contactFolders/{await ada.folder()}")
    await stage.syncs()
    return await stage.explains()
