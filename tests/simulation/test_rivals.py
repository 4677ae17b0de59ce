"""Where somebody is to be asked no edit is lost, nobody is overwritten, and all falls silent (engine.md §11)."""

import pytest

from tests.simulation.rivals import WithoutHolding, rivalries


@pytest.mark.feature("E5", "F4")
def test_rivals_over_one_field_are_never_overwritten_and_fall_silent():
    totals, failures = rivalries(500, seed="suite")

    assert failures == []
    assert totals["asked"] > 40


def test_an_engine_that_forgets_its_questions_is_caught():
    _, failures = rivalries(200, seed="suite", hub_kind=WithoutHolding)

    assert failures
