"""Entra's signing key, and the documents that lead to it."""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.entra.authority import Authority
from sandbox.log import Body, Command
from sandbox.world import World

AUTHENTICATION = ("client_secret_post", "private_key_jwt", "client_secret_basic")
CLAIMS = (
    "sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "ver", "oid", "email",
)  # fmt: skip


@dataclass(frozen=True)
class Key:
    pem: str
    private: rsa.RSAPrivateKey

    @property
    def kid(self) -> str:
        numbers = self.private.public_key().public_numbers()
        return _base64(hashlib.sha256(str(numbers.n).encode()).digest())[:27]


class SigningKey:
    """Made when first needed, and kept: a restart must not make yesterday's tokens look forged."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._key: Key | None = None
        self.appliers = {"signing_key.made": self._made}

    def sign(self, claims: dict[str, Any]) -> str:
        key = self._current()
        return jwt.encode(claims, key.private, algorithm="RS256", headers={"kid": key.kid})

    def document(self) -> dict[str, Any]:
        key = self._current()
        numbers = key.private.public_key().public_numbers()
        public = {"n": _number(numbers.n), "e": _number(numbers.e)}
        return {"keys": [{"kty": "RSA", "use": "sig", "kid": key.kid, "x5t": key.kid, **public}]}

    def clear(self) -> None:
        """Keep the key: it belongs to Microsoft, not to a test's data."""

    def snapshot(self) -> Iterator[Command]:
        if self._key is not None:
            yield "signing_key.made", {"pem": self._key.pem}

    def _current(self) -> Key:
        if self._key is None:
            made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            pem = made.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            self._world.commit("signing_key.made", {"pem": pem.decode()})
        assert self._key is not None  # noqa: S101
        return self._key

    def _made(self, body: Body) -> None:
        private = serialization.load_pem_private_key(body["pem"].encode(), None)
        assert isinstance(private, rsa.RSAPrivateKey)  # noqa: S101
        self._key = Key(body["pem"], private)


def configuration(authority: Authority) -> dict[str, Any]:
    """Return the discovery document; every endpoint in it is on the host that was asked."""
    root = f"{authority.base}/{authority.name}"
    return {
        "issuer": authority.issuer,
        "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
        "token_endpoint": f"{root}/oauth2/v2.0/token",
        "end_session_endpoint": f"{root}/oauth2/v2.0/logout",
        "jwks_uri": f"{root}/discovery/v2.0/keys",
        "token_endpoint_auth_methods_supported": list(AUTHENTICATION),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "claims_supported": list(CLAIMS),
        "request_uri_parameter_supported": False,
        "http_logout_supported": True,
        "frontchannel_logout_supported": False,
        "tenant_region_scope": None,
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
    }  # fmt: skip


def _number(value: int) -> str:
    return _base64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
