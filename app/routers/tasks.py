"""Tasks, by the CRM's own ids."""

from app.records.types import TASK
from app.routers.record_batches import BatchRoutes
from app.routers.record_resource import Resource
from app.routers.record_routes import RecordRoutes
from app.routers.task_shapes import Task, TaskIn, TaskList

TASKS = Resource(type=TASK, name="tasks", one="a task", stated=TaskIn, shown=Task, listed=TaskList)

batch = BatchRoutes(TASKS, example={"crm_id": "t-1", "title": "Call Ada"}).router
router = RecordRoutes(TASKS).router
