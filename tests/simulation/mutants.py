"""Three engines that leave out one observation each. The world must catch every one of them."""

from dataclasses import replace

from app.sync.stated import CrmView, first_stated
from tests.simulation.hub import Hub


class WithoutMeaning(Hub):
    """Keeps Graph's wording alone: what it means for us is forgotten."""

    def _take(self, link, received, *, etag, now):
        super()._take(link, received, etag=etag, now=now)
        link.view = replace(link.view, graph_means={})


class WithoutAttempt(Hub):
    """Writes without saying so first: its own write, arriving late, is a stranger's."""

    def plan(self, link, *, now):
        super().plan(link, now=now)
        link.view = replace(link.view, attempt=None)


class WithoutMayStillHold(Hub):
    """Takes the CRM to hold whatever the record holds, at once."""

    def view_of_crm(self):
        had = first_stated(self.doc, revision=self.revision)
        return CrmView(had, [], self.revision, self.revision)


MUTANTS = (WithoutMeaning, WithoutAttempt, WithoutMayStillHold)
