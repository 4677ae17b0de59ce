"""Many rows in one statement: a jsonb parameter unpacked by PostgreSQL itself.

Measured beside unnest, executemany, COPY and the ORM (``docs/decisions``): nothing portable is faster.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Column, Table, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Base

Row = Mapping[str, Any]
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


async def insert_many(
    session: AsyncSession, model: type[Base], rows: Sequence[Row], *, skip_known: bool = False
) -> None:
    """Insert rows that all have the same columns; ``skip_known``: but those a unique index has already."""
    if rows:
        statement = _insert(model, tuple(rows[0])) + (" ON CONFLICT DO NOTHING" if skip_known else "")
        await session.execute(text(statement), {"rows": _encode(rows)})


async def update_many(session: AsyncSession, model: type[Base], rows: Sequence[Row]) -> None:
    """Update rows by their primary key; every row names the key and the same other columns."""
    if rows:
        statement = _update(model, tuple(rows[0]))
        await session.execute(text(statement), {"rows": _encode(rows)})


def _encode(rows: Sequence[Row]) -> str:
    return orjson.dumps([dict(row) for row in rows], default=_plain).decode()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def typed(model: type[Base], names: Sequence[str]) -> str:
    """Return these columns with their types, for ``jsonb_to_recordset(…) AS r(…)`` in other statements."""
    return _typed(_table(model), tuple(names))


def encode(rows: Sequence[Row]) -> str:
    """Return rows as the jsonb parameter of such a statement."""
    return _encode(rows)


@cache
def _insert(model: type[Base], names: tuple[str, ...]) -> str:
    table = _table(model)
    columns = ", ".join(f'"{name}"' for name in names)
    return (
        f"INSERT INTO {table.name} ({columns}) SELECT {columns} "  # noqa: S608  names of our own columns
        f"FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r({_typed(table, names)})"
    )


@cache
def _update(model: type[Base], names: tuple[str, ...]) -> str:
    table = _table(model)
    keys = [column.name for column in table.primary_key]
    moved = ", ".join(f'"{name}" = r."{name}"' for name in names if name not in keys)
    same = " AND ".join(f't."{key}" = r."{key}"' for key in keys)
    return (
        f"UPDATE {table.name} AS t SET {moved} "  # noqa: S608  names of our own columns
        f"FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r({_typed(table, names)}) WHERE {same}"
    )


def _typed(table: Table, names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}" {_type(table.c[name])}' for name in names)


def _type(column: Column[Any]) -> str:
    return column.type.compile(dialect=_DIALECT).partition(" COLLATE")[0]


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)  # noqa: S101  every model of ours is one table
    return table
