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

from sandbox.smoke.rows import ROWS
from sandbox.smoke.sabotage import SABOTAGES

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
    "signed": "1 verified, 1 refused",
    "quiet": "1 of them writes",
    "stopped": "exit -9",
    "continued": "This credential is not known",
    "nothing-left": "1 processes left",
}
ON_A_SHARED_STACK = [row.name for row in ROWS if not row.owns]
ON_ITS_OWN = [row.name for row in ROWS if row.owns]


@pytest.fixture
def smoke():
    """Run the smoke test, small, and return its exit code and its last line."""
    folder = tempfile.mkdtemp(prefix="smoke-")  # pytest's own is too deep for a unix socket

    def run(*options, sabotage=None):
        saboteur = {"CONCORD_SMOKE_SABOTAGE": sabotage} if sabotage else {}
        command = [sys.executable, "-m", "sandbox.smoke", "--contacts", "10", *options]
        ended = subprocess.run(
            command,
            check=False,
            env={**os.environ, **saboteur, "TMPDIR": folder},
            capture_output=True,
            text=True,
            timeout=180,
        )
        return ended.returncode, (ended.stdout.splitlines() or [ended.stderr])[-1]

    yield run
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def running(stack, tmp_path):
    """The options that name a stack which runs already."""
    path = tmp_path / "dev.json"
    path.write_text(json.dumps(stack))
    return "--stack", str(path)


def test_every_row_has_its_sabotage():
    assert list(SABOTAGES) == list(NOTICED) == [row.name for row in ROWS]


@pytest.mark.feature("F8")
def test_every_row_holds_on_a_stack_that_runs(smoke, running):
    code, said = smoke(*running)

    assert (code, said.split(".")[0]) == (0, f"All {len(ON_A_SHARED_STACK)} rows hold")


@pytest.mark.parametrize("row", ON_A_SHARED_STACK)
def test_a_world_that_is_broken_is_noticed_by_its_row(smoke, running, row):
    code, said = smoke(*running, "--row", row, sabotage=row)

    assert (code, said.split(":")[0], NOTICED[row] in said) == (1, row, True), said


@pytest.mark.parametrize("row", ON_ITS_OWN)
def test_an_end_that_is_not_clean_is_noticed_by_its_row(smoke, row):
    code, said = smoke("--row", row, sabotage=row)

    assert (code, said.split(":")[0], NOTICED[row] in said) == (1, row, True), said


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
