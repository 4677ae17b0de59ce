"""The parts of an event that are more than one value: places, attendees, addresses."""

from typing import Any

from sandbox.graph import zones
from sandbox.graph.errors import bad_request
from sandbox.graph.values import a_list, an_object, one_of, text, wrong_type

Fields = dict[str, Any]

ADDRESS_PARTS = ("street", "city", "state", "countryOrRegion", "postalCode")
COORDINATES = ("altitude", "latitude", "longitude", "accuracy", "altitudeAccuracy")
LOCATION = ("displayName", "locationEmailAddress", "locationUri", "uniqueId")
LOCATION_TYPE = one_of(
    ("default", "conferenceRoom", "homeAddress", "businessAddress", "geoCoordinates", "streetAddress",
     "hotel", "restaurant", "localBusiness", "postalAddress"), kind="locationType",
)  # fmt: skip
UNIQUE_ID_TYPE = one_of(
    ("unknown", "locationStore", "directory", "private", "bing"), kind="locationUniqueIdType"
)
ATTENDEE_TYPE = one_of(("required", "optional", "resource"), kind="attendeeType")
ATTENDEE = ("emailAddress", "type", "status", "proposedNewTime")
MOST_ATTENDEES = 500
NEVER = "0001-01-01T00:00:00Z"
NO_ANSWER: Fields = {"response": "none", "time": NEVER}
NOWHERE: Fields = {
    "displayName": "", "locationType": "default", "uniqueIdType": "unknown", "address": {}, "coordinates": {},
}  # fmt: skip


def location(name: str, value: Any) -> Fields:
    """Read one place; Exchange names a place by its name where nothing else does."""
    if value is None:
        return NOWHERE
    names = (*LOCATION, "locationType", "uniqueIdType", "address", "coordinates")
    said = an_object(name, value, names=names, kind="location")
    found = {part: text()(f"{name}.{part}", said.get(part)) for part in LOCATION}
    found = {part: value for part, value in found.items() if value is not None}
    shown = found.get("displayName") or ""
    kind = LOCATION_TYPE(f"{name}.locationType", said.get("locationType") or "default")
    whose = UNIQUE_ID_TYPE(
        f"{name}.uniqueIdType", said.get("uniqueIdType") or ("private" if shown else "unknown")
    )
    read = {"displayName": shown, "locationType": kind, **found, "uniqueIdType": whose}
    if shown:
        read.setdefault("uniqueId", shown)
    if said.get("address") is not None:
        read["address"] = _address(f"{name}.address", said["address"])
    if said.get("coordinates") is not None:
        read["coordinates"] = _coordinates(f"{name}.coordinates", said["coordinates"])
    return read


def locations(name: str, value: Any) -> list[Fields]:
    return [location(f"{name}[{index}]", entry) for index, entry in enumerate(a_list(name, value))]


def agreed(said: Fields) -> Fields:
    """Return what was said with the one place and the list of places in agreement.

    Quirk: the one place is the first of the list, or all their names in a row.
    https://learn.microsoft.com/graph/api/user-post-events
    """
    if said.get("locations"):
        first = said["locations"][0]
        names = "; ".join(place["displayName"] for place in said["locations"])
        several = {
            "displayName": names,
            "locationType": "default",
            "uniqueId": names,
            "uniqueIdType": "private",
        }
        return said | {"location": first if len(said["locations"]) == 1 else several}
    if "location" in said:
        return said | {"locations": [said["location"]] if said["location"]["displayName"] else []}
    return said | {"location": NOWHERE} if "locations" in said else said


def attendees(name: str, value: Any) -> list[Fields]:
    """Read who is invited, each address once; what they answered is not for the organizer to say."""
    said = a_list(name, value)
    if len(said) > MOST_ATTENDEES:
        raise bad_request(
            f"The meeting has {len(said)} attendees; at most {MOST_ATTENDEES} are allowed.",
            code="ErrorExceededRecipientLimit",
        )
    found: dict[str, Fields] = {}
    for index, entry in enumerate(said):
        one = _attendee(f"{name}[{index}]", entry)
        found.setdefault(address_of(one), one)
    return list(found.values())


def answered(now: list[Fields], before: list[Fields]) -> list[Fields]:
    """Return the attendees with the answers that those who were there before have given."""
    given = {address_of(one): one for one in before}
    return [given.get(address_of(one), one) | {"type": one["type"]} for one in now]


def unanswered(attendees: list[Fields]) -> list[Fields]:
    """Return the attendees as if nobody had answered: what they said was of another time."""
    return [
        {name: value for name, value in one.items() if name != "proposedNewTime"} | {"status": NO_ANSWER}
        for one in attendees
    ]


def address_of(attendee: Fields) -> str:
    """Return where somebody is reached, in small letters."""
    return str(attendee["emailAddress"]["address"]).lower()


def email_address(name: str, value: Any) -> Fields:
    said = an_object(name, value, names=("name", "address"), kind="emailAddress")
    address = text()(f"{name}.address", said.get("address"))
    if not address or not address.strip():
        raise bad_request(f"'{name}' has no address.", code="ErrorInvalidRecipients")
    return {"name": text()(f"{name}.name", said.get("name")) or address, "address": address.strip()}


def recipients(name: str, value: Any) -> list[Fields]:
    found = []
    for index, entry in enumerate(a_list(name, value)):
        said = an_object(f"{name}[{index}]", entry, names=("emailAddress",), kind="recipient")
        found.append(
            {"emailAddress": email_address(f"{name}[{index}].emailAddress", said.get("emailAddress") or {})}
        )
    return found


def time_slot(name: str, value: Any) -> Fields:
    said = an_object(name, value, names=("start", "end"), kind="timeSlot")
    bounds = {part: zones.read(f"{name}.{part}", said.get(part)) for part in ("start", "end")}
    if bounds["start"] is None or bounds["end"] is None:
        raise bad_request(f"'{name}' needs a start and an end.", code="ErrorInvalidRequest")
    return bounds


def _attendee(name: str, value: Any) -> Fields:
    said = an_object(name, value, names=ATTENDEE, kind="attendee")
    kind = ATTENDEE_TYPE(f"{name}.type", said.get("type") or "required")
    address = email_address(f"{name}.emailAddress", said.get("emailAddress") or {})
    return {"type": kind, "status": NO_ANSWER, "emailAddress": address}


def _address(name: str, value: Any) -> Fields:
    said = an_object(name, value, names=(*ADDRESS_PARTS, "type"), kind="physicalAddress")
    parts = {part: text()(f"{name}.{part}", said.get(part)) for part in ADDRESS_PARTS}
    return {part: value for part, value in parts.items() if value is not None}


def _coordinates(name: str, value: Any) -> Fields:
    said = an_object(name, value, names=COORDINATES, kind="outlookGeoCoordinates")
    for part, number in said.items():
        if number is not None and (isinstance(number, bool) or not isinstance(number, int | float)):
            raise wrong_type(f"{name}.{part}", number, expected="Edm.Double")
    return {part: number for part, number in said.items() if number is not None and part in COORDINATES}
