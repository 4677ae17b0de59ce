"""Lists longer than Outlook's places for them."""

import pytest

from tests.simulation.lists import edit_lists


@pytest.mark.feature("A4")
def test_edits_of_long_lists_never_bounce_and_lose_nothing_hidden():
    totals, failures = edit_lists(20_000, seed="suite")

    assert failures == []
    assert totals["edits"] == 20_000
