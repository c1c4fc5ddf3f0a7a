"""Audits: the statements of a trail as the caller may see them, and what the rules find in them."""
