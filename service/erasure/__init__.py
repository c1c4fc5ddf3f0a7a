"""Erasing what an event said: its document and all that derives from it, and the statement that says so."""
