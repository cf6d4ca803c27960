"""HL7 v2 messages in the vertical bar encoding (ER7): bytes to values and values to bytes."""

from hl7v2_gateway.er7.charsets import is_wide, narrowed
from hl7v2_gateway.er7.composing import Line, Unencodable, compose, line, line_of
from hl7v2_gateway.er7.delimiters import STANDARD, Delimiters
from hl7v2_gateway.er7.elements import NULL, Component, Field, Repetition, Subcomponent
from hl7v2_gateway.er7.header import VERSIONS, Header
from hl7v2_gateway.er7.messages import Message
from hl7v2_gateway.er7.parsing import parse
from hl7v2_gateway.er7.places import Place
from hl7v2_gateway.er7.problems import Malformed, Problem
from hl7v2_gateway.er7.segments import Segment

__all__ = [
    "NULL",
    "STANDARD",
    "VERSIONS",
    "Component",
    "Delimiters",
    "Field",
    "Header",
    "Line",
    "Malformed",
    "Message",
    "Place",
    "Problem",
    "Repetition",
    "Segment",
    "Subcomponent",
    "Unencodable",
    "compose",
    "is_wide",
    "line",
    "line_of",
    "narrowed",
    "parse",
]
