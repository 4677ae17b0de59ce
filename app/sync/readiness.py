"""Whether a collection may be worked on now."""

from app.graph.scopes import missing
from app.models import Collection, Connection, Workspace


def ready(workspace: Workspace | None, connection: Connection, collection: Collection) -> bool:
    """Say whether nobody has switched this off, on any level, and Microsoft was allowed what it needs."""
    if workspace is None or not workspace.enabled or not workspace.entitled or workspace.paused:
        return False
    if collection.entity not in workspace.entities or not (collection.hears or collection.sends):
        return False
    permitted = not missing(collection.entity, granted=connection.granted_scopes or ())
    return connection.status == "active" and not connection.paused and permitted
