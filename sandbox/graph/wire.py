"""A request and an answer of Graph as values: HTTP and the items of a ``$batch`` both become these."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote

import orjson

from sandbox.directory import Person
from sandbox.errors import GraphError
from sandbox.faults import Delta
from sandbox.graph.errors import bad_request, unreadable
from sandbox.world import AccessToken

if TYPE_CHECKING:
    from sandbox.graph.exchange import Exchange

VERSION = "/v1.0"
JSON = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
MAX_BODY = 4 * 1024 * 1024
DIAGNOSTIC = (
    '{"ServerInfo":{"DataCenter":"Sandbox","Slice":"E","Ring":"1","ScaleUnit":"001","RoleInstance":"SB01"}}'
)
# A key or nothing in brackets, as in contactFolders('AQMk=') and in delta().
CALLED = re.compile(r"([^(]+)\((.*)\)")
PREFERENCE = re.compile(r'\s*([\w.-]+)\s*(?:=\s*("[^"]*"|[^,;\s]+))?[^,]*(?:,|$)')


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a ``Prefer`` header asks for and this request honours."""

    immutable: bool = False
    page_size: int | None = None
    time_zone: str | None = None  # these two are for events only
    text_body: bool = False

    @classmethod
    def of(cls, header: str) -> "Preferences":
        said = {name.lower(): value.strip('"') for name, value in PREFERENCE.findall(header) if name}
        size = said.get("odata.maxpagesize", said.get("maxpagesize", ""))
        return cls(
            immutable=said.get("idtype", "").lower() == "immutableid",
            page_size=int(size) if re.fullmatch(r"0*[1-9][0-9]{0,8}", size) else None,
            time_zone=said.get("outlook.timezone") or None,
            text_body=said.get("outlook.body-content-type", "").lower() == "text",
        )

    def applied(self, *, event: bool = False) -> dict[str, str]:
        """Return the header that says which preferences were honoured."""
        named = [f"odata.maxpagesize={self.page_size}"] if self.page_size else []
        named += ['IdType="ImmutableId"'] if self.immutable else []
        if event:
            named += [f'outlook.timezone="{self.time_zone}"'] if self.time_zone else []
            named += ['outlook.body-content-type="text"'] if self.text_body else []
        return {"Preference-Applied": ", ".join(named)} if named else {}


@dataclass(slots=True)
class Call:
    """One request: where it goes, who makes it, and what it says."""

    method: str
    path: str  # as it stands in the journal: /v1.0/… and no query
    segments: tuple[str, ...]
    pairs: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes
    root: str  # scheme, host and version, for links in the answer
    token: AccessToken
    person: Person | None = None  # whose mailbox it is about
    exchange: "Exchange | None" = None
    folders: tuple[str, ...] = ()  # the ids of folders in the path, outermost first
    item: str = ""  # the id of the one thing the path ends in
    part: str = ""  # the id of something inside that thing
    deltas: frozenset[str] = frozenset()  # what a fault does to this delta query
    batch: int | None = None
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def client_request_id(self) -> str | None:
        return self.headers.get("client-request-id")

    @property
    def preferences(self) -> Preferences:
        return Preferences.of(self.headers.get("prefer", ""))

    def link(self, **options: str) -> str:
        """Return this very address with other options: a nextLink or a deltaLink."""
        shown = "&".join(f"${name}={quote(value, safe='')}" for name, value in options.items())
        return f"{self.root}{quote(self.path.removeprefix(VERSION), safe=SAFE_IN_PATH)}?{shown}"

    def document(self) -> dict[str, Any]:
        """Return the body as a JSON object, or raise Graph's 400."""
        if not self.headers.get("content-type"):
            raise unreadable(
                "A missing or empty content type header was found when trying to read a message. The content "
                "type header is required."
            )
        if self.headers["content-type"].partition(";")[0].strip().lower() != "application/json":
            raise GraphError(415, "UnsupportedMediaType", "The media type of the request is not supported.")
        try:
            document = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise bad_request(
                "Unable to read JSON request payload. Please ensure Content-Type header is set and payload "
                "is of valid JSON format."
            ) from None
        if not isinstance(document, dict):
            raise bad_request("Empty Payload. JSON content expected." if document is None else NOT_AN_OBJECT)
        return document


NOT_AN_OBJECT = "Unable to read JSON request payload. An object was expected."
SAFE_IN_PATH = "/='()@$-_.~"


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def json_reply(document: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(
        status, orjson.dumps(document), {"Content-Type": JSON, "OData-Version": "4.0", **(headers or {})}
    )


def segments_of(raw_path: str) -> tuple[str, ...]:
    """Return the parts of a path after the version, with keys in brackets as parts of their own."""
    parts: list[str] = []
    for raw in raw_path.removeprefix(VERSION).strip("/").split("/"):
        part = unquote(raw)
        called = CALLED.fullmatch(part)
        name, key = (called[1], called[2].strip("'")) if called else (part, "")
        parts.append(name.removeprefix("microsoft.graph."))
        if key:
            parts.append(key)
    return tuple(parts)


def pairs_of(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True)


def delta_faults(effects: list[Any]) -> frozenset[str]:
    return frozenset(effect.delta for effect in effects if isinstance(effect, Delta))
