"""What is kept of the decisions on a link."""

from datetime import UTC, datetime, timedelta

import pytest

from app.models import Link
from app.records.reasons import Reason
from app.sync.decisions import KEPT, decide, decided

pytestmark = pytest.mark.feature("F1")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def codes(link):
    return [decision["code"] for decision in link.decisions]


def test_the_last_twenty_are_kept_the_latest_first():
    link = Link()
    for hour in range(25):
        reason = Reason.IN_SCOPE if hour % 2 else Reason.RETRYING
        decide(link, reason, now=NOON + timedelta(hours=hour), run=f"run_{hour}")
    assert codes(link) == ["retrying", "in_scope"] * (KEPT // 2)
    assert [link.decisions[0]["run"], link.decisions[-1]["run"]] == ["run_24", "run_5"]
    assert link.decision == link.decisions[0]


def test_the_same_again_is_not_repeated_but_with_another_detail():
    link = Link(**decided(Reason.IN_SCOPE, now=NOON, run="run_1"))
    decide(link, Reason.IN_SCOPE, now=NOON + timedelta(hours=1), run="run_2")
    assert [decision["run"] for decision in link.decisions] == ["run_1"]
    for detail in ("ErrorInvalidProperty", "ErrorInvalidProperty", "ErrorInvalidRequest"):
        decide(link, Reason.REFUSED_BY_MICROSOFT, now=NOON, detail=detail)
    assert codes(link) == ["refused_by_microsoft", "refused_by_microsoft", "in_scope"]
