"""Vapi's server messages, read into our values, and our answers in Vapi's words."""

from routing.vapi.messages.answers import UnusableTarget, render_assistant_response
from routing.vapi.messages.envelope import NotJson, is_assistant_request, read_server_message
from routing.vapi.messages.inbound import read_assistant_request
from routing.vapi.messages.outcome import Outcome, read_outcome
from routing.vapi.messages.predial import read_predial

__all__ = [
    "NotJson",
    "Outcome",
    "UnusableTarget",
    "is_assistant_request",
    "read_assistant_request",
    "read_outcome",
    "read_predial",
    "read_server_message",
    "render_assistant_response",
]
