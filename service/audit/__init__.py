"""Audits: the statements of a trail as the caller sees it, what the rules find in them, and files to take away."""
