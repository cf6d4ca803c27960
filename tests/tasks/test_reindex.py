"""The worker makes the index of what was added."""

from fhirserver.settings import Settings
from fhirserver.storage import reindex_jobs
from fhirserver.tasks import make_celery


def test_the_worker_does_what_is_left_to_reindex(database, database_url) -> None:
    job = reindex_jobs.start(database, ["Basic"], "test")
    app = make_celery("memory://", database_url, Settings(database_url=database_url))

    app.tasks["reindex"].apply().get()

    ended = reindex_jobs.find(database, job)
    assert ended is not None
    assert ended.state == "done"
    assert ended.done == ended.total
