"""The grammar of HL7 v2 messages: structures, segments and data types of versions 2.1 to 2.8.2."""

from hl7v2_gateway.grammar.definitions import Part, datatype, segment
from hl7v2_gateway.grammar.grouping import grouped
from hl7v2_gateway.grammar.groups import Group, Placed
from hl7v2_gateway.grammar.structures import merged, structure, structure_of
from hl7v2_gateway.grammar.syntax import Node
from hl7v2_gateway.grammar.versions import VERSIONS, nearest

__all__ = [
    "VERSIONS",
    "Group",
    "Node",
    "Part",
    "Placed",
    "datatype",
    "grouped",
    "merged",
    "nearest",
    "segment",
    "structure",
    "structure_of",
]
