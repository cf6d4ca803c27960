"""MLLP connections: messages are taken from them, and what is to be answered is sent back."""

from hl7v2_gateway.listening.asking import Asking
from hl7v2_gateway.listening.group import Group
from hl7v2_gateway.listening.limits import Limits
from hl7v2_gateway.listening.server import Server

__all__ = ["Asking", "Group", "Limits", "Server"]
