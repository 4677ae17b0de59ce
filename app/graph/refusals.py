"""What Entra's refusals mean: an OAuth error becomes the state that it puts a connection in. Pure.

Microsoft says that its AADSTS numbers may change their meaning: ``error`` decides, then ``suberror``; a
number only words the message, but where nothing else tells a missing consent from another refusal.
https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from app.errors import Interruption, Refused, Unavailable

CONSENT: Final = frozenset({65001, 90094, 90095})
DECLINED: Final = frozenset({65004})
TRANSIENT: Final = frozenset({"temporarily_unavailable", "server_error"})
OPERATORS: Final = frozenset(
    {"invalid_client", "invalid_scope", "invalid_resource", "invalid_request", "unsupported_grant_type"}
)
SOON: Final = timedelta(seconds=15)

SENTENCES: Final[Mapping[int, str]] = {
    50011: "The redirect URI is not registered with the Entra application.",
    50034: "This account does not exist in the directory.",
    50057: "The account is disabled.",
    50076: "Microsoft asks for a second factor.",
    50078: "The second factor has expired.",
    50079: "The person must enrol for a second factor.",
    50105: "The person is not assigned to the application: an administrator must assign them.",
    50173: "The grant was revoked or the password was changed.",
    50194: "The application is for one organisation only, and was used at the common endpoint.",
    53000: "The person's device does not comply with the organisation's policy.",
    53001: "The person's device is not joined to the organisation.",
    53003: "The organisation's access policy blocked the sign-in.",
    54005: "This sign-in was used already.",
    65001: "The permissions asked for have not been consented to.",
    65004: "The permissions asked for were declined.",
    70008: "The grant has expired.",
    70011: "A permission asked for does not exist.",
    70043: "The organisation asks for a new sign-in from time to time.",
    90002: "There is no such tenant.",
    90094: "An administrator of the organisation must approve.",
    90095: "An administrator of the organisation must approve.",
    501481: "The sign-in was answered by another browser session than it began in.",
    700016: "The application is not known in this organisation.",
    700027: "The certificate of the Entra application was refused.",
    700082: "The grant has expired, since it was not used for a long time.",
    7000215: "The client secret of the Entra application is wrong.",
    7000218: "The Entra application wants a client secret or a certificate.",
    7000222: "The client secret of the Entra application has expired.",
}


def refusal(answer: Mapping[str, Any]) -> Interruption:
    """Return what a refusing answer of the token endpoint means: a person must act, or it is tried later."""
    error, codes = str(answer.get("error", "unknown")), numbers(answer)
    if error in TRANSIENT:
        return Unavailable(f"Entra answered {error}.", after=SOON)
    reason = worded(codes) or f"Microsoft refused: {error}."
    if error in OPERATORS:
        return Refused(reason, problem="operator-needed")
    suberror = str(answer.get("suberror", ""))
    wants_consent = error in {"consent_required", "unauthorized_client"} or suberror == "consent_required"
    if wants_consent or CONSENT.intersection(codes):
        return Refused(reason, problem="admin-consent-needed")
    return Refused(reason, problem="sign-in-needed")


def sign_in_problem(answer: Mapping[str, Any]) -> tuple[str, str]:
    """Return (slug, sentence) for a sign-in that came back with an error instead of a code.

    Quirk: ``access_denied`` is both "I decline" (AADSTS65004) and "an administrator must approve"
    (AADSTS90094). https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow
    """
    error, codes = str(answer.get("error", "unknown")), numbers(answer)
    sentence = worded(codes)
    if CONSENT.intersection(codes) or (error == "consent_required" and not DECLINED.intersection(codes)):
        return "admin-consent-needed", sentence or "An administrator of the organisation must approve."
    if error in {"access_denied", "consent_required"}:
        return "sign-in-declined", sentence or "The sign-in was cancelled or declined."
    if error in TRANSIENT:
        return "microsoft-unavailable", "Microsoft's sign-in is not available at this moment."
    return "sign-in-failed", sentence or f"Microsoft answered: {error}."


def numbers(answer: Mapping[str, Any]) -> list[int]:
    """Return the AADSTS numbers of an answer, from its list or, as in a redirect, from its description."""
    listed = [code for code in answer.get("error_codes") or () if isinstance(code, int)]
    if listed:
        return listed
    return [int(digits) for digits in re.findall(r"AADSTS(\d+)", str(answer.get("error_description", "")))]


def worded(codes: list[int]) -> str | None:
    """Return our sentence for the first number that we know."""
    return next((SENTENCES[code] for code in codes if code in SENTENCES), None)
