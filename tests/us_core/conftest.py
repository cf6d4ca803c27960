"""US Core is installed here, which other tests would notice: these have databases of their own."""

from tests.storage.conftest import own_app, own_client, own_url

__all__ = ["own_app", "own_client", "own_url"]
