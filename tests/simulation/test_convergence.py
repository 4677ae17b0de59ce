"""Nobody's edit is lost and all falls silent, whatever happens in between (engine.md §19)."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.simulation.crm import Habit
from tests.simulation.hub import Hub
from tests.simulation.mutants import MUTANTS
from tests.simulation.run import RESOLUTIONS, WAYS, play
from tests.simulation.world import CRM_LISTS, CRM_TEXTS, World

MAILBOX = st.integers(0, 2)
PLACE = st.integers(0, 8)
three = lambda choices: st.tuples(choices, choices, choices)  # noqa: E731


class Convergence(RuleBasedStateMachine):
    """Three mailboxes and a CRM; the functions that pull and push import decide everything."""

    hub_kind = Hub
    world = None

    @initialize(
        habit=st.sampled_from(Habit),
        stamps=st.booleans(),
        honours=three(st.booleans()),
        policies=three(st.sampled_from(RESOLUTIONS)),
    )
    def begins(self, habit, stamps, honours, policies):
        self.world = World(habit, stamps, honours, policies, hub_kind=self.hub_kind)

    @rule(name=st.sampled_from(CRM_TEXTS))
    def crm_edits(self, name):
        self.world.crm_edits(name)

    @rule(name=st.sampled_from(CRM_LISTS), how=st.sampled_from(WAYS), place=PLACE)
    def crm_edits_list(self, name, how, place):
        self.world.crm_edits_list(name, how, place)

    @rule(number=MAILBOX, which=st.integers(0, 1))
    def outlook_edits(self, number, which):
        self.world.outlook_edits(number, which)

    @rule(number=MAILBOX, how=st.sampled_from(WAYS), place=PLACE)
    def outlook_edits_list(self, number, how, place):
        self.world.outlook_edits_list(number, how, place)

    @precondition(lambda self: self.world and self.world.crm.puts)
    @rule(place=PLACE)
    def put_arrives(self, place):
        self.world.arrives(place)

    @rule()
    def crm_reads(self):
        self.world.crm_reads()

    @rule()
    def crm_works(self):
        self.world.crm_works()

    @rule()
    def crm_saves(self):
        self.world.crm_saves()

    @rule(number=MAILBOX, lag=st.integers(0, 3))
    def pulls(self, number, lag):
        self.world.pulls(number, lag)

    @rule(number=MAILBOX)
    def pushes(self, number):
        self.world.pushes(number)

    @rule(number=MAILBOX)
    def pushes_to_the_end(self, number):
        for _ in range(3):
            self.world.pushes(number)

    @rule(number=MAILBOX)
    def dies_before_the_note(self, number):
        self.world.dies_before_the_note(number)

    @rule(number=MAILBOX)
    def is_killed(self, number):
        self.world.is_killed(number)

    @rule(seconds=st.sampled_from((1, 5, 30, 200)))
    def ticks(self, seconds):
        self.world.ticks(seconds)

    def teardown(self):
        if self.world is not None:
            self.world.ends()


QUICK = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}
TestConvergence = pytest.mark.feature("F4")(Convergence.TestCase)
TestConvergence.settings = settings(max_examples=150, stateful_step_count=40, **QUICK)


@pytest.mark.feature("A4")
@pytest.mark.lesson(13)
def test_in_many_random_worlds_no_edit_is_lost_and_all_falls_silent():
    totals, failures = play(1_200, seed="suite")

    assert failures == []
    assert totals["kills"] > 400


@pytest.mark.lesson(4)
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_an_engine_that_forgets_one_observation_fails_in_the_machine(mutant):
    machine = type(mutant.__name__, (Convergence,), {"hub_kind": mutant})
    looking = settings(
        max_examples=600,
        stateful_step_count=40,
        derandomize=True,
        phases=[Phase.generate],
        print_blob=False,
        **QUICK,
    )

    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine, settings=looking)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_an_engine_that_forgets_one_observation_fails_in_random_worlds(mutant):
    _, failures = play(200, seed="suite", hub_kind=mutant)

    assert failures
