"""The hourly forgetting of tokens."""

from fhirserver.storage.tokens import grant
from fhirserver.tasks import make_celery


def test_only_tokens_that_have_expired_are_forgotten(database, database_url, token) -> None:
    valid, expired = token(), token(lifetime_seconds=-60)
    app = make_celery("memory://", database_url)

    app.tasks["expired_tokens"].apply().get()

    rows = database.read("SELECT count(*) FROM access.token WHERE expires < now()")
    assert rows == [(0,)]
    assert grant(database, valid) is not None
    assert grant(database, expired) is None
