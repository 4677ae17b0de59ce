"""What is said of mutants stays true of the rules as they are (``make mutants`` tries each)."""

import ast

import pytest

from tests.mutants.equivalent import EQUIVALENT
from tests.mutants.operators import breaks
from tests.mutants.run import MODULES, file_of


@pytest.fixture(scope="module")
def names():
    return {
        f"{module}.{where}: {what}"
        for module in MODULES
        for _, _, where, what, _ in breaks(ast.parse(file_of(module).read_text()))
    }


@pytest.mark.parametrize("mutant", EQUIVALENT)
def test_a_mutant_that_is_said_to_change_nothing_can_still_be_made(names, mutant):
    assert mutant in names
    assert EQUIVALENT[mutant]
