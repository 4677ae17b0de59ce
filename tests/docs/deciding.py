"""The tables of docs/how-concord-decides.md, worked out by the engine: ``python tests/docs/deciding.py`` writes them anew.

A row of a table names a situation, or several that come out alike: "any" stands for every value that no row
above has taken. Whatever it comes to is asked of the engine, which must answer the same for all of them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

from deciding_matches import matching
from lives import life
from reference import renewed, table

from app.reasons import REASONS
from app.records.link import AttemptKind, LinkState
from app.records.reasons import Reason
from app.sync.breaker import Kind, Limits, Window, trips
from app.sync.conflicts import Kept, Policy, Resolution, Side, Stamp, settle
from app.sync.policy import (
    Access,
    DeletedInMicrosoft,
    Direction,
    Happening,
    LeftScope,
    RemovedFromCrm,
    SharedDeletes,
    item_gone,
    left_scope,
    record_deleted,
)
from app.sync.verdict import Held, Sync, Tie, verdict

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-concord-decides.md"
ANY: Any = "any"
BOTH, OUT, IN = Direction.TWO_WAY, Direction.CRM_TO_MICROSOFT, Direction.MICROSOFT_TO_CRM
WAYS = {BOTH: "both ways", OUT: "CRM to Microsoft", IN: "Microsoft to CRM"}
DAY, LATER = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC)


@dataclass(frozen=True)
class Rules:
    """A table of rules: its columns with their values and words, its rows as patterns, and who decides."""

    columns: Mapping[str, Mapping[Any, str]]
    rows: Iterable[tuple[Any, ...]]
    decide: Callable[..., str]
    outcome: str

    def told(self) -> str:
        head = (*self.columns, self.outcome)
        open_ = set(product(*self.columns.values()))
        lines = []
        for row in self.rows:
            meant = {combination for combination in open_ if _fits(row, combination)}
            (outcome,) = {self.decide(*combination) for combination in meant}
            open_ -= meant
            lines.append((*self._words(row), outcome))
        assert not open_, f"no row tells of {open_}"
        return table(head, lines)

    def _words(self, row: tuple[Any, ...]) -> Iterable[str]:
        for part, words in zip(row, self.columns.values(), strict=True):
            several = part if isinstance(part, tuple) else (part,)
            yield ANY if part is ANY else ", ".join(words[each] for each in several)


def _fits(row: tuple[Any, ...], combination: tuple[Any, ...]) -> bool:
    return all(
        part is ANY or value == part or (isinstance(part, tuple) and value in part)
        for part, value in zip(row, combination, strict=True)
    )


def words(values: Iterable[Any]) -> dict[Any, str]:
    return {value: f"`{value}`" for value in values}


def outcome(happening: Happening) -> str:
    """Say what a happening means for the item, the record and their tie."""
    reason = f" (`{happening.reason}`)" if happening.reason is not None else ""
    if happening.deletes_item:
        return "the item is deleted in Outlook"
    if happening.next_generation:
        return f"the item is made again{reason}"
    record = "; the record is deleted in the CRM" if happening.deletes_record else ""
    return f"the link becomes `{happening.state}`{record}{reason}"


def directions() -> str:
    yes = {True: "yes", False: "no"}
    lines = [
        (f"`{way}`", yes[way.hears], yes[way.sends], yes[_ends_record(way)], yes[_ends_item(way)])
        for way in Direction
    ]
    head = ("direction", "edits of Outlook reach the CRM", "edits of the CRM reach Outlook")
    ends = ("removals in Outlook can reach the CRM", "removals in the CRM can reach Outlook")
    return table((*head, *ends), lines)


def _ends_record(way: Direction) -> bool:
    return item_gone(
        LinkState.LINKED, attempt=None, direction=way, setting=DeletedInMicrosoft.DELETE, access=Access.PRIMARY,
        other_live_links=0,
    ).deletes_record  # fmt: skip


def _ends_item(way: Direction) -> bool:
    setting = RemovedFromCrm.DELETE
    return record_deleted(LinkState.LINKED, attempt=None, direction=way, setting=setting).deletes_item


def removed_from_crm() -> Rules:
    def decide(way: Direction, setting: RemovedFromCrm, state: LinkState) -> str:
        then = record_deleted(state, attempt=None, direction=way, setting=setting)
        return "nothing changes" if then == Happening(state) else outcome(then)

    ended = (LinkState.REMOVED_BY_US, LinkState.REMOVED_THERE, LinkState.IGNORED, LinkState.SEVERED)
    rows = [
        (ANY, ANY, LinkState.WANTED),
        (ANY, ANY, ended),
        (IN, ANY, ANY),
        (ANY, RemovedFromCrm.DELETE, LinkState.LINKED),
        (ANY, ANY, ANY),
    ]
    columns = {"direction": WAYS, "removed_from_crm": words(RemovedFromCrm), "the link was": words(LinkState)}
    return Rules(columns, rows, decide, "then")


def deleted_in_microsoft() -> Rules:
    def decide(
        way: Direction, setting: DeletedInMicrosoft, access: Access, others: bool, shared: SharedDeletes
    ) -> str:
        return outcome(
            item_gone(
                LinkState.LINKED, attempt=None, direction=way, setting=setting, access=access,
                other_live_links=int(others), shared=shared,
            )
        )  # fmt: skip

    keep, delete, again = DeletedInMicrosoft
    rows = [
        ((BOTH, OUT), again, ANY, ANY, ANY),
        (OUT, ANY, ANY, ANY, ANY),
        (ANY, ANY, Access.VIEW_ONLY, ANY, ANY),
        (ANY, delete, ANY, False, ANY),
        (ANY, delete, Access.PRIMARY, True, SharedDeletes.PRIMARY),
        (ANY, (keep, delete, again), ANY, ANY, ANY),
    ]
    columns = {
        "direction": WAYS, "deleted_in_microsoft": words(DeletedInMicrosoft), "access": words(Access),
        "another mailbox has it": {True: "yes", False: "no"}, "rule shared_deletes": words(SharedDeletes),
    }  # fmt: skip
    return Rules(columns, rows, decide, "then")


def left() -> Rules:
    def decide(way: Direction, setting: LeftScope, edited: bool) -> str:
        reason = Reason.CLASS_NOT_SELECTED
        return outcome(left_scope(reason, attempt=None, direction=way, setting=setting, edited=edited))

    rows = [
        (ANY, LeftScope.KEEP, ANY),
        (IN, LeftScope.DELETE, ANY),
        (ANY, LeftScope.DELETE, True),
        (ANY, LeftScope.DELETE, False),
    ]
    edited = {True: "its user has edited it since", False: "untouched"}
    return Rules(
        {"direction": WAYS, "left_scope": words(LeftScope), "the item": edited}, rows, decide, "then"
    )


def echoes() -> Rules:
    def decide(way: Direction, lives: bool) -> str:
        return outcome(
            item_gone(
                LinkState.LINKED, attempt=AttemptKind.DELETE, direction=way, record_lives=lives,
                setting=DeletedInMicrosoft.DELETE, access=Access.PRIMARY, other_live_links=0,
            )
        )  # fmt: skip

    columns = {"direction": WAYS, "the record": {True: "was saved again meanwhile", False: "is deleted"}}
    return Rules(columns, [(ANY, False), ((BOTH, OUT), True), (ANY, True)], decide, "then")


def conflicts() -> Rules:
    sides = {
        Kept.OURS: "the CRM's",
        Kept.THEIRS: "Outlook's",
        Kept.NEITHER: "each side keeps its own until somebody decides",
    }
    times = {
        "Outlook's edit is later": (DAY, LATER),
        "the CRM's edit is later": (LATER, DAY),
        "both at one moment": (DAY, DAY),
        "the CRM told no time": (None, DAY),
    }

    def decide(resolution: Resolution, when: str) -> str:
        crm, microsoft = times[when]
        ours, theirs = Stamp(crm, Side.CRM), Stamp(microsoft, Side.MICROSOFT, "con_1")
        return sides[settle(Policy(resolution), field="job_title", ours=ours, theirs=theirs)]

    rows = [
        (Resolution.CRM_WINS, ANY),
        (Resolution.MICROSOFT_WINS, ANY),
        (Resolution.NEWEST_WINS, "Outlook's edit is later"),
        (Resolution.NEWEST_WINS, ANY),
        (Resolution.ASK, ANY),
    ]
    columns = {
        "conflict_resolution": words(Resolution),
        "when": dict(zip(times, times, strict=True)),
    }
    return Rules(columns, rows, decide, "whose value stays")


def breaker() -> str:
    cases = [
        ("deletions", Kind.DELETIONS, 2, 1000),
        ("deletions", Kind.DELETIONS, 10, 1000),
        ("deletions", Kind.DELETIONS, 11, 1000),
        ("deletions", Kind.DELETIONS, 101, 1000),
        ("deletions", Kind.DELETIONS, 2, 4),
        ("deletions", Kind.DELETIONS, 3, 6),
        ("creations", Kind.CREATIONS, 5000, 0),
        ("creations", Kind.CREATIONS, 5001, 0),
        ("fields emptied", Kind.CLEARS, 11, 20),
    ]
    answers = {True: "somebody is asked first", False: "done"}
    lines = [
        (
            what,
            str(number),
            str(live),
            answers[trips(kind, pending=number, window=Window(live=live), limits=Limits())],
        )
        for what, kind, number, live in cases
    ]
    return table(("what", "within 24 hours", "links that live in the folder", "then"), lines)


def verdicts() -> str:
    sync, held, tie = Sync(direction=BOTH), Held(scope=Reason.IN_SCOPE), Tie(state=LinkState.LINKED)
    off, paused = Sync(direction=BOTH, stopped=Reason.DISABLED), Sync(direction=BOTH, stopped=Reason.PAUSED)
    gone = Sync(direction=BOTH, trouble=Reason.COLLECTION_GONE)
    outside, deleted = (
        Held(scope=Reason.NOT_AN_OWNER),
        Held(scope=Reason.IN_SCOPE, ended=Reason.REMOVED_FROM_CRM),
    )
    cases = [
        ("The sync is switched off", off, held, tie),
        ("The CRM rejected the record", sync, Held(scope=Reason.IN_SCOPE, rejected=True), tie),
        ("The folder is gone from Outlook", gone, held, tie),
        (
            "It belongs to a set that somebody is asked about",
            sync,
            held,
            Tie(state=LinkState.GONE, asked=True),
        ),
        ("Its link has ended: removed in Outlook", sync, held, Tie(state=LinkState.REMOVED_THERE)),
        ("Its link has ended: moved to another folder", sync, held, Tie(state=LinkState.MOVED_OUT)),
        (
            "Its link has ended: the record was deleted, the item kept",
            sync,
            deleted,
            Tie(state=LinkState.SEVERED),
        ),
        ("Several could be meant", sync, held, Tie(state=LinkState.IN_REVIEW)),
        ("It is out of scope", sync, outside, tie),
        ("Nothing may be read or written now: paused, not signed in, not permitted, …", paused, held, tie),
        ("A conflict is open", sync, Held(scope=Reason.IN_SCOPE, conflict=Reason.CONFLICT_OPEN), tie),
        ("Microsoft refused it", sync, held, Tie(state=LinkState.LINKED, parked=True)),
        ("The CRM has not named it", sync, Held(scope=Reason.IN_SCOPE, named=False), tie),
        ("It is tried again after a failure", sync, held, Tie(state=LinkState.WANTED, failing=True)),
        ("It was deleted, and its item is to go", sync, deleted, Tie(state=LinkState.LINKED, owed=True)),
        ("Something is owed", sync, held, Tie(state=LinkState.LINKED, owed=True)),
        (
            "Something is owed, against the direction",
            Sync(direction=IN),
            held,
            Tie(state=LinkState.LINKED, owed=True),
        ),
        ("The CRM keeps an older value", sync, Held(scope=Reason.IN_SCOPE, keeps_its_value=True), tie),
        ("Both sides agree", sync, held, tie),
    ]
    lines = []
    for what, *facts in cases:
        judged = verdict(*facts)
        lines.append((what, f"`{judged.stand}`", f"`{judged.reason}`", REASONS[judged.reason].title))
    return table(("the first that holds", "state", "reason", "which means"), lines)


def tables() -> dict[str, str]:
    """Return each table by its name in the page."""
    return {
        "directions": directions(),
        "removed_from_crm": removed_from_crm().told(),
        "deleted_in_microsoft": deleted_in_microsoft().told(),
        "left_scope": left().told(),
        "echoes": echoes().told(),
        "conflicts": conflicts().told(),
        "breaker": breaker(),
        "matching": matching(),
        "life": life(),
        "verdicts": verdicts(),
    }


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(), tables()))
