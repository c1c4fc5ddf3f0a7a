"""Captures under a storm of faults: what was accepted is sealed exactly once, and how soon after each fault."""
