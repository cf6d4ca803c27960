"""Whether what is known of something meets the keys of a query (PS3.4 C.2.2.2).

Keys and items are DICOM JSON models (PS3.18 F.2): `{"00100010": {"vr": "PN", "Value": [...]}}`.
"""

from dicom_gateway.matching.answers import answered
from dicom_gateway.matching.items import How, Item, matches, matching

__all__ = ["How", "Item", "answered", "matches", "matching"]
