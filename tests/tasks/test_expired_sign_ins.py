"""The hourly forgetting of what signing in leaves behind."""

import psycopg

from fhirserver.storage import attempts, begun
from fhirserver.tasks import make_celery


def test_what_is_over_is_forgotten_and_nothing_else(database, database_url) -> None:
    over = begun.begin(database, "test", lifetime_seconds=-60)
    going_on = begun.begin(database, "test", lifetime_seconds=60)
    attempts.count(database, "somebody of long ago", -60)
    app = make_celery("memory://", database_url)

    app.tasks["expired_sign_ins"].apply().get()

    with psycopg.connect(database_url) as connection:
        left = connection.execute(
            "SELECT (SELECT count(*) FROM access.begun WHERE expires < now()), "
            "(SELECT count(*) FROM access.attempt WHERE expires < now())"
        ).fetchone()
    assert left == (0, 0)
    assert begun.look(database, over, "test") is None
    assert begun.take(database, going_on, "test") is not None
    assert begun.take(database, going_on, "test") is None
