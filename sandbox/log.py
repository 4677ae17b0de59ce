"""The sandbox's memory on disk: every change of state is one line, written before it is answered.

A line is handed to the operating system in one write, so killing the process loses at most a line
that nobody was told about; such a torn last line is cut off at the next start.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

Body = dict[str, Any]
Command = tuple[str, Body]

PLAIN_JSON = (
    orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS
)


class LogInUseError(Exception):
    """Another sandbox keeps its state in this folder."""


class Log:
    """An append-only file of commands; without a folder, nothing is kept."""

    def __init__(self, folder: Path | None) -> None:
        self._path = folder / "log.jsonl" if folder else None
        self._file = -1
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = _lock(folder)
            self._open()

    @property
    def size(self) -> int:
        return self._path.stat().st_size if self._path else 0

    def append(self, kind: str, body: Body) -> None:
        if self._file >= 0:
            _write_all(self._file, _line(kind, body))

    def read(self) -> Iterator[Command]:
        """Yield every command kept, in order, and cut off a line that was never finished."""
        if self._path is None:
            return
        whole = 0
        with self._path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                kind, body = orjson.loads(line)
                yield kind, body
        os.truncate(self._path, whole)

    def rewrite(self, commands: Iterable[Command]) -> None:
        """Replace the whole log by these commands, so that a crash leaves the old one or the new one."""
        if self._path is None:
            return
        fresh = self._path.with_suffix(".new")
        with fresh.open("wb") as lines:
            for kind, body in commands:
                lines.write(_line(kind, body))
            lines.flush()
            os.fsync(lines.fileno())
        fresh.replace(self._path)
        os.close(self._file)
        self._open()

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            os.close(self._lock)
            self._file = -1

    def _open(self) -> None:
        assert self._path is not None  # noqa: S101
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def _line(kind: str, body: Body) -> bytes:
    return orjson.dumps([kind, body], option=PLAIN_JSON) + b"\n"


def _write_all(file: int, line: bytes) -> None:
    view = memoryview(line)
    while view:
        view = view[os.write(file, view) :]


def _lock(folder: Path) -> int:
    file = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        raise LogInUseError(f"Another sandbox is using {folder}.") from None
    return file
