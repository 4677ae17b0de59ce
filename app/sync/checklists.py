"""Checklists of tasks, written item by item by their own ids (``engine.md`` §15)."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from http import HTTPStatus

from app.graph.batch import Answer
from app.graph.protocol import NotFound
from app.graph.task_calls import checklist_calls
from app.graph.tasks import CHECKLIST
from app.models import Link
from app.records import Fields
from app.records.link import LinkView
from app.sync.projection import Update
from app.sync.work import Work


def of_checklist(
    work: Work, link: Link, write: Update, view: LinkView
) -> Callable[[Work], Awaitable[Answer]] | None:
    """Return what writes the checklist that a task is owed; None where the write is of something else."""
    if CHECKLIST not in write.owed or not work.asks:
        return None
    return partial(
        write_checklist, item_id=str(link.item_id), had=view.graph_had.get(CHECKLIST) or (),
        wanted=write.fields[CHECKLIST],
    )  # fmt: skip


async def write_checklist(
    work: Work, *, item_id: str, had: Sequence[Fields], wanted: Sequence[Fields]
) -> Answer:
    """Let the items of a checklist be what they should; answer with the task as it is then.

    Nothing is written to one that isn't as we knew it: its user's ticks would pass for agreed. Quirk: they
    change neither the task's etag nor its delta. The first call that is refused decides. What is there no
    more is passed over.
    """
    (known,) = await work.mailbox.batch([work.words.read(item_id)])
    if known.error() is not None:
        return known
    if list(work.had(known.result()).get(CHECKLIST) or ()) != list(had):
        return Answer(HTTPStatus.PRECONDITION_FAILED)
    calls = checklist_calls(work.folder, item_id, had=had, wanted=wanted)
    for answer in await work.mailbox.batch(calls) if calls else ():
        failure = answer.error()
        if failure is not None and not isinstance(failure, NotFound):
            return answer
    (task,) = await work.mailbox.batch([work.words.read(item_id)])
    return task
