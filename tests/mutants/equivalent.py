"""Mutants that change nothing anybody could see, each with the reason why: by name, no line number in it."""

from typing import Final

EQUIVALENT: Final[dict[str, str]] = {}
