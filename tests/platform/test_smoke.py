"""`make smoke` and `make demo`: the first minutes of whoever tries this, and that the table reads the world."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx
import pytest
from world import accepted, eventually

from sandbox.smoke.__main__ import FAILURES
from sandbox.smoke.rows import ROWS
from sandbox.smoke.sabotage import SABOTAGES
from sandbox.smoke.scene import QUICK_SECONDS, Scene, Stack

NOTICED = {
    "started": '"missing":["redis"]',
    "signed-in": "None pending",
    "loaded": "11 of 10 known",
    "first-sync": "9 written, 1 refused",
    "folder": "0 folders",
    "counted": "9 of 10 counted",
    "marked": "1 marks are there more than once",
    "agreed": "10 compared, 2 not the same",
    "added": "All are in the CRM: not within",
    "heard": "new job title in the CRM: not within",
    "written": "new job title in Outlook: not within",
    "signed": " verified, 1 refused",
    "quiet": "1 of them writes",
    "stopped": "exit -9",
    "continued": "This credential is not known",
    "nothing-left": "1 processes left",
}
ON_A_SHARED_STACK = [row.name for row in ROWS if not row.owns]
NAMED = {row.name: row for row in ROWS}
NOT_WAITED_FOR_LONG = 1.5

# Three stories: each row of them is told as it should be; those in capitals first with the world broken. Where
# something broken can't be mended, the story goes on with rows that don't mind, or ends.
STORIES = {
    "mended": (
        "STARTED signed-in LOADED first-sync FOLDER COUNTED MARKED AGREED added "
        "QUIET! HEARD! WRITTEN! SIGNED!"
    ),
    "not mended": "started SIGNED-IN loaded FIRST-SYNC! folder ADDED!",
    "on its own": "started signed-in loaded first-sync folder added STOPPED! NOTHING-LEFT! CONTINUED!",
}


@pytest.fixture
def folder():
    folder = tempfile.mkdtemp(prefix="smoke-")  # pytest's own is too deep for a unix socket
    yield Path(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def smoke(folder, stack):
    """Run the smoke test, small, on a stack that runs; return its exit code and its last line."""
    (folder / "dev.json").write_text(json.dumps(stack))

    def run(*options, sabotage=None):
        saboteur = {"CONCORD_SMOKE_SABOTAGE": sabotage} if sabotage else {}
        command = [sys.executable, "-m", "sandbox.smoke", "--contacts", "10", "--stack", folder / "dev.json"]
        ended = subprocess.run(
            [*command, *options],
            check=False,
            env={**os.environ, **saboteur, "TMPDIR": str(folder)},
            capture_output=True,
            text=True,
            timeout=180,
        )
        return ended.returncode, (ended.stdout.splitlines() or [ended.stderr])[-1]

    return run


@pytest.fixture
def scene_on(folder, request):
    """Set a scene on the stack that all tests share, or on one of its own."""
    made = []

    def on(*, own):
        stack = Stack(folder / "stack") if own else None
        dev = stack.start() if stack else request.getfixturevalue("stack")
        made.append(Scene(folder, stack=stack, dev=dev, contacts=10))
        return made[-1]

    yield on
    for scene in made:
        scene.close()
        if scene.stack:
            scene.stack.kill()


def told():
    return [word.strip("!").lower() for story in STORIES.values() for word in story.split() if word.isupper()]


def test_every_row_has_its_sabotage_and_a_story_with_it():
    assert list(SABOTAGES) == list(NOTICED) == [row.name for row in ROWS]
    assert sorted(told()) == sorted(NOTICED)


@pytest.mark.feature("F8")
def test_every_row_holds_on_a_stack_that_runs(smoke):
    code, said = smoke()

    assert (code, said.split(".")[0]) == (0, f"All {len(ON_A_SHARED_STACK)} rows hold")


def test_a_row_that_fails_ends_it_with_1_and_names_the_row(smoke):
    code, said = smoke("--row", "started", sabotage="started")

    assert (code, said.split(":")[0], NOTICED["started"] in said) == (1, "started", True), said


@pytest.mark.parametrize("story", STORIES)
def test_a_world_that_is_broken_is_noticed_by_its_row(scene_on, story):
    scene = scene_on(own=story == "on its own")
    for word in STORIES[story].split():
        row = NAMED[word.strip("!").lower()]
        if row.name == "nothing-left":
            scene.stack.dev_json.unlink()  # of the stack that was killed
            scene.start_again()
        if word.isupper():
            assert_noticed(scene, row)
        if not word.endswith("!"):
            row.read(scene)


def assert_noticed(scene, row):
    scene.patience = NOT_WAITED_FOR_LONG if "not within" in NOTICED[row.name] else QUICK_SECONDS
    with SABOTAGES[row.name](scene), pytest.raises(FAILURES) as said:
        row.read(scene)
    scene.patience = QUICK_SECONDS
    assert NOTICED[row.name] in str(said.value)


def demo_of(stack):
    """Return what the demo's CRM holds and what the demo said, once it has told its story."""
    log = stack.folder / "logs" / "demo.log"
    eventually(lambda: log.exists() and "Ctrl-C ends" in log.read_text(), within=120)
    said = log.read_text()
    log.unlink()
    port = json.loads((stack.folder / "state.json").read_text())["ports"]["crm"]
    contacts = accepted(httpx.get(f"http://127.0.0.1:{port}/api/contacts")).json()["data"]
    key = {"Authorization": f"Bearer {stack.dev['workspace_key']}"}
    connections = accepted(httpx.get(f"{stack.dev['api']}/v1/connections", headers=key)).json()["data"]
    return {
        "ids": {one["crm_id"] for one in contacts},
        "connections": [one["id"] for one in connections],
    }, said


@pytest.mark.feature("A1", "A2", "A3", "A4")
def test_the_demo_tells_its_story_and_a_second_start_continues_it(new_stack):
    stack = new_stack("--demo")
    first, said = demo_of(stack)

    assert len(first["ids"]) == 205
    assert len(first["connections"]) == 1
    assert "200 contacts written to Outlook" in said
    assert "arrived at the CRM's webhook" in said
    assert "arrived in Outlook" in said

    assert stack.stop() == 0
    assert not Path(stack.folder / "dev.json").exists()
    stack.start()
    second, said = demo_of(stack)

    assert second == first
    assert "is on, as it was left" in said
