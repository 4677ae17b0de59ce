"""Contacts, by the CRM's own ids."""

from app.records.types import CONTACT
from app.routers.contact_shapes import Contact, ContactIn, ContactList
from app.routers.record_batches import BatchRoutes
from app.routers.record_resource import Resource
from app.routers.record_routes import RecordRoutes

CONTACTS = Resource(
    type=CONTACT, name="contacts", one="a contact", stated=ContactIn, shown=Contact, listed=ContactList
)

batch = BatchRoutes(CONTACTS, example={"crm_id": "c-1", "display_name": "Ada Lovelace"}).router
router = RecordRoutes(CONTACTS).router
