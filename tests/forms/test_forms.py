"""The settings screens drawn by two renderers that nobody here wrote, from nothing but ``/openapi.json``.

``docs/forms/`` has the adapters; Node draws each screen in each state, and what it drew is read here.
"""

import fcntl
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import product
from pathlib import Path

import pytest

from tests.contract.stage import DOCUMENT

FORMS = Path(__file__).resolve().parents[2] / "docs" / "forms"
INSTALLED = FORMS / "node_modules" / ".concord-lock"
RENDERERS = ("rjsf", "jsonforms")
SCREENS = {screen["id"]: screen for screen in DOCUMENT["x-screens"]}
NEVER_CLOSED = {"input", "br", "img", "hr", "meta", "link"}
ANSWERS = {
    "workspace.get": {
        "vocabulary": {
            name: [
                {"id": f"{name}-1", "title": f"First of {name}"},
                {"id": f"{name}-2", "title": f"Second of {name}"},
            ]
            for name in ("classes", "activity_types", "projects")
        }
    }
}


def schema_of(screen):
    return DOCUMENT["components"]["schemas"][SCREENS[screen]["schema"].rpartition("/")[2]]


def asked_in(screen) -> list[str]:
    """Return the fields that others depend on."""
    fields = schema_of(screen)["properties"].values()
    return sorted({name for part in fields for name in part.get("x-show-if", {})})


def states(screen) -> Iterator[dict]:
    """Walk the states in which a screen shows other fields: each value of every field that others depend on."""
    fields = schema_of(screen)["properties"]
    asked = asked_in(screen)
    defaults = {name: part["default"] for name, part in fields.items()}
    values = [
        [option["const"] for option in fields[name].get("oneOf", [])] or [False, True] for name in asked
    ]
    for chosen in product(*values):
        yield defaults | dict(zip(asked, chosen, strict=True))


CASES = [
    (screen, values, renderer) for screen in SCREENS for values in states(screen) for renderer in RENDERERS
]


def named(case) -> str:
    screen, values, renderer = case
    told = [str(values[name]) for name in asked_in(screen)]
    return "-".join([renderer, screen, *told])


def install() -> None:
    """Bring the packages that the lock names, once, whoever is first of several test processes."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.fail(f"{program} is missing: Node 20 or later draws the settings screens for this test.")
    lock = (FORMS / "package-lock.json").read_text()
    with (FORMS / "package.json").open() as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not INSTALLED.exists() or INSTALLED.read_text() != lock:
            asked = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
            done = subprocess.run(asked, cwd=FORMS, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"npm ci in docs/forms failed:\n{done.stdout}{done.stderr}"
            INSTALLED.write_text(lock)


@pytest.fixture(scope="module")
def pages():
    """Every case drawn, in one go."""
    install()
    cases = [
        {"screen": screen, "renderer": renderer, "values": values, "answers": ANSWERS}
        for screen, values, renderer in CASES
    ]
    told = json.dumps({"document": json.loads(json.dumps(DOCUMENT)), "cases": cases})
    drawn = subprocess.run(
        ["node", "render.js"], cwd=FORMS, input=told, capture_output=True, text=True, check=False
    )
    assert (drawn.returncode, drawn.stderr) == (0, "")
    return dict(zip(map(named, CASES), json.loads(drawn.stdout), strict=True))


@dataclass
class Seen(HTMLParser):
    """What a person sees of a page, in order: text, and which boxes and options are chosen."""

    html: str
    words: list[str] = field(default_factory=list)
    hidden: int = 0
    chosen: int = 0
    open: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.html)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.words += [given["label"]] if tag == "option" and not self.hidden and given.get("label") else []
        style = (given.get("style") or "").replace(" ", "")
        hides = "hidden" in given or "display:none" in style or tag == "datalist"
        self.chosen += not self.hidden and bool({"checked", "selected"} & set(given))
        if tag not in NEVER_CLOSED:
            self.open.append(hides)
            self.hidden += hides

    def handle_endtag(self, tag):
        if tag not in NEVER_CLOSED:
            self.hidden -= self.open.pop()

    def handle_data(self, data):
        if not self.hidden and data.strip():
            self.words.append(data.strip())


def expected(screen, values) -> Iterator[str]:
    """Walk what the document says is to be seen, in the document's order."""
    schema = schema_of(screen)
    for group in sorted(schema["x-groups"], key=lambda group: group["order"]):
        fields = [
            (name, part)
            for name, part in in_order(schema)
            if part["x-group"] == group["id"] and is_shown(part, values)
        ]
        if fields:
            yield group["title"]
        for _, part in fields:
            yield from of_field(part)


def in_order(schema):
    shown = [(name, part) for name, part in schema["properties"].items() if part.get("x-widget") != "hidden"]
    return sorted(shown, key=lambda field: field[1]["x-order"])


def is_shown(part, values) -> bool:
    return all(values[name] in allowed for name, allowed in part.get("x-show-if", {}).items())


def of_field(part) -> Iterator[str]:
    yield f"{part['title']} ({part['x-unit']})" if "x-unit" in part else part["title"]
    options = (part.get("items") or part).get("oneOf", [])
    yield from (option["title"] for option in options if option["const"] is not None)
    wanted = part.get("x-options")
    if wanted:
        words = ANSWERS[wanted["operation"]]
        for step in wanted["pointer"].strip("/").split("/"):
            words = words[step]
        yield from (word[wanted["title"]] for word in words)
    if part["type"] == "object":
        for _, inner in in_order(part):
            yield from of_field(inner)


def nothing_chosen(schema, values) -> Iterator[str]:
    """Walk what is said where nothing is chosen: a renderer has a place of its own for that."""
    for _, part in in_order(schema):
        if is_shown(part, values):
            yield from (option["title"] for option in part.get("oneOf", []) if option["const"] is None)
            yield from nothing_chosen(part, {}) if part["type"] == "object" else ()


@pytest.mark.parametrize("case", CASES, ids=map(named, CASES))
def test_every_label_choice_order_and_condition_is_there(pages, case):
    screen, values, _ = case
    seen = Seen(pages[named(case)]).words

    rest = iter(seen)
    for word in expected(screen, values):
        assert word in rest, f"{word!r} is missing, or not in its place, in {seen}"
    for none in nothing_chosen(schema_of(screen), values):
        assert none in seen
    for name, part in schema_of(screen)["properties"].items():
        visible = part.get("x-widget") != "hidden" and is_shown(part, values)
        assert (part["description"] in seen) == visible, name


@pytest.mark.parametrize("case", CASES, ids=map(named, CASES))
def test_what_is_chosen_is_shown_as_chosen(pages, case):
    screen, values, _ = case
    shown = [(part, values[name]) for name, part in in_order(schema_of(screen)) if is_shown(part, values)]
    wanted = sum(
        len(value)
        if part["type"] == "array" and "oneOf" in part["items"]
        else value is True or "oneOf" in part
        for part, value in shown
        if part["type"] != "object"
    )
    assert Seen(pages[named(case)]).chosen >= wanted


def test_there_is_something_to_draw():
    assert {"contacts"} <= set(SCREENS)
    assert len(CASES) > len(SCREENS) * len(RENDERERS)


def test_the_lock_names_no_registry():
    assert "resolved" not in (FORMS / "package-lock.json").read_text()
    packages = json.loads((FORMS / "package-lock.json").read_text())["packages"]
    assert [name for name, about in packages.items() if name and "integrity" not in about] == []
    exact = json.loads((FORMS / "package.json").read_text())["dependencies"]
    assert [version for version in exact.values() if not version[0].isdigit()] == []
