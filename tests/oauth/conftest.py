"""People who sign in."""

from tests.oauth.people import a_user, ada, browser, connected, hashed

__all__ = ["a_user", "ada", "browser", "connected", "hashed"]
