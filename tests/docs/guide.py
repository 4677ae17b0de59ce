"""Documentation that is run: its bash blocks in order, in one shell, against what it says they print.

A ``text`` block right after a ``bash`` block is the expected output, line by line. A line of JSON (which may
be wrapped) is held against a line of JSON: an object must have what is shown of it. ``…`` in a text stands
for anything, at the end of an object or array for more of it, alone in a line for any lines.
"""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BLOCK = re.compile(
    r"^```bash\n(?P<commands>.*?)^```\n(?:```text\n(?P<printed>.*?)^```\n)?", re.DOTALL | re.MULTILINE
)
ANY = "…"


@dataclass(frozen=True, slots=True)
class Block:
    """Commands, the line of the document where they begin, and what they are said to print."""

    line: int
    commands: str
    printed: str


def blocks(text: str) -> list[Block]:
    return [
        Block(text.count("\n", 0, found.start()) + 1, found["commands"], found["printed"] or "")
        for found in BLOCK.finditer(text)
    ]


def played(told: list[Block], folder: Path, *, within: float, **environment: str) -> list[str]:
    """Run the blocks in one shell that starts in ``folder``; return what each printed, as far as they came."""
    for number, block in enumerate(told):
        (folder / f"{number}.sh").write_text(block.commands)
    at = str(folder)
    lines = [f'. "{at}/{number}.sh" > "{at}/{number}.out" 2>&1' for number in range(len(told))]
    (folder / "all.sh").write_text("\n".join(["trap 'kill $(jobs -p) 2> /dev/null' EXIT", *lines]))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    shell = subprocess.Popen(
        ["bash", str(folder / "all.sh")], cwd=folder, start_new_session=True, stdin=subprocess.DEVNULL,
        env={**os.environ, "PATH": path, **environment},
    )  # fmt: skip
    try:
        shell.wait(within)
    except subprocess.TimeoutExpired:
        os.killpg(shell.pid, signal.SIGKILL)
        shell.wait()
    outputs = [folder / f"{number}.out" for number in range(len(told))]
    return [output.read_text() for output in outputs if output.exists()]


def difference(expected: str, actual: str) -> str | None:
    """Return the first thing in which an output isn't as it is said to be."""
    said, seen = list(_said(expected)), [line for line in actual.splitlines() if line.strip()]
    skipping = False
    for one in said:
        if one == ANY:
            skipping = True
            continue
        while skipping and seen and not fits(one, _seen(seen[0], one)):
            seen.pop(0)
        skipping = False
        if not seen:
            return f"nothing where {one!r} was expected"
        if not fits(one, _seen(seen[0], one)):
            return f"{seen[0]!r} where {one!r} was expected"
        seen.pop(0)
    return f"{seen[0]!r} besides" if seen and not skipping else None


def fits(said: Any, seen: Any) -> bool:
    """Say whether something is as it was said to be."""
    match said:
        case str():
            return isinstance(seen, str) and bool(re.fullmatch(re.escape(said).replace(ANY, ".*"), seen))
        case dict():
            return isinstance(seen, dict) and all(n in seen and fits(v, seen[n]) for n, v in said.items())
        case [*first, "…"]:
            return isinstance(seen, list) and fits(first, seen[: len(first)])
        case list():
            return isinstance(seen, list) and len(said) == len(seen) and all(map(fits, said, seen))
    return bool(said == seen)


def _said(expected: str) -> Iterator[Any]:
    """Yield the lines of an expected output, wrapped JSON as one."""
    open_ = ""
    for line in expected.splitlines():
        open_ += line
        prefix, brace, document = open_.partition("{")
        if not brace or prefix not in {"", "data: "}:
            yield open_.strip()
            open_ = ""
            continue
        try:
            yield json.loads(brace + re.sub(r",? ?…}", "}", document))
        except json.JSONDecodeError:
            continue
        open_ = ""
    assert not open_, f"This is no JSON: {open_}"


def _seen(line: str, said: Any) -> Any:
    if isinstance(said, str):
        return line.strip()
    try:
        return json.loads(line.removeprefix("data: "))
    except json.JSONDecodeError:
        return line
