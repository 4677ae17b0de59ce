"""A small CRM that uses Concord as any CRM would: through its public API, with a workspace's key."""
