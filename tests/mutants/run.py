"""Break each rule of the pure modules and see that a test notices: python -m tests.mutants.run [--sample 200].

The proofs are collected once, and each is watched for the functions it calls. Every mutant gets a process of
its own, forked from there, in which the code of the function it changes is exchanged; those proofs are tried that
call it. What was found is appended to a ledger, if one is named: a run that broke off goes on from there.
"""

import argparse
import ast
import gc
import hashlib
import json
import os
import random
import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FunctionType

import pytest

from tests.mutants.equivalent import EQUIVALENT
from tests.mutants.operators import Mutant, mutants

ROOT = Path(__file__).parent.parent.parent
CALENDAR = (
    "app.graph.moments", "app.graph.recurrence", "app.records.event", "app.records.rrule", "app.records.when",
    "app.records.zones", "app.sync.mails", "app.sync.occurrences", "app.sync.recurrence",
)  # fmt: skip
"""Modules that have to do with events alone: the simulations, which play contacts, prove nothing of them."""

MODULES = (
    "app.records.contact", "app.records.patch", "app.records.values", "app.sync.breaker", "app.sync.clearing",
    "app.sync.conflicts", "app.sync.copies", "app.sync.doubts", "app.sync.holding", "app.sync.lists",
    "app.sync.matching", "app.sync.first_meeting", "app.sync.merging", "app.sync.policy", "app.sync.projection",
    "app.sync.reconcile", "app.sync.scope", "app.sync.stated", *CALENDAR,
)  # fmt: skip
THROUGH = ("tests.rules.outlook", "tests.rules.series", "app.graph.calendar")
"""What else a file of proofs may reach those modules through."""

QUIETLY = ("-q", "-s", "-p", "no:cacheprovider", "-p", "no:xdist")
PROOFS = ("tests/rules", "tests/simulation/test_small.py", "tests/simulation/test_lists.py")
SECONDS = 120
Pair = tuple[str, Mutant]


def file_of(module: str) -> Path:
    return ROOT / f"{module.replace('.', '/')}.py"


def name_of(module: str, mutant: Mutant) -> str:
    """Name a mutant by what it breaks, also when its line moves."""
    return f"{module}.{mutant.where}: {mutant.what}"


def every_mutant(modules: Iterable[str] = MODULES) -> list[Pair]:
    """Return every mutant of these modules."""
    return [(module, mutant) for module in modules for mutant in mutants(file_of(module).read_text())]


def exchange(module: str, mutant: Mutant, functions: Iterable[FunctionType]) -> None:
    """Let every function of a module run the mutant's code from now on, wherever it was imported to."""
    path = str(file_of(module))
    here = {code.co_qualname: code for code in _codes(compile(mutant.source, path, "exec"))}
    for function in functions:
        if function.__code__.co_filename == path:
            function.__code__ = here[function.__code__.co_qualname]


def _codes(code: CodeType) -> Iterator[CodeType]:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield inner
            yield from _codes(inner)


@dataclass
class Ledger:
    """Which mutants were caught and which survived, also in the runs before this one."""

    path: Path | None
    survived: dict[str, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.path is not None and self.path.exists():
            for line in self.path.read_text().splitlines():
                verdict, mutant, _ = line.split(maxsplit=2)
                self.survived[mutant] = verdict == "survived"

    def add(self, module: str, mutant: Mutant, *, survived: bool) -> None:
        self.survived[_hash(mutant)] = survived
        if self.path is not None:
            with self.path.open("a") as file:
                verdict = "survived" if survived else "caught"
                file.write(f"{verdict} {_hash(mutant)} {mutant.line} {name_of(module, mutant)}\n")

    def untried(self, pairs: Iterable[Pair]) -> list[Pair]:
        """Return those that no run has caught yet."""
        return [pair for pair in pairs if self.survived.get(_hash(pair[1]), True)]

    def alive(self, pairs: Iterable[Pair]) -> list[Pair]:
        """Return those that survived."""
        return [pair for pair in pairs if self.survived[_hash(pair[1])]]


def _hash(mutant: Mutant) -> str:
    return hashlib.sha256(mutant.source.encode()).hexdigest()[:16]


class Proofs:
    """The pytest plugin that holds the proofs against every mutant, instead of running them once."""

    def __init__(self, pairs: Sequence[Pair], ledger: Ledger) -> None:
        self.pairs, self.ledger = pairs, ledger

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        assert not session.testsfailed, "not every proof could be collected"
        slow = [item for item in session.items if "simulation" in item.nodeid]
        quick = [item for item in session.items if item not in slow and _concerned(item.path)]
        functions = [each for each in gc.get_objects() if isinstance(each, FunctionType)]
        gc.freeze()
        played = [pair for pair in self.pairs if pair[0] not in CALENDAR]
        if played and not _in_a_child(lambda: _run(slow)):
            raise pytest.UsageError("The proofs fail with nothing changed.")
        callers = _watched(quick)
        for module, mutant in self.pairs:
            proofs = [quick[n] for n in callers.get(f"{file_of(module)}:{mutant.where}", ())]
            proofs += [] if module in CALENDAR else slow

            def hold_against(module: str = module, mutant: Mutant = mutant, proofs=proofs) -> None:
                exchange(module, mutant, functions)
                _run(proofs)

            self.ledger.add(module, mutant, survived=_in_a_child(hold_against))
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            os._exit(1)


def _concerned(tests: Path) -> bool:
    """Say whether a file of tests has to do with any of the modules: others need not be watched."""
    imports = [node for node in ast.walk(ast.parse(tests.read_text())) if isinstance(node, ast.ImportFrom)]
    names = {f"{node.module}.{alias.name}" for node in imports for alias in node.names}
    return any(f"{name}.".startswith(f"{module}.") for name in names for module in (*MODULES, *THROUGH))


def _run(items: Sequence[pytest.Item]) -> None:
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


def _watched(items: Sequence[pytest.Item]) -> dict[str, list[int]]:
    """Return the numbers of the proofs that call each function, the quickest first."""
    found = Path(tempfile.mkstemp()[1])

    def watch() -> None:
        called: dict[str, set[int]] = defaultdict(set)
        seconds = []
        for number, item in enumerate(items):
            began = time.perf_counter()
            names: set[CodeType] = set()
            sys.settrace(lambda frame, _, __: names.add(frame.f_code))  # noqa: B023  None: no line is of interest
            _run([item])
            sys.settrace(None)
            seconds.append(time.perf_counter() - began)
            for code in names:
                called[f"{code.co_filename}:{code.co_name}"].add(number)
        callers = {name: sorted(numbers, key=seconds.__getitem__) for name, numbers in called.items()}
        found.write_text(json.dumps(callers))

    try:
        if not _in_a_child(watch, seconds=10 * SECONDS):
            raise pytest.UsageError("The proofs fail with nothing changed.")
        return json.loads(found.read_text())
    finally:
        found.unlink()


def _in_a_child(work: Callable[[], None], *, seconds: int = SECONDS) -> bool:
    """Say whether this comes to its end in a process of its own, in so many seconds of its own work."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        try:
            work()
            os._exit(0)
        except BaseException:  # noqa: BLE001
            os._exit(1)
    _, status = os.waitpid(child, 0)
    return status == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", default=MODULES)
    parser.add_argument("--sample", type=int, default=None, help="so many, drawn by --seed")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--ledger", type=Path, help="a file to go on from")
    asked = parser.parse_args()
    every, ledger = every_mutant(asked.modules), Ledger(asked.ledger)
    if asked.sample is not None:
        every = random.Random(asked.seed).sample(every, min(asked.sample, len(every)))
    code = pytest.main([*QUIETLY, *PROOFS], plugins=[Proofs(ledger.untried(every), ledger)])
    raise SystemExit(code or _judged(every, ledger.alive(every)))


def _judged(every: Sequence[Pair], alive: Sequence[Pair]) -> int:
    """Tell which mutants no test noticed although they break a rule, and which are wrongly said to break none."""
    lives = {name_of(*pair) for pair in alive}
    missed = sorted((mutant.line, name_of(module, mutant)) for module, mutant in alive)
    missed = [(line, name) for line, name in missed if name not in EQUIVALENT]
    wrong = sorted({name_of(*pair) for pair in every} & EQUIVALENT.keys() - lives)
    for line, name in missed:
        sys.stdout.write(f"not caught, line {line}: {name}\n")
    for name in wrong:
        sys.stdout.write(f"caught, though said to change nothing: {name}\n")
    caught, same = len(every) - len(alive), len(alive) - len(missed)
    sys.stdout.write(f"{caught} of {len(every)} mutants were caught; {same} change nothing\n")
    return 1 if missed or wrong else 0


if __name__ == "__main__":
    main()
