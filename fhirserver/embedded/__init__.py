"""PostgreSQL and Valkey from wheels, as children of ours, for a laptop, a test or a small hospital.

    with embedded.postgres(data_dir) as url:        # postgresql://fhirserver@/fhirserver?host=...
        psycopg.connect(url)

`data_dir` is made when missing; the cluster stays in `data_dir/postgres`. Inside the block the
database `fhirserver` exists and its user `fhirserver` is a superuser. `extra={"fsync": "off"}`
passes settings. Use it from the main thread: on Linux the server stops when the thread that
started it ends. Not for two processes on one directory at the same time.

    embedded.connection_url(settings)               # of whatever runs; CannotStart if nothing does
    embedded.broker_url(settings)
    with embedded.services(settings) as settings:   # settings.database_url works in the block
        ...
"""

from fhirserver.embedded.connections import broker_url, connection_url, services
from fhirserver.embedded.failures import CannotStart
from fhirserver.embedded.postgresql import postgres

__all__ = ["CannotStart", "broker_url", "connection_url", "postgres", "services"]
