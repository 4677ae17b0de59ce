"""Events, by the CRM's own ids."""

from app.records.types import EVENT
from app.routers.event_shapes import Event, EventIn, EventList
from app.routers.record_batches import BatchRoutes
from app.routers.record_routes import RecordRoutes, Resource

EVENTS = Resource(type=EVENT, name="events", one="an event", stated=EventIn, shown=Event, listed=EventList)

batch = BatchRoutes(EVENTS, example={"crm_id": "e-1", "title": "Inspection"}).router
router = RecordRoutes(EVENTS).router
