"""Break each rule of the pure modules and see that a test notices: python -m tests.mutants.run [--sample 200].

Every mutant gets a process of its own, forked once the libraries are loaded and before Concord is.
"""

import argparse
import importlib.abc
import importlib.machinery
import io
import os
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import hypothesis  # noqa: F401  loaded before the forks
import pydantic  # noqa: F401
import pytest
import sqlalchemy.ext.asyncio  # noqa: F401

from tests.mutants.operators import Mutant, mutants

ROOT = Path(__file__).parent.parent.parent
MODULES = (
    "app.records.contact", "app.records.patch", "app.records.values", "app.sync.breaker", "app.sync.conflicts",
    "app.sync.copies", "app.sync.doubts", "app.sync.holding", "app.sync.lists", "app.sync.matching",
    "app.sync.meeting", "app.sync.merging", "app.sync.policy", "app.sync.projection", "app.sync.reconcile",
    "app.sync.scope", "app.sync.stated",
)  # fmt: skip
QUIETLY = (
    "-x",
    "-q",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
    "-W",
    "ignore::pytest.PytestAssertRewriteWarning",
)
PROOFS = ["tests/rules", "tests/simulation/test_small.py", "tests/simulation/test_lists.py"]
SECONDS = 120


class Instead(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):
    """Loads one module from another source than its file's."""

    def __init__(self, name: str, source: str) -> None:
        self.name, self.source = name, source.encode()

    def find_spec(self, name, path=None, target=None):  # noqa: ARG002
        return importlib.machinery.ModuleSpec(name, self, origin=name) if name == self.name else None

    def get_filename(self, fullname):
        return str(ROOT / fullname.replace(".", "/")) + ".py"

    def get_data(self, path):  # noqa: ARG002
        return self.source

    def path_stats(self, path):
        raise OSError(path)  # no bytecode is kept of it


def survives(module: str, mutant: Mutant) -> bool:
    """Say whether every proof holds for a mutant."""
    child = os.fork()
    if child == 0:
        sys.meta_path.insert(0, Instead(module, mutant.source))
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            try:
                os._exit(pytest.main([*QUIETLY, *PROOFS]) != 0)
            except BaseException:  # noqa: BLE001
                os._exit(1)
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status == 0
        time.sleep(0.05)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", default=MODULES)
    parser.add_argument("--sample", type=int, default=None, help="so many, drawn by --seed")
    parser.add_argument("--seed", default="1")
    asked = parser.parse_args()
    every = [
        (module, mutant)
        for module in asked.modules
        for mutant in mutants((ROOT / f"{module.replace('.', '/')}.py").read_text())
    ]
    whole = (ROOT / "app/sync/policy.py").read_text()
    if not survives("app.sync.policy", Mutant(0, "nothing changed", whole)):
        raise SystemExit("The proofs fail with nothing changed.")
    if asked.sample is not None:
        every = random.Random(asked.seed).sample(every, min(asked.sample, len(every)))
    with ThreadPoolExecutor(2) as pool:
        alive = [
            pair
            for pair, survived in zip(every, pool.map(lambda pair: survives(*pair), every), strict=True)
            if survived
        ]
    for module, mutant in sorted(alive, key=lambda pair: (pair[0], pair[1].line)):
        sys.stdout.write(f"{module}:{mutant.line}: {mutant.what}\n")
    sys.stdout.write(f"{len(every) - len(alive)} of {len(every)} mutants were caught\n")


if __name__ == "__main__":
    main()
