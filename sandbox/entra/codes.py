"""The AADSTS codes Entra answers with here: the OAuth error each belongs to, and its sentence.

https://learn.microsoft.com/entra/identity-platform/reference-error-codes
"""

MEANINGS: dict[int, tuple[str, str]] = {
    28000: (
        "invalid_request",
        (
            "Provided value for the input parameter scope is not valid because it contains more "
            "than one resource."
        ),
    ),
    50011: (
        "invalid_request",
        (
            "The redirect URI '{uri}' specified in the request does not match the redirect URIs "
            "configured for the application '{app}'."
        ),
    ),
    50020: (
        "invalid_grant",
        (
            "User account '{mail}' does not exist in tenant '{tenant}' and cannot access the "
            "application '{app}' in that tenant."
        ),
    ),
    50027: ("invalid_client", "JWT token is invalid or malformed."),
    50034: ("access_denied", "The user account does not exist in the directory."),
    50057: ("invalid_grant", "The user account is disabled."),
    50058: ("login_required", "A silent sign-in request was sent but no user is signed in."),
    50059: (
        "invalid_request",
        (
            "No tenant-identifying information found in either the request or implied by any "
            "provided credentials."
        ),
    ),
    50076: (
        "invalid_grant",
        (
            "Due to a configuration change made by your administrator, or because you moved to a "
            "new location, you must use multi-factor authentication."
        ),
    ),
    50078: (
        "invalid_grant",
        ("Multi-factor authentication has expired due to policies of your administrator."),
    ),
    50079: (
        "invalid_grant",
        (
            "Due to a configuration change made by your administrator, you must enroll in multi-"
            "factor authentication."
        ),
    ),
    50105: ("access_denied", "The signed in user is not assigned to a role for the application."),
    50173: (
        "invalid_grant",
        ("The provided grant has expired due to it being revoked, a fresh auth token is needed."),
    ),
    50194: (
        "invalid_request",
        (
            "Application '{app}' is not configured as a multi-tenant application. Usage of the "
            "/{tenant} endpoint is not supported for such apps."
        ),
    ),
    50196: (
        "invalid_grant",
        ("The server terminated an operation because it encountered a client request loop."),
    ),
    53000: ("access_denied", "Device is not in required device state: compliant."),
    53001: ("access_denied", "Device is not in required device state: domain_joined."),
    53003: ("access_denied", "Access has been blocked by Conditional Access policies."),
    54005: (
        "invalid_grant",
        (
            "OAuth2 Authorization code was already redeemed, please retry with a new valid code "
            "or use an existing refresh token."
        ),
    ),
    65001: (
        "invalid_grant",
        (
            "The user or administrator has not consented to use the application with ID '{app}'. "
            "Send an interactive authorization request for this user and resource."
        ),
    ),
    65004: ("access_denied", "User declined to consent to access the app '{app}'."),
    70000: ("invalid_grant", "The provided value for the '{parameter}' parameter is not valid."),
    70003: ("unsupported_grant_type", "The app requested an unsupported grant type '{grant}'."),
    70008: (
        "invalid_grant",
        ("The provided authorization code or refresh token has expired due to inactivity."),
    ),
    70011: (
        "invalid_scope",
        ("The provided value for the input parameter 'scope' is not valid. {why} The value was: {scope}"),
    ),
    70043: (
        "invalid_grant",
        ("The refresh token is invalid due to sign-in frequency checks by conditional access."),
    ),
    90002: (
        "invalid_request",
        (
            "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and "
            "are signing into the correct cloud."
        ),
    ),
    90023: ("invalid_request", "The request has an unsupported value for '{parameter}': {value}."),
    90094: (
        "access_denied",
        ("{app} needs permission to access resources in your organization that only an admin can grant."),
    ),
    500011: ("invalid_resource", "The resource principal named {resource} was not found in the tenant."),
    500112: (
        "invalid_client",
        (
            "The reply address '{uri}' does not match the reply address '{first}' provided when "
            "requesting Authorization code."
        ),
    ),
    501481: (
        "invalid_grant",
        ("The Code_Verifier does not match the code_challenge supplied in the authorization request."),
    ),
    501491: ("invalid_request", "Invalid size of Code_Challenge parameter."),
    650053: (
        "invalid_client",
        ("The application '{app}' asked for scope '{scope}' that is not on the resource '{resource}'."),
    ),
    700005: (
        "invalid_grant",
        ("Provided Authorization Code is intended to use against other tenant, thus rejected."),
    ),
    700016: (
        "unauthorized_client",
        ("Application with identifier '{app}' was not found in the directory '{tenant}'."),
    ),
    700022: (
        "invalid_request",
        (
            "The provided value for the input parameter scope is not valid because it contains "
            "more than one resource."
        ),
    ),
    700023: ("invalid_client", "Client assertion audience claim does not match Realm issuer."),
    700024: ("invalid_client", "Client assertion is not within its valid time range."),
    700025: (
        "invalid_client",
        ("Client is public so neither 'client_assertion' nor 'client_secret' should be presented."),
    ),
    700027: ("invalid_client", "The client assertion is not valid for application '{app}': {why}"),
    700054: (
        "unsupported_response_type",
        ("response_type '{value}' is not enabled for the application '{app}'."),
    ),
    700082: ("invalid_grant", "The refresh token has expired due to inactivity."),
    700084: (
        "invalid_grant",
        (
            "The refresh token was issued to a single page app (SPA), and therefore has a fixed, "
            "limited lifetime."
        ),
    ),
    900144: ("invalid_request", "The request body must contain the following parameter: '{parameter}'."),
    900561: ("invalid_request", "The endpoint only accepts POST requests. Received a {method} request."),
    7000215: (
        "invalid_client",
        (
            "Invalid client secret provided for app '{app}'. Ensure it is the client secret "
            "value, not the client secret ID."
        ),
    ),
    7000218: (
        "invalid_client",
        ("The request body must contain the following parameter: 'client_assertion' or 'client_secret'."),
    ),
    7000222: ("invalid_client", "The provided client secret keys for app '{app}' are expired."),
    9002313: ("invalid_request", "Invalid request. Request is malformed or invalid."),
}
