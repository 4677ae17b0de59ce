"""Events, by the CRM's own ids."""

from app.errors import AssignmentNotPermitted
from app.records.types import EVENT
from app.routers.event_shapes import Event, EventIn, EventList
from app.routers.record_batches import BatchRoutes
from app.routers.record_resource import Resource
from app.routers.record_routes import RecordRoutes
from app.sync.assignments import refusals

EVENTS = Resource(
    type=EVENT, name="events", one="an event", stated=EventIn, shown=Event, listed=EventList,
    check=refusals, refused=(AssignmentNotPermitted,),
)  # fmt: skip

batch = BatchRoutes(EVENTS, example={"crm_id": "e-1", "title": "Inspection"}).router
router = RecordRoutes(EVENTS).router
