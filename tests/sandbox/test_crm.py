"""The demo CRM alone: it hears each change once, believes only signatures, and sends what was typed in it."""

import json
from datetime import UTC, datetime

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from sandbox.crm.concord import Concord
from sandbox.crm.hearing import apply
from sandbox.crm.hook import PATH, Hook
from sandbox.crm.main import create_app
from sandbox.crm.screen import chosen, fields
from sandbox.crm.sending import Sending
from sandbox.crm.store import Store

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
ADA = {"display_name": "Ada Lovelace", "company": "Analytical Engines"}


def change(kind, *, revision=1, crm_id=None, record="rec_1", changed=("job_title",), **more):
    document = {**ADA, **{name: more.pop(name) for name in list(more) if name in {"job_title", "company"}}}
    return {
        "id": f"chg_{record}_{revision}", "type": f"contact.{kind}", "crm_id": crm_id, "record_id": record,
        "revision": revision, "connection": "con_1", "origin": "microsoft", "changed": list(changed),
        "record": {**document, "record_id": record, "revision": revision}, **more,
    }  # fmt: skip


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path)
    yield store
    store.close()


class Told:
    """A Concord that answers as it is told to, and remembers what it was asked."""

    def __init__(self, **answers):
        self.answers, self.asked = answers, []

    def __call__(self, request):
        body = json.loads(request.content) if request.content else None
        self.asked.append((request.method, request.url.path, body, dict(request.headers)))
        status, answer = self.answers[request.method]
        return httpx.Response(status, json=answer(body) if callable(answer) else answer)

    def concord(self):
        return Concord("http://concord.example", key="ck_test", transport=httpx.MockTransport(self))


def test_a_new_record_gets_a_name_and_keeps_it_when_told_twice(store):
    (first,) = apply(store, [change("created")])
    (again,) = apply(store, [change("created")])

    assert first["crm_id"] == again["crm_id"]
    assert [one.name for one in store.contacts()] == ["Ada Lovelace"]


def test_an_older_revision_changes_nothing(store):
    apply(store, [change("created"), change("updated", revision=3, job_title="Countess")])
    answers = apply(store, [change("updated", revision=2, job_title="Miss")])

    assert store.of_record("rec_1").document["job_title"] == "Countess"
    assert answers == [{"id": "chg_rec_1_2"}]


def test_what_was_typed_here_meanwhile_stays_until_concord_has_it(store):
    apply(store, [change("created")])
    store.edit(store.of_record("rec_1"), {"company": "Typed Here"})
    apply(store, [change("updated", revision=2, job_title="Countess", company="Typed There")])

    assert store.of_record("rec_1").document | ADA == ADA | {"job_title": "Countess"}
    assert store.of_record("rec_1").document["company"] == "Typed Here"


def test_a_deletion_is_heard_but_for_a_contact_that_is_being_edited(store):
    apply(store, [change("created"), change("created", record="rec_2")])
    store.edit(store.of_record("rec_2"), {"company": "Typed Here"})
    gone, kept = apply(store, [change("deleted", revision=2), change("deleted", revision=2, record="rec_2")])

    assert [one.record_id for one in store.contacts()] == ["rec_2"]
    assert ("rejected" in gone, "rejected" in kept) == (False, True)


def test_a_record_that_was_merged_into_another_goes(store):
    apply(store, [change("created"), change("created", record="rec_2")])
    apply(store, [change("merged", revision=2, merged="rec_2")])

    assert [one.record_id for one in store.contacts()] == ["rec_1"]


def test_a_type_that_is_not_known_yet_is_acknowledged(store):
    assert apply(store, [{**change("created"), "type": "contact.sung_about"}]) == [{"id": "chg_rec_1_1"}]


def test_the_store_survives_a_restart(store, tmp_path):
    apply(store, [change("created")])
    store.keep(secret=SECRET)

    again = Store(tmp_path)

    assert again.of_record("rec_1") == store.of_record("rec_1")
    assert again.fact("secret") == SECRET
    again.close()


async def test_many_new_contacts_are_one_request_and_an_edit_says_what_it_is_based_on(store):
    def accept(body):
        results = [
            {"crm_id": one["crm_id"], "status": 201, "record_id": f"rec_{n}", "revision": 1}
            for n, one in enumerate(body["upserts"])
        ]
        return {"results": results, "failed": 0}

    told = Told(
        POST=(200, accept), PATCH=(200, lambda body: {**ADA, **body, "record_id": "rec_0", "revision": 2})
    )
    ada, _ = store.add([ADA, {"display_name": "Grace Hopper"}])
    sending = Sending(store, told.concord())
    await sending.send()
    store.edit(store.contact(ada.crm_id), {"job_title": "Countess"})
    await sending.send()

    assert [(method, path.rpartition("/")[2]) for method, path, *_ in told.asked] == [
        ("POST", "batch"),
        ("PATCH", ada.crm_id),
    ]
    assert told.asked[1][2] == {"job_title": "Countess"}
    assert told.asked[1][3]["concord-base-revision"] == "1"
    assert store.unsent() == []


async def test_an_edit_made_while_another_is_under_way_is_sent_next(store):
    (ada,) = store.add([ADA])

    def accept(body):
        if len(told.asked) == 1:
            store.edit(store.contact(ada.crm_id), {"job_title": "Countess"})
        return {
            "results": [{"crm_id": ada.crm_id, "status": 201, "record_id": "rec_1", "revision": 1}],
            "failed": 0,
        }

    told = Told(
        POST=(200, accept), PATCH=(200, lambda body: {**ADA, **body, "record_id": "rec_1", "revision": 2})
    )
    sending = Sending(store, told.concord())
    await sending.send()
    await sending.send()

    assert told.asked[1][2]["job_title"] == "Countess"
    assert (store.contact(ada.crm_id).revision, store.unsent()) == (2, [])


async def test_what_concord_refuses_is_shown_and_not_sent_again(store):
    told = Told(
        POST=(
            200,
            lambda body: {
                "results": [
                    {
                        "crm_id": body["upserts"][0]["crm_id"],
                        "status": 422,
                        "problem": {"title": "Invalid", "detail": "No."},
                    }
                ],
                "failed": 1,
            },
        )
    )
    (ada,) = store.add([ADA])
    sending = Sending(store, told.concord())
    await sending.send()
    await sending.send()

    assert len(told.asked) == 1
    assert store.contact(ada.crm_id).trouble == "No."


@pytest.fixture
async def crm(store):
    """The CRM's own door; its Concord never answers."""
    store.keep(secret=SECRET)
    app = create_app(store, Told().concord(), home="http://crm.example")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://crm.example") as client:
        yield client


def signed(body, *, secret=SECRET):
    now = datetime.now(UTC)
    signature = Webhook(secret).sign("dlv_1", now, body)
    return {
        "webhook-id": "dlv_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }


def delivery(*changes):
    return json.dumps(
        {
            "type": "changes",
            "timestamp": "2026-01-01T00:00:00Z",
            "data": {"workspace": "ws_1", "changes": list(changes)},
        }
    )


async def test_a_signed_delivery_is_applied_and_answered_with_names(crm, store):
    body = delivery(change("created"))
    first = await crm.post(PATH, content=body, headers=signed(body))
    again = await crm.post(PATH, content=body, headers=signed(body))

    assert first.status_code == 200
    assert (
        first.json()
        == again.json()
        == {"changes": [{"id": "chg_rec_1_1", "crm_id": store.of_record("rec_1").crm_id}]}
    )
    assert [(one.id, one.verified) for one in store.deliveries()] == [("dlv_1", True), ("dlv_1", True)]


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="none at all"),
        pytest.param(signed("other"), id="of another body"),
        pytest.param(signed(delivery(change("created")), secret="whsec_AAAA"), id="by another secret"),
        pytest.param({"webhook-id": "x", "webhook-timestamp": "0", "webhook-signature": "v1"}, id="nonsense"),
    ],
)
async def test_a_delivery_that_is_not_concord_s_changes_nothing(crm, store, headers):
    answer = await crm.post(PATH, content=delivery(change("created")), headers=headers)

    assert answer.status_code == 401
    assert store.contacts() == []
    assert [one.verified for one in store.deliveries()] == [False]


async def test_a_contact_is_made_edited_and_deleted_on_the_pages(crm, store):
    await crm.post(
        "/contacts/new",
        data={"display_name": "Ada Lovelace", "emails": "ada@example.org", "phones.mobile": "+44 1"},
    )
    (ada,) = store.contacts()
    form = {
        "display_name": "Ada Lovelace",
        "emails": "ada@example.org",
        "phones.mobile": "+44 2",
        "notes": "<b>wrote</b>",
    }
    await crm.post(f"/contacts/{ada.crm_id}", data=form)
    edited = store.contact(ada.crm_id)
    page = (await crm.get(f"/contacts/{ada.crm_id}")).text
    await crm.post(f"/contacts/{ada.crm_id}/delete")

    assert edited.document["phones"] == [{"number": "+44 2", "label": "mobile"}]
    assert edited.changed == ["phones", "notes"]
    assert "&lt;b&gt;wrote" in page
    assert store.contacts() == []


async def test_what_the_form_cannot_show_stays(crm, store):
    document = {
        **ADA,
        "phones": [{"number": "+1", "label": "fax"}, {"number": "+2", "label": "mobile"}],
        "nickname": "Augusta",
    }
    (ada,) = store.add([document])
    await crm.post(f"/contacts/{ada.crm_id}", data={**ADA, "phones.mobile": "+2"})

    assert store.contact(ada.crm_id).document == document


SCHEMA = {
    "x-screens": [{"id": "contacts", "schema": "#/components/schemas/S"}],
    "components": {"schemas": {"S": {"properties": {
        "second": {"type": "boolean", "title": "Second", "description": "", "x-order": 2},
        "first": {"type": "string", "title": "First", "description": "", "x-order": 1, "oneOf": [{"const": "a", "title": "A"}, {"const": "b", "title": "B"}]},
        "run": {"type": ["string", "null"], "title": "Run", "description": "", "readOnly": True},
    }}}},
}  # fmt: skip


def test_the_settings_screen_is_drawn_from_the_document_and_sends_only_what_changed():
    shown = fields(SCHEMA, settings={"first": "a", "second": True, "run": None})

    assert [(field.name, field.widget) for field in shown] == [("first", "radio"), ("second", "switch")]
    assert chosen({"first": "b", "second": "on"}, fields=shown) == {"first": "b"}
    assert chosen({"first": "a"}, fields=shown) == {"second": False}


async def test_a_crm_that_lost_its_store_takes_everything_over_and_follows_the_feed(store):
    """What has no name yet gets one, and an endpoint whose secret nobody knows gets a new one."""
    ada, mary = {**ADA, "revision": 1}, {"display_name": "Mary Shelley", "revision": 1}
    concord = {
        "GET /v1/webhooks": {"data": [{"id": "whk_1", "url": "http://elsewhere/hooks/concord", "acknowledges": True}]},
        "PATCH /v1/webhooks/whk_1": {},
        "POST /v1/webhooks/whk_1/rotate-secret": {"secret": SECRET},
        "GET /v1/contacts": {"data": [{**ada, "crm_id": "c-1", "record_id": "rec_1"}, {**mary, "crm_id": None, "record_id": "rec_2"}], "next_cursor": None, "feed_cursor": "here"},
        "PUT": {**mary, "record_id": "rec_2"},
        "GET /v1/changes": {"changes": [change("updated", revision=2, crm_id="c-1", job_title="Countess")], "next_cursor": "there", "has_more": False},
        "POST /v1/changes/ack": {},
    }  # fmt: skip
    asked = []

    def answer(request):
        asked.append(f"{request.method} {request.url.path}")
        return httpx.Response(200, json=concord.get(asked[-1], concord["PUT"]))

    hook = Hook(
        store,
        Concord("http://concord.example", key="ck", transport=httpx.MockTransport(answer)),
        url="http://crm.example",
    )
    await hook.settle()
    await hook.catch_up()

    assert (store.fact("secret"), store.fact("cursor")) == (SECRET, "there")
    assert store.contact("c-1").document["job_title"] == "Countess"
    assert f"PUT /v1/contacts/{store.of_record('rec_2').crm_id}" in asked
    assert asked[-1] == "POST /v1/changes/ack"
