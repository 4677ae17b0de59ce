"""The key ring: what is sealed at rest, and what we sign so that nobody else can make it up.

``CONCORD_KEYS`` is ``id:base64key`` separated by commas. The first key seals and signs, every key opens and
verifies, so a key is rotated by putting a new one in front and taking the old one away when nothing needs it.
"""

import hmac
import re
import secrets
from base64 import b64decode, b64encode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
KEY_BYTES = 32
NONCE_BYTES = 12


class BadKeys(Exception):  # noqa: N818
    """The text of the key ring can't be read. The message never holds a key."""


class CannotOpen(Exception):  # noqa: N818
    """What was sealed is damaged, belongs to another row, or its key has left the ring."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the ring, with a subkey for each purpose."""

    id: str
    sealing: AESGCM
    signing: bytes
    admitting: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``id:base64key``."""
        name, colon, encoded = text.strip().partition(":")
        if not colon or not KEY_ID.fullmatch(name):
            raise BadKeys("each key is written id:base64key, its id made of letters, digits, _ and -")
        try:
            secret = b64decode(encoded, validate=True)
        except NotBase64:
            raise BadKeys(f"the key {name} is not base64") from None
        if len(secret) != KEY_BYTES:
            raise BadKeys(f"the key {name} must hold {KEY_BYTES} bytes")
        sealing = AESGCM(_derive(secret, b"concord seal"))
        return cls(name, sealing, _derive(secret, b"concord sign"), _derive(secret, b"concord admit"))


@dataclass(frozen=True, slots=True, repr=False)
class KeyRing:
    """The keys of this deployment, the one in use first."""

    keys: tuple[Key, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the value of ``CONCORD_KEYS``."""
        keys = tuple(Key.parse(part) for part in text.split(",") if part.strip())
        if not keys:
            raise BadKeys("the key ring is empty")
        if len({key.id for key in keys}) != len(keys):
            raise BadKeys("two keys of the ring have the same id")
        return cls(keys)

    def seal(self, plain: bytes, *, of: str) -> bytes:
        """Encrypt for the row named by ``of``; it opens for no other."""
        key, nonce = self.keys[0], secrets.token_bytes(NONCE_BYTES)
        return key.id.encode() + b":" + nonce + key.sealing.encrypt(nonce, plain, of.encode())

    def open(self, sealed: bytes, *, of: str) -> bytes:
        """Decrypt what was sealed for the row named by ``of``."""
        name, _, rest = sealed.partition(b":")
        key = next((key for key in self.keys if key.id.encode() == name), None)
        if key is None:
            raise CannotOpen("its key is not in the ring")
        try:
            return key.sealing.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], of.encode())
        except (InvalidTag, ValueError):
            raise CannotOpen("it is damaged or belongs to another row") from None

    def sign(self, text: str) -> str:
        """Return 43 URL-safe characters that only this ring can make for this text."""
        return _signature(self.keys[0], text)

    def verify(self, text: str, signature: str) -> bool:
        """Say whether any key of the ring signed this text, in the same time for every wrong signature."""
        given = signature.encode()
        matches = [hmac.compare_digest(_signature(key, text).encode(), given) for key in self.keys]
        return any(matches)


def new_key(name: str | None = None) -> str:
    """Return the text of a fresh key, ready to stand first in ``CONCORD_KEYS``."""
    return f"{name or 'k' + secrets.token_hex(4)}:{b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(secret)


def _signature(key: Key, text: str) -> str:
    return urlsafe_b64encode(hmac.digest(key.signing, text.encode(), "sha256")).rstrip(b"=").decode()
