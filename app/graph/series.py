"""What the master of a series leaves out: when its changed occurrences would have begun.

Quirk: an event that is shown inside another has no ``originalStart``. Outlook writes that day into the uid of
each occurrence ([MS-OXOCAL] 2.2.1.27); where another program made the uid, it has to be asked for.
https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxocal
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final
from urllib.parse import quote

from app.graph.batch import Call
from app.graph.mailbox import Mailbox
from app.graph.protocol import Document, NotFound

OUTLOOK: Final = "040000008200E00074C5B7101A82E008"
DAY: Final = slice(len(OUTLOOK), len(OUTLOOK) + 8)


def day_in_uid(uid: str | None) -> date | None:
    """Return the day that Outlook wrote into an occurrence's uid: of its original start, in its own zone."""
    if uid is None or not uid.upper().startswith(OUTLOOK):
        return None
    digits = uid[DAY]
    try:
        return date(int(digits[:4], 16), int(digits[4:6], 16), int(digits[6:], 16))
    except ValueError:
        return None


async def complete(mailbox: Mailbox, items: Iterable[Document]) -> None:
    """Let the changed occurrences of these series say when they would have begun."""
    unsure = [one for item in items for one in item.get("exceptionOccurrences") or () if _is_unsure(one)]
    answers = await mailbox.batch([_original_start(one["id"]) for one in unsure]) if unsure else []
    for one, answer in zip(unsure, answers, strict=True):
        if not isinstance(answer.error(), NotFound):
            one["originalStart"] = answer.result().get("originalStart")


def _is_unsure(one: Mapping[str, Any]) -> bool:
    return not one.get("originalStart") and day_in_uid(one.get("iCalUId")) is None


def _original_start(item_id: str) -> Call:
    return Call("GET", f"/me/events/{quote(item_id, safe='')}?$select=originalStart")
