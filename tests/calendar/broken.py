"""Engines that mail otherwise than they should, each by one rule that is broken. The worlds must catch every one."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FunctionType
from typing import Any, Final, cast

from app.sync import mails, masks, occurrences, projection


def _nobody(*_: object, **__: object) -> tuple[str, ...]:
    return ()


def _yes(*_: object, **__: object) -> bool:
    return True


def _no(*_: object, **__: object) -> bool:
    return False


def _as_known(_shape: Any, _doc: Any, view: Any, _part: Any) -> Any:
    return view.graph_means


BREAKS: Final[Mapping[str, tuple[Callable[..., Any], Callable[..., Any]]]] = {
    "no write mails anybody": (mails.mailed_by, _nobody),
    "no deletion mails anybody": (mails.mailed_by_delete, _nobody),
    "each policy covers all": (mails.covers, _yes),
    "what is over is still to come": (mails.is_ahead, _yes),
    "guests are never kept out": (masks.frozen, _as_known),
    "each owner's mailbox invites": (masks.invites_here, _yes),
    "no late write is known again": (projection.says_what_was_sent, _no),
    "an occurrence is told what it says": (occurrences.says, _no),
}


@contextmanager
def broken(rule: str) -> Iterator[None]:
    """Let a rule be another one, wherever it was imported to."""
    function, instead = (cast("FunctionType", each) for each in BREAKS[rule])
    code = function.__code__
    function.__code__ = instead.__code__
    try:
        yield
    finally:
        function.__code__ = code
