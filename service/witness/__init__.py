"""A witness: follows the chain from its own node and signs checkpoints of it (docs/witnesses.md); no database."""
