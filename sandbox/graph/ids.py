"""Ids and change keys: opaque outside, decodable here, so that nothing has to be looked up twice.

A mailbox is named by its owner's GUID. An item has a number in its mailbox, which its immutable id holds, and
a generation that grows with each move, which its default id holds too: so a moved item has a new default id.
Ids of folders are constant, whatever ``IdType`` says.
https://learn.microsoft.com/graph/outlook-immutable-id
"""

import binascii
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Container
from dataclasses import dataclass
from uuid import UUID

IMMUTABLE, DEFAULT, FOLDER = "AAkALgAA", "AAMkAGI2", "AQMkADIx"
LOCAL, LOCAL_ITEM = "AAMkADAA", "AAMkADAB"
MAILBOX, NUMBER, GENERATION, OCCURRENCE = 16, 8, 4, 8
LONGEST = 200


@dataclass(frozen=True, slots=True)
class ItemId:
    mailbox: UUID
    number: int
    generation: int | None  # None in an immutable id, which says nothing of moves
    occurrence: tuple[int, int] | None = None  # a series' epoch and the original day of one of its events


class MalformedIdError(ValueError):
    """The text is no id of the kind that was asked for."""


def immutable_id(mailbox: UUID, number: int, occurrence: tuple[int, int] | None = None) -> str:
    return (
        IMMUTABLE + urlsafe_b64encode(mailbox.bytes + number.to_bytes(NUMBER) + _packed(occurrence)).decode()
    )


def default_id(mailbox: UUID, number: int, generation: int, occurrence: tuple[int, int] | None = None) -> str:
    packed = mailbox.bytes + number.to_bytes(NUMBER) + generation.to_bytes(GENERATION)
    return DEFAULT + urlsafe_b64encode(packed + _packed(occurrence)).decode()


def folder_id(mailbox: UUID, number: int) -> str:
    return FOLDER + urlsafe_b64encode(mailbox.bytes + number.to_bytes(NUMBER) + b"\x01").decode()


def local_id(mailbox: UUID, owner: UUID, number: int) -> str:
    """Return the id that another person's calendar has in the mailbox of somebody it is shared with."""
    return LOCAL + urlsafe_b64encode(mailbox.bytes + owner.bytes + number.to_bytes(NUMBER)).decode()


def is_local(text: str, *, mailbox: UUID) -> bool:
    """Say whether a text is the id of a calendar that others share with the owner of a mailbox."""
    try:
        packed = _unpacked(text, LOCAL, {2 * MAILBOX + NUMBER})
    except MalformedIdError:
        return False
    return UUID(bytes=packed[:MAILBOX]) == mailbox


def local_item_id(mailbox: UUID, owned: str) -> str:
    """Return the id that an event of such a calendar has there; ``owned`` is its id at its owner's."""
    return LOCAL_ITEM + urlsafe_b64encode(mailbox.bytes + owned.encode()).decode()


def owned_item_id(text: str, *, mailbox: UUID) -> str | None:
    """Return the id at its owner's of an event that has this id in a mailbox; None for any other id."""
    try:
        packed = _unpacked(text, LOCAL_ITEM, range(MAILBOX, LONGEST))
    except MalformedIdError:
        return None
    return packed[MAILBOX:].decode(errors="replace") if UUID(bytes=packed[:MAILBOX]) == mailbox else None


def parse_item_id(text: str) -> ItemId:
    """Read an item's or occurrence's id in either format; raise MalformedIdError for anything else."""
    immutable = text.startswith(IMMUTABLE)
    length = MAILBOX + NUMBER + (0 if immutable else GENERATION)
    packed = _unpacked(text, IMMUTABLE if immutable else DEFAULT, {length, length + OCCURRENCE})
    end = MAILBOX + NUMBER
    generation = None if immutable else int.from_bytes(packed[end:length])
    occurrence = None
    if len(packed) > length:
        occurrence = int.from_bytes(packed[length : length + 4]), int.from_bytes(packed[length + 4 :])
    return ItemId(UUID(bytes=packed[:MAILBOX]), int.from_bytes(packed[MAILBOX:end]), generation, occurrence)


def parse_folder_id(text: str) -> ItemId:
    """Read a folder's id; raise MalformedIdError for anything else."""
    packed = _unpacked(text, FOLDER, {MAILBOX + NUMBER + 1})
    return ItemId(UUID(bytes=packed[:MAILBOX]), int.from_bytes(packed[MAILBOX:-1]), None)


def change_key(mailbox: UUID, version: int) -> str:
    """Name one version of one item; no two writes in a mailbox share one."""
    return b64encode(b"\x11\0\0\0\x16\0\0\0" + mailbox.bytes + version.to_bytes(6)).decode()


def etag(mailbox: UUID, version: int) -> str:
    return f'W/"{change_key(mailbox, version)}"'


def _packed(occurrence: tuple[int, int] | None) -> bytes:
    return b"" if occurrence is None else b"".join(part.to_bytes(OCCURRENCE // 2) for part in occurrence)


def _unpacked(text: str, prefix: str, lengths: Container[int]) -> bytes:
    try:
        packed = urlsafe_b64decode(text.removeprefix(prefix))
    except (binascii.Error, ValueError) as error:
        raise MalformedIdError(text) from error
    # Ids are compared letter by letter: only the canonical spelling is one.
    if len(packed) not in lengths or prefix + urlsafe_b64encode(packed).decode() != text:
        raise MalformedIdError(text)
    return packed
