"""Bytes that any implementation must give (docs/format.md)."""

from pathlib import Path

VECTORS = Path(__file__).parent
