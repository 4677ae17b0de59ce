"""Microsoft's own Python SDK, unmodified, at work against the local Graph."""

import time
import warnings
from collections.abc import AsyncIterator
from datetime import date

import pytest
from graph_stage import MARK, SCOPES, Stage

with warnings.catch_warnings():
    # The SDK's generated code deprecates its own classes as it defines them.
    warnings.filterwarnings(
        "ignore", message="(This class|GetQueryParameters) is deprecated", category=DeprecationWarning
    )
    from azure.core.credentials import AccessToken
    from kiota_abstractions.api_error import APIError
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from kiota_authentication_azure.azure_identity_authentication_provider import (
        AzureIdentityAuthenticationProvider,
    )
    from msgraph import GraphRequestAdapter, GraphServiceClient
    from msgraph.generated.models.attendee import Attendee
    from msgraph.generated.models.checklist_item import ChecklistItem
    from msgraph.generated.models.contact import Contact
    from msgraph.generated.models.contact_folder import ContactFolder
    from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
    from msgraph.generated.models.day_of_week import DayOfWeek
    from msgraph.generated.models.email_address import EmailAddress
    from msgraph.generated.models.event import Event
    from msgraph.generated.models.linked_resource import LinkedResource
    from msgraph.generated.models.o_data_errors.o_data_error import ODataError
    from msgraph.generated.models.patterned_recurrence import PatternedRecurrence
    from msgraph.generated.models.recurrence_pattern import RecurrencePattern
    from msgraph.generated.models.recurrence_pattern_type import RecurrencePatternType
    from msgraph.generated.models.recurrence_range import RecurrenceRange
    from msgraph.generated.models.recurrence_range_type import RecurrenceRangeType
    from msgraph.generated.models.single_value_legacy_extended_property import (
        SingleValueLegacyExtendedProperty,
    )
    from msgraph.generated.models.task_status import TaskStatus
    from msgraph.generated.models.todo_task import TodoTask
    from msgraph.generated.models.todo_task_list import TodoTaskList
    from msgraph.generated.models.wellknown_list_name import WellknownListName
    from msgraph.generated.users.item.calendar_view.delta.delta_request_builder import DeltaRequestBuilder
    from msgraph.generated.users.item.contacts.contacts_request_builder import ContactsRequestBuilder
    from msgraph.generated.users.item.events.item.accept.accept_post_request_body import AcceptPostRequestBody
    from msgraph_core.requests.batch_request_content import BatchRequestContent
    from msgraph_core.tasks.page_iterator import PageIterator

pytestmark = pytest.mark.filterwarnings(
    "ignore:(This class|GetQueryParameters) is deprecated:DeprecationWarning"
)


class Credential:
    def __init__(self, token: str) -> None:
        self.token = token

    async def get_token(self, *_scopes: str, **_more: object) -> AccessToken:
        return AccessToken(self.token, int(time.time()) + 3600)

    async def close(self) -> None:
        pass


@pytest.fixture
async def graph(stage: Stage) -> AsyncIterator[GraphServiceClient]:
    """The SDK as Adele would use it, pointed at the sandbox by its base url alone."""
    token = (await stage.control("tokens", mail="adele@contoso.example", scopes=SCOPES))["access_token"]
    provider = AzureIdentityAuthenticationProvider(
        Credential(token), scopes=["https://graph.microsoft.com/.default"], allowed_hosts=["127.0.0.1"]
    )
    adapter = GraphRequestAdapter(provider)
    adapter.base_url = f"{stage.url}/v1.0"
    yield GraphServiceClient(request_adapter=adapter)
    # Closing the SDK's client leaves the connections of the transport it has wrapped.
    await adapter._http_client._transport.transport.aclose()


def person(name: str) -> Contact:
    address = EmailAddress(address=f"{name.lower()}@example.org", name=name)
    return Contact(given_name=name, surname="Lee", display_name=f"{name} Lee", email_addresses=[address])


async def test_it_reads_who_is_signed_in(graph: GraphServiceClient):
    me = await graph.me.get()

    assert (me.display_name, me.mail) == ("Adele Vance", "adele@contoso.example")


async def test_it_makes_reads_changes_and_deletes_a_contact(graph: GraphServiceClient):
    made = await graph.me.contacts.post(person("Ann"))
    changed = await graph.me.contacts.by_contact_id(made.id).patch(
        Contact(display_name="Ann B. Lee", job_title="Boss", business_phones=["1", "2"])
    )
    read = await graph.me.contacts.by_contact_id(made.id).get()

    assert (read.display_name, read.job_title, read.surname) == ("Ann B. Lee", "Boss", "Lee")
    assert read.business_phones == changed.business_phones == ["1", "2"]
    assert read.email_addresses[0].address == "ann@example.org"
    await graph.me.contacts.by_contact_id(made.id).delete()
    with pytest.raises(ODataError) as refused:
        await graph.me.contacts.by_contact_id(made.id).get()
    assert (refused.value.response_status_code, refused.value.error.code) == (404, "ErrorItemNotFound")
    assert refused.value.error.inner_error.request_id


async def test_it_makes_folders_and_marks_contacts(graph: GraphServiceClient):
    folder = await graph.me.contact_folders.post(ContactFolder(display_name="Acme"))
    marked = person("Ann")
    marked.single_value_extended_properties = [SingleValueLegacyExtendedProperty(id=MARK, value="lnk_1")]
    await graph.me.contact_folders.by_contact_folder_id(folder.id).contacts.post(marked)
    wanted = f"singleValueExtendedProperties/Any(ep: ep/id eq '{MARK}' and ep/value eq 'lnk_1')"
    query = ContactsRequestBuilder.ContactsRequestBuilderGetQueryParameters(
        filter=wanted, expand=[f"singleValueExtendedProperties($filter=id eq '{MARK}')"]
    )

    here = graph.me.contact_folders.by_contact_folder_id(folder.id).contacts
    found = await here.get(request_configuration=RequestConfiguration(query_parameters=query))

    assert [c.single_value_extended_properties[0].value for c in found.value] == ["lnk_1"]


async def test_its_page_iterator_walks_every_page(graph: GraphServiceClient, stage: Stage):
    await stage.control("seed", mail="adele@contoso.example", generate={"contacts": 35, "seed": 1})
    seen: list[str] = []

    first = await graph.me.contacts.get()
    pages = PageIterator(first, graph.request_adapter)
    await pages.iterate(lambda contact: bool(seen.append(contact.id)) or True)

    assert (len(first.value), len(set(seen))) == (10, 35)


async def test_it_follows_a_delta_to_its_end_and_on_from_there(graph: GraphServiceClient, stage: Stage):
    await stage.control("seed", mail="adele@contoso.example", generate={"contacts": 25, "seed": 1})
    default = (await graph.me.contacts.get()).value[0].parent_folder_id
    builder = graph.me.contact_folders.by_contact_folder_id(default).contacts.delta
    prefer = RequestConfiguration()
    prefer.headers.add("Prefer", "odata.maxpagesize=10")

    sizes, page = [], await builder.get(request_configuration=prefer)
    while True:
        sizes.append(len(page.value))
        if page.odata_next_link is None:
            break
        page = await builder.with_url(page.odata_next_link).get(request_configuration=prefer)
    gone = (await graph.me.contacts.get()).value[0].id
    await graph.me.contacts.by_contact_id(gone).delete()
    page = await builder.with_url(page.odata_delta_link).get()

    assert sizes == [10, 10, 5]
    assert [(c.id, c.additional_data["@removed"]) for c in page.value] == [(gone, {"reason": "deleted"})]


async def test_it_sends_batches(graph: GraphServiceClient):
    batch = BatchRequestContent()
    for name in ("Ann", "Bob"):
        batch.add_request_information(graph.me.contacts.to_post_request_information(person(name)))
    batch.add_request_information(graph.me.to_get_request_information())

    answers = await graph.batch.post(batch)

    assert sorted(answer.status for answer in answers.responses.values()) == [200, 201, 201]
    assert sorted(c.display_name for c in (await graph.me.contacts.get()).value) == ["Ann Lee", "Bob Lee"]


async def test_it_waits_as_long_as_a_429_says_and_tries_again(graph: GraphServiceClient, stage: Stage):
    await stage.fault({"status": 429, "retry_after": 1}, match={"path": "/v1.0/me"})
    begun = time.monotonic()

    me = await graph.me.get()

    assert me.display_name == "Adele Vance"
    assert time.monotonic() - begun >= 1
    assert [entry["status"] for entry in await stage.journal()] == [429, 200]


async def test_what_it_asks_wrongly_is_refused_in_microsofts_shape(graph: GraphServiceClient):
    wrong = person("Ann")
    wrong.business_phones = ["1", "2", "3"]

    with pytest.raises(APIError) as refused:
        await graph.me.contacts.post(wrong)

    assert isinstance(refused.value, ODataError)
    assert "exceeds the max allowed value of 2" in refused.value.error.message


def meeting(*mails: str) -> Event:
    pattern = RecurrencePattern(
        type=RecurrencePatternType.Weekly, interval=1, days_of_week=[DayOfWeek.Monday]
    )
    day = date(2026, 7, 6)
    span = RecurrenceRange(type=RecurrenceRangeType.Numbered, start_date=day, number_of_occurrences=4)
    return Event(
        subject="Stand-up",
        start=DateTimeTimeZone(date_time="2026-07-06T09:00:00", time_zone="Europe/Berlin"),
        end=DateTimeTimeZone(date_time="2026-07-06T09:15:00", time_zone="Europe/Berlin"),
        recurrence=PatternedRecurrence(pattern=pattern, range=span),
        attendees=[Attendee(email_address=EmailAddress(address=mail)) for mail in mails],
    )


async def test_it_makes_a_series_and_follows_its_calendar(graph: GraphServiceClient):
    made = await graph.me.events.post(meeting("alex@contoso.example"))
    query = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(
        start_date_time="2026-07-01T00:00:00Z", end_date_time="2026-08-01T00:00:00Z"
    )
    page = await graph.me.calendar_view.delta.get(RequestConfiguration(query_parameters=query))
    second = page.value[2]
    await graph.me.events.by_event_id(second.id).patch(Event(subject="Late"))
    again = await graph.me.calendar_view.delta.with_url(page.odata_delta_link).get()
    await graph.me.events.by_event_id(made.id).delete()

    assert made.recurrence.range.number_of_occurrences == 4
    assert [row.type.value for row in page.value] == ["seriesMaster"] + ["occurrence"] * 4
    assert [(row.id, row.subject, row.type.value) for row in again.value] == [
        (second.id, "Late", "exception")
    ]
    assert (await graph.me.events.get()).value == []


async def test_it_answers_an_invitation(graph: GraphServiceClient, stage: Stage):
    async with await stage.outlook("alex@contoso.example") as alex:
        start, end = ({"dateTime": f"2026-07-06T{hour}:00", "timeZone": "UTC"} for hour in ("09", "10"))
        guests = [{"emailAddress": {"address": "adele@contoso.example"}}]
        await alex.made("me/events", subject="Lunch", start=start, end=end, attendees=guests)
        (copy,) = (await graph.me.events.get()).value

        await graph.me.events.by_event_id(copy.id).accept.post(
            AcceptPostRequestBody(comment="Yes", send_response=True)
        )

        (organized,) = (await alex.read("me/events"))["value"]
    assert organized["attendees"][0]["status"]["response"] == "accepted"


async def test_it_works_through_a_list_of_tasks(graph: GraphServiceClient):
    made = await graph.me.todo.lists.post(TodoTaskList(display_name="Viewings"))
    lists = (await graph.me.todo.lists.get()).value
    tasks = graph.me.todo.lists.by_todo_task_list_id(made.id).tasks
    due = DateTimeTimeZone(date_time="2026-07-06T16:00:00", time_zone="Eastern Standard Time")
    link = LinkedResource(application_name="Concord", external_id="lnk_1.1")
    task = await tasks.post(TodoTask(title="Call", due_date_time=due, linked_resources=[link]))
    one = tasks.by_todo_task_id(task.id)
    await one.checklist_items.post(ChecklistItem(display_name="Keys"))
    first = await tasks.delta.get()
    done = await one.patch(TodoTask(status=TaskStatus.Completed))
    again = await tasks.delta.with_url(first.odata_delta_link).get()

    assert [one.wellknown_list_name for one in lists] == [
        WellknownListName.DefaultList, WellknownListName.FlaggedEmails, WellknownListName.None_,
    ]  # fmt: skip
    assert task.due_date_time.date_time == "2026-07-06T04:00:00.0000000"
    assert task.linked_resources[0].external_id == "lnk_1.1"
    assert (await one.checklist_items.get()).value[0].is_checked is False
    assert done.completed_date_time.time_zone == "UTC"
    assert [(row.id, row.status) for row in again.value] == [(task.id, TaskStatus.Completed)]
    with pytest.raises(ODataError) as refused:
        await graph.me.todo.lists.by_todo_task_list_id(lists[0].id).delete()
    assert (refused.value.response_status_code, refused.value.error.code) == (400, "invalidRequest")
