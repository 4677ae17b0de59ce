"""What Entra's refusals mean for a connection."""

import pytest

from app.errors import Refused, Unavailable
from app.graph.refusals import refusal, sign_in_problem

CASES = [
    #                                            error                    suberror            codes        ->  problem
    ("the grant was revoked",                    "invalid_grant",         "bad_token",        [50173],     "sign-in-needed"),
    ("the grant is too old",                     "invalid_grant",         None,               [700082],    "sign-in-needed"),
    ("a second factor is wanted",                "interaction_required",  "basic_action",     [50076],     "sign-in-needed"),
    ("a policy blocks",                          "invalid_grant",         "message_only",     [53003],     "sign-in-needed"),
    ("the account is disabled",                  "invalid_grant",         None,               [50057],     "sign-in-needed"),
    ("a number that nobody knows",               "invalid_grant",         None,               [999999],    "sign-in-needed"),
    ("no number at all",                         "invalid_grant",         None,               None,        "sign-in-needed"),
    ("consent is missing, says the suberror",    "invalid_grant",         "consent_required", [1],         "admin-consent-needed"),
    ("consent is missing, says the number",      "invalid_grant",         None,               [65001],     "admin-consent-needed"),
    ("an administrator must approve",            "consent_required",      None,               [90094],     "admin-consent-needed"),
    ("the application left the organisation",    "unauthorized_client",   None,               [700016],    "admin-consent-needed"),
    ("a wrong secret",                           "invalid_client",        None,               [7000215],   "operator-needed"),
    ("an expired secret",                        "invalid_client",        None,               [7000222],   "operator-needed"),
    ("a number of consent does not outrank it",  "invalid_client",        None,               [65001],     "operator-needed"),
    ("no such permission",                       "invalid_scope",         None,               [70011],     "operator-needed"),
    ("no such tenant",                           "invalid_request",       None,               [90002],     "operator-needed"),
]  # fmt: skip


@pytest.mark.lesson(22)
@pytest.mark.parametrize(
    ("error", "suberror", "codes", "problem"), [pytest.param(*row, id=rule) for rule, *row in CASES]
)
def test_a_refused_token_request(error, suberror, codes, problem):
    answer = {"error": error, "suberror": suberror, "error_codes": codes, "error_description": "words"}

    found = refusal({name: value for name, value in answer.items() if value is not None})

    assert isinstance(found, Refused)
    assert found.problem == problem


@pytest.mark.parametrize("error", ["temporarily_unavailable", "server_error"])
def test_microsofts_own_trouble_is_nobodys_fault(error):
    assert isinstance(refusal({"error": error}), Unavailable)


def test_the_reason_is_a_sentence_of_ours_and_never_microsofts():
    told = refusal(
        {"error": "invalid_client", "error_codes": [7000222], "error_description": "AADSTS7000222: app 5c1e"}
    )

    assert str(told) == "The client secret of the Entra application has expired."


@pytest.mark.parametrize(
    ("error", "description", "slug"),
    [
        pytest.param("access_denied", "AADSTS65004: declined", "sign-in-declined", id="the person declined"),
        pytest.param("access_denied", "", "sign-in-declined", id="the person went away"),
        pytest.param(
            "consent_required", "AADSTS65004: declined", "sign-in-declined", id="declined, other words"
        ),
        pytest.param(
            "access_denied", "AADSTS90094: admin", "admin-consent-needed", id="an administrator must approve"
        ),
        pytest.param("consent_required", "AADSTS65001: none", "admin-consent-needed", id="no consent"),
        pytest.param("server_error", "", "microsoft-unavailable", id="Microsoft's own trouble"),
        pytest.param("invalid_request", "AADSTS50011: uri", "sign-in-failed", id="our own fault"),
        pytest.param("access_denied", "AADSTS50105: not assigned", "sign-in-declined", id="not assigned"),
    ],
)
def test_a_sign_in_that_comes_back_with_an_error(error, description, slug):
    assert sign_in_problem({"error": error, "error_description": description})[0] == slug
