"""Every setting, read once from the environment by the composition root.

A field `port` is the variable `FHIRSERVER_PORT`; its comment is its documentation. What is secret
may be in a file instead, that `FHIRSERVER_MASTER_KEYS_FILE`, for one, names.

Each file is one subject; `all.Settings` is the sum of them.
"""

from fhirserver.settings.all import Settings
from fhirserver.settings.fields import InvalidSetting
from fhirserver.settings.reading import read, variables

__all__ = ["InvalidSetting", "Settings", "read", "variables"]
