"""A type of record as the API serves it: its words, its shapes, and what is asked before a write."""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pydantic import BaseModel

from app.errors import Problem
from app.records.types import RecordType
from app.routers import shapes
from app.sync.resources import Resources
from app.sync.saying import Says

Kinds = tuple[type[Problem], ...]


class Check(Protocol):
    """What is found out about writes before the transaction in which they are received."""

    def __call__(
        self, resources: Resources, workspace: str, page: Sequence[Says], *, now: datetime
    ) -> Awaitable[Mapping[str, Problem]]:
        """Return what stands in the way of which of them, by crm_id."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One type of record as the API serves it.

    ``name`` is what its paths and operations are called, ``one`` what a person calls one of them.
    ``check`` may ask Microsoft about a write, ``refused`` is what that may come to.
    """

    name: str
    one: str
    stated: type[shapes.Body]
    shown: type[BaseModel]
    listed: type[BaseModel]
    type: RecordType
    check: Check | None = None
    refused: Kinds = ()

    async def refusals(
        self, resources: Resources, workspace: str, page: Sequence[Says], *, now: datetime
    ) -> Mapping[str, Problem]:
        """Return what stands in the way of these writes before anything of them is received."""
        return await self.check(resources, workspace, page, now=now) if self.check is not None else {}
