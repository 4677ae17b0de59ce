"""Whatever is done to meetings and goes wrong meanwhile: each guest hears of each change once, and for a reason."""

import pytest

from tests.calendar.broken import BREAKS, broken
from tests.calendar.inviting import InvitingWorld

pytestmark = [
    pytest.mark.feature("F5"),
    pytest.mark.feature("F8"),
    pytest.mark.lesson(2),
    pytest.mark.lesson(25),
]
TELLING = (5, 7, 11)  # worlds in which somebody would be mailed


@pytest.mark.parametrize("seed", ["suite/1", "suite/2"])
async def test_the_outbox_is_explained_to_the_last_mail(stage, seed):
    await InvitingWorld(stage, seed).plays()


async def play_a_few(stage):
    for number in TELLING:
        await stage.control("reset")
        await InvitingWorld(stage, f"broken/{number}", policies=("never", "when_asked")).plays()


async def test_an_engine_that_knows_nobody_whom_it_mails_is_caught_where_it_would_mail(stage):
    with broken("no write mails anybody"), pytest.raises(AssertionError, match=r"may not be mailed|is over"):
        await play_a_few(stage)


@pytest.mark.parametrize("rule", BREAKS)
def test_a_rule_is_broken_for_a_while_only(rule):
    function, _ = BREAKS[rule]
    code = function.__code__
    with broken(rule):
        assert function.__code__ is not code
    assert function.__code__ is code
