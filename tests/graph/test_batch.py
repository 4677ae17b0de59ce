"""JSON batches: calls in, answers out."""

import pytest

from app.errors import Throttled, Unavailable
from app.graph.batch import Answer, Call, chunks, packed, united, unpacked
from app.graph.protocol import FolderGone, ItemGone, OutcomeUnknown

COMMON = {"prefer": 'IdType="ImmutableId"', "client-request-id": "1"}


def test_each_item_carries_its_own_preferences_and_content_type():
    calls = [Call("GET", "/me"), Call("PATCH", "/me/contacts/1", {"title": "Dr"}, {"If-Match": "e"})]
    first, second = packed(calls, headers=[COMMON, COMMON])["requests"]

    assert first == {"id": "0", "method": "GET", "url": "/me", "headers": COMMON}
    assert second["headers"] == {**COMMON, "if-match": "e", "content-type": "application/json"}
    assert second["body"] == {"title": "Dr"}


def test_preferences_of_both_sides_are_sent_in_one_line():
    assert united(COMMON, {"Prefer": "odata.maxpagesize=200"})["prefer"] == (
        'IdType="ImmutableId", odata.maxpagesize=200'
    )


def test_answers_come_back_in_the_order_asked_however_graph_orders_them():
    told = [{"id": "1", "status": 204}, {"id": "0", "status": 200, "body": {"id": "a"}}]
    assert [answer.status for answer in unpacked({"responses": told}, calls=2)] == [200, 204]


@pytest.mark.lesson(25)
@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"responses": []}, id="left out"),
        pytest.param({}, id="no responses"),
        pytest.param({"responses": "none"}, id="no list"),
        pytest.param({"responses": [None, 1, {"id": "0"}, {"id": "0", "status": "200"}]}, id="odd items"),
    ],
)
def test_a_call_without_an_answer_may_have_been_carried_out(document):
    (answer,) = unpacked(document, calls=1)
    with pytest.raises(OutcomeUnknown):
        answer.result()


def test_an_item_means_what_the_same_answer_alone_would():
    throttled = Answer(429, {"retry-after": "7"}, {"error": {"code": "ApplicationThrottled"}}).error()
    assert isinstance(throttled, Throttled)
    assert throttled.after.total_seconds() == 7
    gone = Answer(404, {}, {"error": {"code": "ErrorItemNotFound"}})
    assert isinstance(gone.error(), ItemGone)
    assert isinstance(gone.error(missing=FolderGone), FolderGone)
    assert Answer(204).result() == {}
    assert Answer(0, failure=Unavailable("Not sent.")).error() is not None


@pytest.mark.parametrize(
    ("calls", "sizes"), [(0, []), (1, [1]), (20, [20]), (21, [20, 1]), (41, [20, 20, 1])]
)
def test_a_batch_holds_at_most_twenty(calls, sizes):
    assert [len(chunk) for chunk in chunks([Call("GET", "/me")] * calls)] == sizes
