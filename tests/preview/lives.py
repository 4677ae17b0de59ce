"""What becomes of links, as PostgreSQL sees it: every change of a state, whoever made it."""

import asyncpg

WATCH = """
CREATE SCHEMA watching;
CREATE TABLE watching.lives (was text, became text, PRIMARY KEY (was, became));
CREATE FUNCTION watching.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  INSERT INTO watching.lives VALUES (OLD.state, NEW.state) ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
GRANT USAGE ON SCHEMA watching TO concord_app;
CREATE TRIGGER watching AFTER UPDATE ON public.links
  FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION watching.note();
"""


async def watch(superuser: asyncpg.Connection) -> None:
    """Note from now on which state follows which."""
    await superuser.execute(WATCH)


async def watched(superuser: asyncpg.Connection) -> set[tuple[str, str]]:
    """Return what was noted, and stop."""
    rows = await superuser.fetch("SELECT was, became FROM watching.lives")
    await superuser.execute("DROP TRIGGER watching ON public.links; DROP SCHEMA watching CASCADE")
    return {(row["was"], row["became"]) for row in rows}
