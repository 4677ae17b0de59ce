"""python -m sandbox.smoke: tell the demo's story to nobody, and look whether it came true.

It ends with a table of what was read, and with 0 only if every row holds.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from sandbox.demo.sides import AnsweredError
from sandbox.demo.story import NeverSeenError
from sandbox.smoke.rows import ROWS, Row, WrongError, leading_to
from sandbox.smoke.sabotage import SABOTAGES
from sandbox.smoke.scene import Scene, Stack

SABOTAGE = "CONCORD_SMOKE_SABOTAGE"
CONTACTS = 200
FAILURES = (WrongError, NeverSeenError, AnsweredError, httpx.HTTPError)
WIDE_ENOUGH = 130
console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE_ENOUGH)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a row; ``holds`` is None where it was not tried, because a row before it failed."""

    row: Row
    holds: bool | None
    seen: str
    seconds: float = 0.0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.smoke", description=__doc__)
    parser.add_argument("--contacts", type=int, default=CONTACTS, help="how many the CRM begins with")
    parser.add_argument(
        "--stack", type=Path, default=None, metavar="DEV_JSON",
        help="use a stack that runs already, and leave out the rows that end it",
    )  # fmt: skip
    parser.add_argument(
        "--row", choices=[row.name for row in ROWS], default=None, help="only this row, and those it needs"
    )
    chosen = parser.parse_args()
    if os.environ.get(SABOTAGE, ROWS[0].name) not in SABOTAGES:
        parser.error(f"{SABOTAGE} is one of {', '.join(SABOTAGES)}.")
    return chosen


def main() -> int:
    chosen = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = Path(tempfile.mkdtemp(prefix="concord-smoke-"))
    begun = time.monotonic()
    rows = leading_to(chosen.row) if chosen.row else list(ROWS)
    outcomes = outcomes_in(folder, contacts=chosen.contacts, running=chosen.stack, wanted=rows)
    failed = [outcome for outcome in outcomes if outcome.holds is not True]
    console.print(table(outcomes))
    if failed:
        console.print(f"[bold red]{failed[0].row.name}: {failed[0].seen}[/]  Logs: {folder}", soft_wrap=True)
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    console.print(f"[bold green]All {len(outcomes)} rows hold.[/] {time.monotonic() - begun:.0f} s")
    return 0


def outcomes_in(folder: Path, *, contacts: int, running: Path | None, wanted: list[Row]) -> list[Outcome]:
    """Tell the story in this folder and return what came of each row; nothing of it runs afterwards."""
    stack = None if running else Stack(folder / "stack")
    rows = [row for row in wanted if stack or not row.owns]
    scene: Scene | None = None
    try:
        dev = stack.start() if stack else json.loads(Path(str(running)).read_text())
        scene = Scene(folder, stack=stack, dev=dev, contacts=contacts)
        return tried(scene, rows)
    except (NeverSeenError, AnsweredError, httpx.HTTPError) as error:
        return [Outcome(rows[0], holds=False, seen=str(error)), *untried(rows[1:])]
    finally:
        if scene:
            scene.close()
        if stack:
            stack.kill()


def tried(scene: Scene, rows: list[Row]) -> list[Outcome]:
    """Try each row, up to the first that fails."""
    outcomes: list[Outcome] = []
    for number, row in enumerate(rows):
        with console.status(row.title):
            outcomes.append(outcome_of(scene, row))
        if not outcomes[-1].holds:
            return [*outcomes, *untried(rows[number + 1 :])]
    return outcomes


def outcome_of(scene: Scene, row: Row) -> Outcome:
    sabotaged = os.environ.get(SABOTAGE) == row.name
    begun = time.monotonic()
    try:
        with SABOTAGES[row.name](scene) if sabotaged else nullcontext():
            seen, holds = row.read(scene), True
    except FAILURES as error:
        seen, holds = str(error), False
    return Outcome(row, holds=holds, seen=seen, seconds=time.monotonic() - begun)


def untried(rows: list[Row]) -> list[Outcome]:
    return [Outcome(row, holds=None, seen="not tried") for row in rows]


def table(outcomes: list[Outcome]) -> Table:
    shown = Table(title="Concord, looked at from outside", title_justify="left")
    for column in ("", "Row", "What should be", "What was seen"):
        shown.add_column(column)
    shown.add_column("Seconds", justify="right")
    marks = {True: "[green]✓[/]", False: "[red]✗[/]", None: "·"}
    for one in outcomes:
        seconds = "" if one.holds is None else f"{one.seconds:.1f}"
        shown.add_row(marks[one.holds], one.row.name, one.row.title, one.seen, seconds)
    return shown


if __name__ == "__main__":
    sys.exit(main())
