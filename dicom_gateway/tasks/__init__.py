"""What the gateway does by the clock: Celery tasks, one file each (see fhirserver/tasks)."""
