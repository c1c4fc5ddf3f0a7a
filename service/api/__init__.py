"""HTTP: one router for each use, thin over the rooms that users know."""
