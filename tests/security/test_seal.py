"""The key ring and key secrets."""

import pytest

from app.security.keys import hash_of, new_secret, same
from app.security.seal import BadKeys, CannotOpen, KeyRing, new_key

OLD, NEW = new_key("old"), new_key("new")


def test_what_is_sealed_opens_for_its_row_only():
    ring = KeyRing.parse(OLD)
    sealed = ring.seal(b"a refresh token", of="tokens:con_1")

    assert ring.open(sealed, of="tokens:con_1") == b"a refresh token"
    assert b"refresh" not in sealed
    with pytest.raises(CannotOpen):
        ring.open(sealed, of="tokens:con_2")


def test_keys_rotate_without_downtime():
    before, during, after = KeyRing.parse(OLD), KeyRing.parse(f"{NEW},{OLD}"), KeyRing.parse(NEW)
    sealed, signature = before.seal(b"secret", of="row"), before.sign("route")

    assert during.open(sealed, of="row") == b"secret"
    assert during.verify("route", signature)
    again = during.seal(b"secret", of="row")
    assert after.open(again, of="row") == b"secret"
    assert not after.verify("route", signature)
    with pytest.raises(CannotOpen):
        after.open(sealed, of="row")


@pytest.mark.parametrize("cut", [0, 1, 5, 16, 30])
def test_damage_is_noticed(cut):
    ring = KeyRing.parse(OLD)
    sealed = ring.seal(b"a refresh token", of="row")

    with pytest.raises(CannotOpen):
        ring.open(sealed[:cut], of="row")
    with pytest.raises(CannotOpen):
        ring.open(sealed[:-1] + bytes([sealed[-1] ^ 1]), of="row")


@pytest.mark.parametrize("signature", ["", "x", "é", "A" * 43])
def test_a_wrong_signature_is_refused(signature):
    assert not KeyRing.parse(OLD).verify("route", signature)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("nocolon", id="no colon"),
        pytest.param("a b:" + OLD[4:], id="a strange id"),
        pytest.param("a:!!!", id="not base64"),
        pytest.param("a:c2hvcnQ=", id="too short"),
        pytest.param(f"{OLD},{OLD}", id="one id twice"),
    ],
)
def test_a_wrong_ring_is_refused_without_telling_it(text):
    with pytest.raises(BadKeys) as refused:
        KeyRing.parse(text)
    assert OLD[4:] not in str(refused.value)


def test_of_a_workspace_key_only_the_hash_is_kept():
    secret = new_secret()

    assert secret.startswith("ck_")
    assert len({secret, new_secret()}) == 2
    assert hash_of(secret) == hash_of(secret) != secret
    assert same(secret, secret)
    assert not same(secret, secret + "x")
