"""Where messages come in, whatever way they came: judged, kept, answered."""

from hl7v2_gateway.intake.directory import Directory
from hl7v2_gateway.intake.intake import Intake
from hl7v2_gateway.intake.received import Answer, Question, Received, Source

__all__ = ["Answer", "Directory", "Intake", "Question", "Received", "Source"]
