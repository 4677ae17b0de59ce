"""Tasks in the words of the API, of Concord and of To Do: what is said once means the same everywhere."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.graph import tasks
from app.graph.plain_text import as_html, said_by
from app.graph.task_calls import checklist_calls
from app.records import task
from app.records.types import TASK
from app.records.unsupported import Unsupported

pytestmark = pytest.mark.feature("C9")
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=8)
LINES = st.lists(st.lists(WORDS, min_size=1, max_size=3).map(" ".join), min_size=1, max_size=4).map("\n".join)
DATES = st.dates(date(1990, 1, 1), date(2100, 1, 1)).map(date.isoformat)
ITEMS = st.lists(
    st.fixed_dictionaries(
        {"title": st.sampled_from(["Milk", "Eggs", "Bread", "Tea"]), "done": st.booleans()}
    ),
    unique_by=lambda item: item["title"],
)
TASKS = st.fixed_dictionaries(
    {},
    optional={
        "title": WORDS,
        "notes": LINES,
        "due_date": st.none() | DATES,
        "start_date": st.none() | DATES,
        "status": st.sampled_from(["not_started", "in_progress", "completed", "waiting", "deferred"]),
        "importance": st.sampled_from(["low", "normal", "high"]),
        "reminder": st.none() | st.just({"date_time": "2026-03-02T09:00:00", "time_zone": "Europe/Berlin"}),
        "checklist": ITEMS,
        "categories": st.lists(WORDS, unique=True, max_size=3),
    },
)


def stated(**given):
    return task.completed(task.stated(given), {})


def written(doc, *, wording=None):
    """Return the item that a task is written to, as To Do shows it."""
    parts = {name: part for name, part in tasks.PARTS.items() if part.field in doc}
    body = tasks.payload({name: doc[part.field] for name, part in parts.items()}, wording or {})
    items = [
        {"id": str(number), "displayName": each["title"], "isChecked": each["done"]}
        for number, each in enumerate(doc.get("checklist") or ())
    ]
    empty = {"title": "", "status": "notStarted", "importance": "normal", "isReminderOn": False}
    return {"createdDateTime": "2026-01-01T00:00:00Z", **empty, **body, "checklistItems": items}


@given(TASKS)
def test_what_is_written_says_what_was_stated(given):
    doc = stated(**given)
    read = tasks.parse(tasks.had(written(doc)))
    for name, kind in task.FIELDS.items():
        assert TASK.same(name, read.get(name), doc.get(name)), (name, kind)


@given(TASKS)
def test_what_the_crm_says_it_is_shown(given):
    shown = TASK.worded(stated(**given))
    for name, said in given.items():
        assert shown[name] == said


@given(TASKS)
def test_what_is_the_same_is_stated_the_same(given):
    doc = stated(**given)
    assert stated(**{name: value for name, value in TASK.worded(doc).items() if name in given}) == doc


@pytest.mark.lesson(12)
@pytest.mark.parametrize("on", ["2026-01-15", "2026-07-15", "2028-02-29"])
@pytest.mark.parametrize(
    "zone", ["UTC", "Pacific/Honolulu", "America/Los_Angeles", "Europe/London", "Asia/Kolkata", "Asia/Kathmandu",
             "Australia/Adelaide", "Pacific/Auckland", "Pacific/Chatham", "Pacific/Fiji", "Pacific/Tongatapu"],
)  # fmt: skip
def test_a_midnight_told_in_utc_is_the_date_on_which_it_began(zone, on):
    midnight = datetime.fromisoformat(on).replace(tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo("UTC"))
    raw = {"dueDateTime": {"dateTime": midnight.strftime("%Y-%m-%dT%H:%M:%S.0000000"), "timeZone": "UTC"}}
    assert task.due_date(tasks.parse({"due": raw})) == on


def test_a_midnight_told_in_its_own_zone_is_its_date():
    raw = {"dueDateTime": {"dateTime": "2026-03-02T00:00:00", "timeZone": "Samoa Standard Time"}}
    assert task.due_date(tasks.parse({"due": raw})) == "2026-03-02"


def test_what_a_whole_item_leaves_out_is_empty_and_what_an_answer_leaves_out_is_unsaid():
    whole = tasks.had({"createdDateTime": "2026-01-01T00:00:00Z", "title": "x", "status": "completed"})
    part = tasks.had({"title": "x"})
    assert whole["due"] == {"dueDateTime": None, "recurrence": None}
    assert part == {"title": "x"}


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("FREQ=DAILY", "FREQ=DAILY", None),
        ("FREQ=DAILY", "FREQ=DAILY;INTERVAL=1", None),
        ("FREQ=DAILY", "FREQ=WEEKLY;BYDAY=WE", "weekly"),
        (None, "FREQ=DAILY", "daily"),
    ],
    ids=["as it was", "the same in other words", "another rule", "a first rule"],
)
def test_a_rule_is_only_said_where_it_changes(before, after, says):
    was = stated(title="x", due_date="2026-03-02", recurrence=before and {"rrule": before})
    now = stated(due_date="2026-03-04", recurrence={"rrule": after})
    body = tasks.payload({"due": now["due"]}, tasks.had(written(was)))
    assert body.get("recurrence", {}).get("pattern", {}).get("type") == says
    assert body["dueDateTime"]["dateTime"] == "2026-03-04T00:00:00"


def test_a_rule_that_is_taken_away_is_said_to_be_none():
    was = stated(due_date="2026-03-02", recurrence={"rrule": "FREQ=DAILY"})
    now = stated(due_date="2026-03-02", recurrence=None)
    assert tasks.payload({"due": now["due"]}, tasks.had(written(was)))["recurrence"] is None


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ({"recurrence": {"rrule": "FREQ=DAILY"}}, "due date"),
        ({"due_date": "2026-03-02", "recurrence": {"rrule": "FREQ=HOURLY"}}, "HOURLY"),
    ],
)
def test_what_to_do_cant_hold_is_refused_with_a_sentence(said, part):
    with pytest.raises(Unsupported, match=part):
        tasks.payload({"due": stated(**said)["due"]}, {})


@given(LINES)
def test_a_text_survives_being_html(text):
    assert said_by(as_html(text)) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (
            "<html><head><title>t</title><style>p {}</style></head><body><p>One</p><p>Two</p></body></html>",
            "One\nTwo",
        ),
        ("<div>a</div>\r\n<div>b&nbsp;&amp;&#60;c</div>", "a\nb &<c"),
        ("<ul><li>x</li><li>y</li></ul>", "x\ny"),
        ("one\r\ntwo", "one two"),
        ("a<br><br>b", "a\n\nb"),
        ("", ""),
    ],
)
def test_html_of_others_is_read_line_by_line(html, text):
    assert said_by(html) == text


@given(ITEMS, ITEMS)
def test_a_checklist_becomes_what_it_should_and_items_keep_their_ids(was, wanted):
    had = [
        {"id": str(n), "displayName": each["title"], "isChecked": each["done"]} for n, each in enumerate(was)
    ]
    calls = checklist_calls("l", "t", had=had, wanted=wanted)
    now = {each["id"]: dict(each) for each in had}
    for call in calls:
        item = call.path.rpartition("/")[2]
        if call.method == "POST":
            now[f"new {len(now)}"] = dict(call.body)
        elif call.method == "DELETE":
            del now[item]
        else:
            now[item] |= call.body

    assert {each["displayName"]: each["isChecked"] for each in now.values()} == {
        each["title"]: each["done"] for each in wanted
    }
    kept = {each["title"] for each in was} & {each["title"] for each in wanted}
    assert {n for n, each in enumerate(was) if each["title"] in kept} <= {int(i) for i in now if i.isdigit()}
    assert len(calls) <= max(len(was), len(wanted))
    assert bool(calls) is (
        sorted((e["title"], e["done"]) for e in was) != sorted((e["title"], e["done"]) for e in wanted)
    )
