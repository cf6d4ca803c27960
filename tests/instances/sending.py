"""A process that sends instances into the record from four threads, until somebody kills it.

    python -m tests.instances.sending DATABASE_URL DATA_DIR KEY_FILE STUDY

It prints the UID of each instance when that is kept.
"""

from __future__ import annotations

import itertools
import sys
import threading
from pathlib import Path

from fhirserver.app import open_database
from fhirserver.instances import Instances, open_instances
from fhirserver.settings import Settings
from tests.instances.arriving import arrival, facts

THREADS = 4


def send(record: Instances, study: str, thread: int) -> None:
    for n in itertools.count():
        known = facts(study, f"{study}.{n % 3}", f"{study}.{thread}.{n}")
        record.keep([arrival(record, known, dataset_of(known.instance))])
        # One write: lines of two threads never mix.
        sys.stdout.write(f"{known.instance}\n")
        sys.stdout.flush()


def dataset_of(instance: str) -> bytes:
    """The dataset that an instance comes with."""
    return instance.encode() * 500


def main(database_url: str, data_dir: str, key_file: str, study: str) -> None:
    settings = Settings(database_url=database_url, data_dir=Path(data_dir), key_file=Path(key_file))
    record = open_instances(settings, open_database(settings))
    for thread in range(THREADS):
        threading.Thread(target=send, args=(record, study, thread)).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
