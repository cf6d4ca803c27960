"""The types of search parameters, a file each: importing this package registers them all."""

import sys

from fhirserver.registry import discover

discover(sys.modules[__name__])
