"""Recall: what one thing may have affected, held on chain, and told to those whom it concerns."""
