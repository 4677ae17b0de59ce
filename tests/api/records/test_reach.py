"""Which mailboxes a record reaches, as soon as it or the settings move, and what is told of it."""

from contextlib import contextmanager

import pytest
from sqlalchemy import event, func, select

from app import clock
from app.models import Collection, Connection, Link, Run
from app.sync.reach import survey
from app.sync.settings import EffectiveSettings

OWNED = [{"user": "agent-7", "access": "primary"}]
SEEN = [{"user": "agent-7", "access": "view_only"}, {"user": "agent-8", "access": "primary"}]


@pytest.fixture
def mailbox(outlook):
    """Make a mailbox of agent 7's that syncs, with settings of its own."""

    async def make(name="a", *, hears=True, sends=True, **chosen):
        now = clock.now()
        async with outlook.db.transaction(outlook.workspace) as session:
            session.add(Connection(
                workspace_id=outlook.workspace, id=f"con_{name}", user="agent-7", status="active",
                requested=["contacts"], granted_scopes=["Contacts.ReadWrite"], created_at=now, updated_at=now,
            ))  # fmt: skip
            session.add(Collection(
                workspace_id=outlook.workspace, id=f"col_{name}", connection_id=f"con_{name}", entity="contacts",
                hears=hears, sends=sends, container_id="folder", matched_at=now, created_at=now,
            ))  # fmt: skip
            choice = {"direction": "two_way" if sends else "microsoft_to_crm", **chosen}
            await EffectiveSettings(session).choose(f"con_{name}", "contacts", choice, now=now)
        return f"/v1/connections/con_{name}/settings/contacts"

    return make


@pytest.fixture
def stored(outlook):
    """Read or change rows as the workspace's own."""

    async def run(query):
        async with outlook.db.transaction(outlook.workspace) as session:
            found = await session.execute(query)
            return [tuple(row) for row in found] if query.is_select else []

    return run


@pytest.fixture
def statements(outlook):
    """Count the statements that reach PostgreSQL."""

    @contextmanager
    def counting():
        seen = []

        def note(_connection, _cursor, statement, *_):
            seen.append(statement)

        engine = outlook.db.engine.sync_engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(engine, "before_cursor_execute", note)

    return counting


async def reason(crm, crm_id="c-1"):
    (entry,) = (await crm.call("GET", f"/v1/contacts/{crm_id}/sync"))["data"]
    return entry["state"], entry["reason"]


@pytest.mark.feature("B4")
@pytest.mark.feature("B5")
@pytest.mark.feature("D3")
@pytest.mark.parametrize(
    ("chosen", "said", "told"),
    [
        pytest.param({}, {"owners": OWNED}, ("pending", "in_scope"), id="hers, and nothing is chosen"),
        pytest.param({}, {"owners": SEEN}, ("pending", "in_scope"), id="she may look at it"),
        pytest.param(
            {"ownership": "primary_only"}, {"owners": SEEN}, ("out_of_scope", "not_primary_owner"),
            id="only her own",
        ),
        pytest.param(
            {"classes": ["buyer"]}, {"owners": OWNED, "classes": ["buyer"]}, ("pending", "in_scope"),
            id="of the class",
        ),
        pytest.param(
            {"classes": ["buyer"]}, {"owners": OWNED, "classes": ["vendor"]},
            ("out_of_scope", "class_not_selected"), id="of another class",
        ),
        pytest.param(
            {"existing_records": "only_new"}, {"owners": OWNED}, ("out_of_scope", "no_created_at"),
            id="who knows since when",
        ),
        pytest.param(
            {"existing_records": "from_date", "existing_since": "2026-01-01"},
            {"owners": OWNED, "created_at": "2025-12-31T23:59:59Z"}, ("out_of_scope", "before_start_date"),
            id="too old",
        ),
    ],
)  # fmt: skip
async def test_a_record_is_wanted_where_it_is_in_scope_and_elsewhere_says_why_not(
    crm, mailbox, stored, chosen, said, told
):
    await mailbox(**chosen)

    await crm.puts("c-1", display_name="Grace", **said)

    assert await reason(crm) == told
    assert len(await stored(select(Link.id))) == (told[0] == "pending")


async def test_each_mailbox_of_a_user_has_a_scope_of_its_own(crm, mailbox, stored):
    await mailbox("a", classes=["buyer"])
    await mailbox("b", classes=["vendor"])

    await crm.puts("c-1", owners=OWNED, display_name="Grace", classes=["vendor"])

    assert await stored(select(Link.connection_id)) == [("con_b",)]


async def test_the_workspaces_default_and_lock_are_asked_too(crm, mailbox):
    await mailbox(classes=["vendor"])
    default = {"defaults": {"contacts": {"classes": ["buyer"]}}}
    await crm.call("PATCH", "/v1/workspace", json=default)
    await crm.puts("c-1", owners=OWNED, display_name="Grace", classes=["vendor"])
    assert await reason(crm) == ("pending", "in_scope")

    default["defaults"]["contacts"]["locked"] = ["classes"]
    await crm.call("PATCH", "/v1/workspace", json=default)

    assert await reason(crm) == ("out_of_scope", "class_not_selected")


@pytest.mark.feature("B4")
async def test_a_class_alone_is_a_change_that_reaches_the_mailbox(crm, mailbox, stored):
    await mailbox(classes=["buyer"])
    await crm.puts("c-1", owners=OWNED, display_name="Grace", classes=["vendor"])

    await crm.patches("c-1", classes=["buyer"])

    assert await stored(select(Link.state)) == [("wanted",)]
    await stored(Link.__table__.update().values(due_at=None))
    await crm.patches("c-1", metadata={"colour": "red"})
    assert await stored(select(Link.due_at)) == [(None,)]


@pytest.mark.feature("E4")
@pytest.mark.parametrize(
    ("state", "classes", "rung"),
    [
        pytest.param("linked", ["buyer"], False, id="an edit, in scope: nothing to be written"),
        pytest.param("linked", ["vendor"], True, id="it leaves"),
        pytest.param("suspended", ["vendor"], False, id="it stays out"),
        pytest.param("suspended", ["buyer"], True, id="it comes back"),
    ],
)
async def test_a_direction_that_only_hears_is_rung_where_a_record_leaves_or_comes_back(
    crm, mailbox, stored, state, classes, rung
):
    await mailbox(classes=["buyer"])
    await crm.puts("c-1", owners=OWNED, display_name="Grace", classes=["buyer"])
    await stored(Link.__table__.update().values(state=state, item_id="item", due_at=None))
    await stored(Collection.__table__.update().values(sends=False))
    (before,) = await stored(select(Collection.wanted))

    await crm.patches("c-1", company="Navy", classes=classes)

    (after,) = await stored(select(Collection.wanted))
    assert after[0] - before[0] == int(rung)


@pytest.mark.feature("B4")
async def test_other_filters_start_a_run_and_other_policies_none(crm, mailbox, stored):
    path = await mailbox()

    for body, begins in [
        ({"left_scope": "delete"}, False),
        ({"classes": ["buyer"]}, True),
        ({"classes": ["buyer", "vendor"]}, True),
        ({"classes": ["vendor", "buyer"]}, False),
        ({"ownership": "primary_only"}, True),
        ({"existing_records": "from_date", "existing_since": "2026-01-01"}, True),
        ({"existing_since": None}, True),
    ]:
        await stored(Run.__table__.update().values(status="succeeded"))
        chosen = await crm.call("PATCH", path, json=body)
        assert (chosen["run"] is not None) == begins, body
    assert set(await stored(select(Run.trigger, Run.full))) == {("settings", False)}


async def test_classes_that_the_vocabulary_lacks_are_accepted_and_told(crm, mailbox):
    path = await mailbox()
    vocabulary = {"classes": [{"id": "buyer", "title": "Buyers"}]}
    await crm.call("PATCH", "/v1/workspace", json={"vocabulary": vocabulary})

    await crm.call("PATCH", path, json={"classes": ["buyer", "seller"]})
    default = {"defaults": {"contacts": {"classes": ["lessor"]}}}
    told = await crm.call("PATCH", "/v1/workspace", json=default)

    assert told["vocabulary"]["unknown"]["classes"] == ["lessor", "seller"]
    assert await crm.call("GET", "/v1/workspace") == told


async def test_what_get_returns_of_a_scope_can_be_put_back(crm, mailbox):
    path = await mailbox(classes=["buyer"], existing_records="from_date", existing_since="2026-01-01")
    seen = await crm.call("GET", path)

    assert await crm.call("PUT", path, json=seen) == seen
    again = await crm.call("PUT", path, json={**seen, "existing_since": None})
    assert (again["existing_since"], set(again["inherited"]) - set(seen["inherited"])) == (
        None,
        {"existing_since"},
    )


async def test_as_many_statements_for_many_records_as_for_few(crm, mailbox, outlook, stored, statements):
    await mailbox("a", classes=["buyer"])
    await mailbox("b", ownership="primary_only")
    upserts = [
        {
            "crm_id": f"c-{n}",
            "owners": OWNED,
            "display_name": f"P {n}",
            "classes": [("buyer", "vendor")[n % 2]],
        }
        for n in range(60)
    ]
    counts = []
    for part in (upserts[:3], upserts[3:]):
        with statements() as seen:
            await crm.call("POST", "/v1/contacts/batch", json={"upserts": part, "deletes": []})
        counts.append(len(seen))
    assert counts[0] == counts[1]
    made = dict(await stored(select(Link.connection_id, func.count()).group_by(Link.connection_id)))
    assert made == {"con_a": 30, "con_b": 60}

    async with outlook.db.transaction(outlook.workspace) as session:
        collection = await session.get(Collection, (outlook.workspace, "col_a"))
        settings = await EffectiveSettings(session).of("con_a", "contacts")
        scope = settings.scope("agent-7", began_at=collection.created_at, rules={}, now=clock.now())
        with statements() as seen:
            found = await survey(session, collection, scope, now=clock.now())
        assert (len(seen), found.lacking, found.leaving) == (2, [], [])
