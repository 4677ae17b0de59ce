"""Ids: opaque, never twice, and in the order they were made."""

from datetime import UTC, datetime, timedelta

from app.ids import new_id

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


def test_ids_of_one_moment_sort_as_they_were_made():
    made = [new_id("mat", NOON) for _ in range(1000)]

    assert made == sorted(set(made))


def test_ids_of_a_later_millisecond_sort_later_whatever_came_between():
    first, later, again = (new_id("mat", NOON + timedelta(milliseconds=ms)) for ms in (0, 1, 0))

    assert max(first, again) < later
    assert first != again


def test_an_id_has_a_prefix_and_26_characters_whatever_the_moment():
    for moment in (datetime(1970, 1, 2, tzinfo=UTC), NOON, datetime(9999, 12, 31, tzinfo=UTC)):
        prefix, _, rest = new_id("rec", moment).partition("_")
        assert (prefix, len(rest), rest) == ("rec", 26, rest.lower())
