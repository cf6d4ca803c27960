"""How people sign in, and for how long."""

from __future__ import annotations

from dataclasses import dataclass

from fhirserver.settings.fields import setting


@dataclass(frozen=True)
class SignIn:
    """How people sign in, and for how long."""

    site_name: str = setting(
        "Health records", "What the pages for signing in call the hospital or the system."
    )
    session_idle_seconds: int = setting(
        900, "When somebody who has signed in and does nothing has to sign in again."
    )
    session_absolute_seconds: int = setting(
        43_200, "When somebody who has signed in has to sign in again in any case."
    )
    sign_in_attempts: int = setting(
        10, "How often a wrong password may be given for a name before signing in to it pauses."
    )
    sign_in_attempts_per_address: int = setting(
        100, "How often signing in may fail from one network address before it pauses there."
    )
    sign_in_pause_seconds: int = setting(
        900, "Within which time such attempts are counted, and how long the pause is at most."
    )
    second_factor_roles: str = setting(
        "",
        "The roles, with commas between, whose users need a second factor to sign in, an "
        "authenticator app or a passkey; * is everyone.",
    )
    password_min_length: int = setting(8, "The fewest characters of a new password.")
    password_hashes_at_once: int = setting(
        2, "How many passwords one web process checks at once; each takes 46 MiB."
    )
    external_issuer: str | None = setting(
        None,
        "The OpenID Connect issuer whose accounts may sign in here, too, such as "
        "https://login.example/realms/hospital.",
    )
    external_client_id: str = setting("", "What this server is called there.")
    external_client_secret: str = setting(
        "",
        "Its secret there; without one it is a public client, which PKCE protects.",
        secret=True,
    )
    external_name: str = setting(
        "your hospital account", "What the button on the sign-in page calls it."
    )
    external_scope: str = setting("openid profile", "The scopes that are asked for there.")
    external_user_claim: str = setting(
        "preferred_username", "The claim that names a user who comes for the first time."
    )
    external_fhir_user_claim: str = setting(
        "fhirUser", "The claim that says which Practitioner, Patient or RelatedPerson a user is."
    )
    external_roles_claim: str = setting("groups", "The claim with the groups of a user.")
    external_roles: str = setting(
        "",
        "Which role a group stands for: GROUP=ROLE, with commas between several. Who is in none "
        "of them can't sign in.",
    )
