"""Switchboard: one routing table for every Vapi call."""
