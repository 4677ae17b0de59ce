"""Every short history, none left out (engine.md §19)."""

import pytest

from app.records.link import LinkView
from app.sync.conflicts import Policy, Resolution
from tests.simulation import small
from tests.simulation.small import Case, EditLost, play_all


@pytest.mark.feature("F4")
@pytest.mark.lesson(13)
def test_in_no_history_of_five_steps_is_an_edit_lost_or_is_there_no_quiet():
    totals, failures = play_all(steps=5)

    assert failures == []
    assert totals["histories"] > 10_000


def forgets_what_wording_means(case):
    case.view = LinkView(case.view.graph_had, {}, case.view.attempt)


def forgets_what_it_asked_for(case):
    case.view = LinkView(case.view.graph_had, case.view.graph_means, None)


def takes_the_crm_to_know_all(case):
    case.crm_had = small.first_stated(case.doc, revision=case.revision)
    case.revisions, case.heard = (), case.revision


@pytest.mark.lesson(4)
@pytest.mark.parametrize(
    "forgets", [forgets_what_wording_means, forgets_what_it_asked_for, takes_the_crm_to_know_all]
)
def test_an_engine_that_forgets_one_observation_fails_in_some_short_history(monkeypatch, forgets):
    for name in ("pulls", "pushes", "crm_types", "crm_adds"):
        honest = getattr(Case, name)

        def step(case, honest=honest):
            honest(case)
            forgets(case)

        step.__name__ = name
        monkeypatch.setattr(Case, name, step)
    happenings = tuple(getattr(Case, happening.__name__) for happening in small.HAPPENINGS)
    monkeypatch.setattr(small, "HAPPENINGS", happenings)

    _, failures = play_all(steps=5, enough=1)

    assert failures


def test_a_world_that_loses_an_edit_is_noticed():
    case = Case(Policy(Resolution.CRM_WINS))
    case.outlook_types()
    case.item = {**case.item, "jobTitle": "zero"}

    with pytest.raises(EditLost):
        case.ends()
