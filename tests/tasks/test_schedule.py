"""What the beat sends out."""

from datetime import timedelta

from fhirserver.tasks import make_celery


def test_a_registered_task_is_sent_out_regularly() -> None:
    schedule = make_celery("memory://").conf.beat_schedule

    assert schedule["expired_tokens"] == {
        "task": "expired_tokens",
        "schedule": timedelta(hours=1),
    }


def test_nothing_is_lost_when_a_worker_dies() -> None:
    conf = make_celery("memory://").conf

    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.accept_content == ["json"]
