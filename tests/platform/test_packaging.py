"""What is written down about the project holds."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
NAMED = [
    *PROJECT["project"]["dependencies"],
    *PROJECT["project"]["optional-dependencies"]["sandbox"],
    *PROJECT["dependency-groups"]["dev"],
]


def name_of(requirement):
    return re.match(r"[\w-]+", requirement)[0]


@pytest.mark.parametrize("package", [name_of(line) for line in NAMED])
def test_the_reason_for_each_dependency_is_written_down(package):
    assert re.search(rf"\b{re.escape(package)}\b", (ROOT / "docs" / "dependencies.md").read_text())


@pytest.mark.parametrize("package", [name_of(line) for line in PROJECT["project"]["dependencies"]])
def test_each_dependency_of_the_service_is_pinned_in_both_locks(package):
    for lock in ("requirements.txt", "requirements-dev.txt"):
        assert re.search(rf"^{package}(\[\w+\])?==\S+ \\$", (ROOT / lock).read_text(), re.MULTILINE)


def test_ci_runs_what_the_readme_names():
    assert "\nmake test\n" in (ROOT / ".ci" / "run").read_text()
    assert "make test" in (ROOT / "README.md").read_text()


def test_make_help_explains_each_word():
    words = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    shown = subprocess.run(
        ["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout

    assert re.findall(r"^make ([a-z]+) +\S", shown, re.MULTILINE) == words
    known = "setup dev demo smoke test check simulate mutants bench lock clean help"
    assert set(known.split()) == set(words)
