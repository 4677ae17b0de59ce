"""The documentation names what is there, all of it, and nothing else."""

import re
from pathlib import Path

import pytest
from deciding import PAGE as DECIDING
from deciding import tables as decided
from reference import REFERENCE, renewed
from reference import tables as listed

from app.config import Settings, variable
from app.jobs import DUE

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
OURS = [page for page in DOCS.rglob("*.md") if "node_modules" not in page.parts]
PAGES = sorted([*OURS, ROOT / "README.md", ROOT / "CHANGELOG.md"])
LINK = re.compile(r"\[[^]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
NAMED = re.compile(r"`((?:app|sandbox|tests|docs|bench|migrations|\.ci)/[\w./-]+)`")
OPTIONS_OF_DEV = {"CONCORD_URL", "CONCORD_WORKSPACE_KEY"}

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def prose(page: Path) -> str:
    return FENCED.sub("", page.read_text())


def anchors(page: Path) -> set[str]:
    """Return the anchors that a page's headings get."""
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(prose(page)))
    return {heading.strip().replace(" ", "-") for heading in plain}


@every_page
def test_every_link_between_pages_leads_somewhere(page):
    lost = []
    for target in LINK.findall(prose(page)):
        place, _, anchor = target.partition("#")
        if "://" in place:
            continue
        other = (page.parent / place).resolve() if place else page
        if not other.exists() or (anchor and anchor not in anchors(other)):
            lost.append(target)
    assert lost == []


@every_page
def test_every_file_that_is_named_exists(page):
    assert [name for name in NAMED.findall(prose(page)) if not (ROOT / name).exists()] == []


@every_page
def test_every_test_that_is_named_exists(page):
    known = " ".join(test.read_text() for test in (ROOT / "tests").rglob("test_*.py"))
    named = re.findall(r"`(test_\w+)`", prose(page))
    assert [name for name in named if f"def {name}(" not in known] == []


def test_the_reference_says_what_the_code_says():
    page = REFERENCE.read_text()
    assert page == renewed(page, listed()), "python tests/docs/reference.py writes its tables anew"


def test_how_concord_decides_is_how_it_decides():
    page = DECIDING.read_text()
    assert page == renewed(page, decided()), "python tests/docs/deciding.py writes its tables anew"


def test_every_setting_is_described_and_none_is_made_up():
    page = (DOCS / "settings.md").read_text()
    described = set(re.findall(r"^\| `(CONCORD_\w+)`", page, re.MULTILINE))
    assert described == {variable(name) for name in Settings.model_fields}


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_setting_is_described_in_the_words_of_the_code(name):
    assert f"{Settings.model_fields[name].description} |" in (DOCS / "settings.md").read_text()


@every_page
def test_no_page_names_a_variable_that_nobody_reads(page):
    known = {variable(name) for name in Settings.model_fields} | OPTIONS_OF_DEV
    named = set(re.findall(r"CONCORD_[A-Z_]*[A-Z]", page.read_text()))
    assert {name for name in named - known if f"{name}_*" not in page.read_text()} == set()


def test_every_kind_of_job_is_described_and_none_is_made_up():
    table = (DOCS / "operations.md").read_text().partition("## Background work")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(DUE)


def test_every_page_and_decision_can_be_reached_from_the_index():
    index = prose(DOCS / "index.md")
    reached = {
        (DOCS / target.partition("#")[0]).resolve() for target in LINK.findall(index) if "://" not in target
    }
    assert {page for page in PAGES if page.name != "index.md"} == reached


@pytest.mark.parametrize("page", sorted((DOCS / "decisions").glob("*.md")), ids=lambda page: page.stem)
def test_a_decision_is_one_page_with_its_number_and_its_reason(page):
    text = page.read_text()
    number = int(page.name[:4])
    assert text.startswith(f"# {number}. ")
    assert "**Decided" in text
    assert "**Why.**" in text or "**The trouble.**" in text
    assert len(text) < 3500
