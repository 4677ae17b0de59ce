"""What is known to go wrong has a test: each story told in ``engine.md`` and each lesson of ``lessons.md``."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
SOURCES = [path.read_text() for path in sorted(TESTS.rglob("test_*.py")) if path.name != "test_stories.py"]

# The stories by the section of engine.md that tells them.
STORIES = {
    2: ["a value is reworded", "typed while we write"],
    3: [
        "the CRM never acks",
        "the CRM works its queue later",
        "an ack overtakes a PUT",
        "a PUT is faster than the naming",
    ],
    4: ["kept comes back a month later", "kept acts as recreate", "our own delete comes back"],
    6: ["a create's answer is lost", "a copy carries our mark"],
    7: ["the fourth address"],
    8: ["pages lock each other"],
    12: ["two items match one record", "an address that all share", "typed into both sides"],
}
# Those about contacts, directions, deletion, matching, echoes, and what carries all of them.
LESSONS = [1, 3, 4, 6, 11, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 25]


def marked(kind):
    return {name for source in SOURCES for name in re.findall(rf'mark\.{kind}\("?([^")]+)"?\)', source)}


@pytest.mark.parametrize("story", [story for told in STORIES.values() for story in told])
def test_a_story_has_a_test_that_keeps_it_from_coming_true(story):
    assert story in marked("story")


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_has_a_test(lesson):
    assert str(lesson) in marked("lesson")


def test_no_test_is_marked_with_a_story_that_nobody_tells():
    assert marked("story") <= {story for told in STORIES.values() for story in told}
