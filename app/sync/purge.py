"""Forget what is older than it is kept.

After 30 days: changes, steps, deliveries, and the documents of deleted records; after 7: plans of previews.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import CursorResult, TextClause, select, text

from app.db import Database
from app.models import Workspace
from app.sync import plan_rows
from app.sync.changes import KEPT

AT_ONCE: Final = 5_000

# A deleted record leaves a tombstone without anything personal: what was kept in Outlook stays linked to it.
# Steps that the CRM may not have taken yet are kept as long as its record lives.
FORGET: Final = (
    text("""
    DELETE FROM changes WHERE workspace_id = :workspace AND seq IN (
        SELECT seq FROM changes WHERE workspace_id = :workspace AND at <= :before ORDER BY seq LIMIT :at_once)
    """),
    text("""
    DELETE FROM revisions WHERE workspace_id = :workspace AND (record_id, revision) IN (
        SELECT v.record_id, v.revision FROM revisions AS v
        LEFT JOIN records AS r ON r.workspace_id = :workspace AND r.record_id = v.record_id
        WHERE v.workspace_id = :workspace AND v.at <= :before
          AND (r.record_id IS NULL OR r.deleted_at <= :before OR v.revision <= r.crm_revision)
        LIMIT :at_once)
    """),
    text("""
    DELETE FROM deliveries WHERE workspace_id = :workspace AND id IN (
        SELECT id FROM deliveries WHERE workspace_id = :workspace AND updated_at <= :before
          AND status NOT IN ('pending', 'aside', 'behind') LIMIT :at_once)
    """),
    text("""
    DELETE FROM effects WHERE workspace_id = :workspace AND id IN (
        SELECT id FROM effects WHERE workspace_id = :workspace AND at <= :before LIMIT :at_once)
    """),
    text("""
    UPDATE records SET doc = '{}', extra = '{}', crm_had = '{}', field_at = '{}', offers = '{}'
    WHERE workspace_id = :workspace AND record_id IN (
        SELECT record_id FROM records
        WHERE workspace_id = :workspace AND deleted_at <= :before AND doc <> '{}'
        ORDER BY record_id LIMIT :at_once FOR UPDATE)
    """),
    text("""
    DELETE FROM owners WHERE workspace_id = :workspace AND ("user", record_id) IN (
        SELECT o."user", o.record_id FROM owners AS o
        JOIN records AS r ON r.workspace_id = :workspace AND r.record_id = o.record_id
        WHERE o.workspace_id = :workspace AND r.deleted_at <= :before LIMIT :at_once)
    """),
)
FORGET_PLANS: Final = text("""
    DELETE FROM plan_steps WHERE workspace_id = :workspace AND (run_id, place) IN (
        SELECT run_id, place FROM plan_steps WHERE workspace_id = :workspace AND at <= :before LIMIT :at_once)
""")


async def purge(db: Database, workspace: str, *, now: datetime) -> int:
    """Forget what one workspace has kept long enough; return how many rows. Safe to repeat and to kill."""
    plans = await _forget(db, workspace, FORGET_PLANS, before=now - plan_rows.KEPT)
    return plans + sum([await _forget(db, workspace, statement, before=now - KEPT) for statement in FORGET])


async def purge_all(db: Database, *, now: datetime) -> int:
    """Forget in every workspace, one after another."""
    async with db.transaction(None) as session:
        workspaces = (await session.scalars(select(Workspace.id).order_by(Workspace.id))).all()
    return sum([await purge(db, workspace, now=now) for workspace in workspaces])


async def _forget(db: Database, workspace: str, statement: TextClause, *, before: datetime) -> int:
    """Repeat a statement in transactions of their own until it finds nothing more."""
    total, values = 0, {"workspace": workspace, "before": before, "at_once": AT_ONCE}
    while True:
        async with db.transaction(workspace) as session:
            result = await session.execute(statement, values)
            done = result.rowcount if isinstance(result, CursorResult) else 0
        total += done
        if done < AT_ONCE:
            return total
