"""Certificates of applications: read, and compared with the key that is to prove them."""

import binascii
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key


class Unusable(Exception):  # noqa: N818
    """A certificate or key that can't be used; ``field`` names the one, the message says why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


@dataclass(frozen=True, slots=True)
class Certificate:
    """What there is to show of a certificate."""

    thumbprint: str
    expires_at: datetime


def read_certificate(pem: str, *, private_key_pem: str) -> Certificate:
    """Return what a certificate says, if this key is its own. Raises Unusable."""
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise Unusable("certificate_pem", "This is not a certificate in PEM form.") from None
    key = _key(private_key_pem)
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    if key.public_key().public_bytes(*form) != certificate.public_key().public_bytes(*form):
        raise Unusable("private_key_pem", "This is not the key of that certificate.")
    thumbprint = binascii.hexlify(certificate.fingerprint(SHA256())).decode().upper()
    return Certificate(thumbprint, certificate.not_valid_after_utc)


def _key(pem: str) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except TypeError:
        raise Unusable("private_key_pem", "This key is encrypted: send it without a passphrase.") from None
    except (ValueError, UnsupportedAlgorithm):
        raise Unusable("private_key_pem", "This is not a private key in PEM form.") from None
    if not isinstance(key, RSAPrivateKey):
        raise Unusable("private_key_pem", "Microsoft takes RSA keys only.")
    return key
