"""Where a browser may be sent after a sign-in."""

import pytest

from app.sync.return_urls import allowed, with_query

LISTED = ["https://crm.example/app", "https://other.example:8443/", "http://plain.example"]
CASES = [
    ("the very one",                      "https://crm.example/app",                    True),
    ("below it",                          "https://crm.example/app/settings?tab=1",     True),
    ("with the standard port",            "https://crm.example:443/app",                True),
    ("in capitals",                       "HTTPS://CRM.example/app/x",                  True),
    ("another port, as listed",           "https://other.example:8443/any/where",       True),
    ("the whole host is listed",          "http://plain.example/x",                     True),
    ("a longer word",                     "https://crm.example/apple",                  False),
    ("above it",                          "https://crm.example/",                       False),
    ("climbing out",                      "https://crm.example/app/../evil",            False),
    ("climbing out in disguise",          "https://crm.example/app/%2e%2E/evil",        False),
    ("a host that begins alike",          "https://crm.example.evil/app",               False),
    ("a host in the user's place",        "https://crm.example@evil.example/app",       False),
    ("a backslash",                       "https://crm.example\\@evil.example/app",     False),
    ("another port",                      "https://crm.example:444/app",                False),
    ("another scheme",                    "http://crm.example/app",                     False),
    ("a script",                          "javascript:alert(1)//crm.example/app",       False),
    ("no scheme",                         "//crm.example/app",                          False),
    ("a line break",                      "https://crm.example/app\r\nX: 1",            False),
    ("a fragment",                        "https://crm.example/app#x",                  False),
    ("no port at all",                    "https://crm.example:x/app",                  False),
    ("endless",                           "https://crm.example/app/" + "x" * 2048,      False),
    ("loopback",                          "http://127.0.0.1:9000/back",                 False),
]  # fmt: skip


@pytest.mark.parametrize(("url", "may"), [pytest.param(*row, id=rule) for rule, *row in CASES])
def test_only_what_is_listed(url, may):
    assert allowed(url, LISTED, development=False) is may


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_in_development_also_loopback(host):
    assert allowed(f"http://{host}:9000/back", [], development=True)


def test_parameters_are_added_and_those_of_the_same_name_replaced():
    url = with_query(
        "https://crm.example/app?a=1&status=old&b=", {"status": "active", "problem": None, "state": "x&y"}
    )

    assert url == "https://crm.example/app?a=1&b=&status=active&state=x%26y"
