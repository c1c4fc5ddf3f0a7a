"""The proof, pure: commitments, trail ids, typed data, fold, bundle and its verification (docs/format.md)."""
