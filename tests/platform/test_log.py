"""Logs tell what happened and to which ids, never a secret or an address."""

import io
import json
import logging
import sys

import pytest
import structlog

from app.log import configure, redacted

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGVsZSJ9.c2lnbmF0dXJl"


@pytest.fixture
def logged(monkeypatch):
    """Configure logging onto a buffer; return a function that gives the lines so far."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    buffer = io.StringIO()
    monkeypatch.setattr(sys, "stdout", buffer)
    configure(level="info", form="json")
    yield lambda: [json.loads(line) for line in buffer.getvalue().splitlines()]
    root.handlers, root.level = before, level
    structlog.reset_defaults()


def test_an_event_carries_the_ids_bound_at_the_edge(logged):
    with structlog.contextvars.bound_contextvars(request_id="req-1", workspace="ws_1"):
        structlog.get_logger("app.test").warning("connection.failing", connection="con_2", attempts=3)
    structlog.get_logger("app.test").info("elsewhere")

    first, second = logged()
    assert first["event"] == "connection.failing"
    assert (first["request_id"], first["workspace"], first["connection"]) == ("req-1", "ws_1", "con_2")
    assert (first["level"], first["logger"], first["attempts"]) == ("warning", "app.test", 3)
    assert "request_id" not in second


def test_a_traceback_is_redacted_too(logged):
    try:
        int(f"no mailbox adele@contoso.example for Bearer {JWT}")
    except ValueError:
        structlog.get_logger("app.test").exception("job.failed")

    (line,) = logged()
    assert "no mailbox [address] for Bearer [token]" in line["exception"]
    assert "contoso" not in json.dumps(line)


def test_what_a_library_logs_is_redacted_and_structured(logged):
    logging.getLogger("some.package").error("refused %s: %s", "ada@example.org", "client_secret=abc")

    (line,) = logged()
    assert (line["level"], line["logger"]) == ("error", "some.package")
    assert line["event"] == "refused [address]: client_secret=[secret]"


SHOWN = [
    # logged                                    shown                                           what it is
    ({"refresh_token": "0.AXoAabc"},            {"refresh_token": "[secret]"},                  "a token by its name"),
    ({"clientSecret": "hunter2"},               {"clientSecret": "[secret]"},                   "a secret by its name"),
    ({"Authorization": "Bearer abc"},           {"Authorization": "[secret]"},                  "a header by its name"),
    ({"body": b"Dear Ada"},                     {"body": "[secret]"},                           "a body by its name"),
    ({"outer": [{"secret": "s"}]},              {"outer": [{"secret": "[secret]"}]},            "a secret deep inside"),
    ({"link_id": "lnk_1", "token_id": "t_1"},   {"link_id": "lnk_1", "token_id": "t_1"},        "ids"),
    ({"status": 503, "ok": False, "at": None},  {"status": 503, "ok": False, "at": None},       "figures"),
    ({"code": "invalid_grant"},                 {"code": "invalid_grant"},                      "a reason code"),
    ("mailed ada.l+x@example.co.uk twice",      "mailed [address] twice",                       "an address"),
    ("/users/ada%40example.org/contacts",       "/users/[address]/contacts",                    "an address in a URL"),
    (f"got {JWT}",                              "got [token]",                                  "a JSON Web Token"),
    ("key ck_abcdefghijklmnop1234",             "key ck_[secret]",                              "a workspace key"),
    ("/callback?code=0.AbCd-ef&state=xyz",      "/callback?code=[secret]&state=[secret]",       "a callback"),
    ("redis://:pass@127.0.0.1:6379/0",          "redis://:[secret]@127.0.0.1:6379/0",           "a password in a URL"),
    ("contact.created for con_2",               "contact.created for con_2",                    "plain words"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "shown"), [pytest.param(*values, id=what) for *values, what in SHOWN])
def test_what_is_shown_of(value, shown):
    assert redacted(value) == shown
