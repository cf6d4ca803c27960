"""The systems that gateways exchange with, as Endpoints with an extension say it. Pure.

members.py     the members of such an extension, read and checked
addresses.py   whether a call comes from a network that was named
known.py       those that are known by now, looked up again after some seconds
"""

from fhirserver.partners.addresses import is_within, networks
from fhirserver.partners.known import FRESH_SECONDS, Known
from fhirserver.partners.members import Members, chosen, fingerprints, zone

__all__ = [
    "FRESH_SECONDS", "Known", "Members", "chosen", "fingerprints", "is_within", "networks", "zone",
]  # fmt: skip
