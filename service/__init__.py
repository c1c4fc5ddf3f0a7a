"""Trailseal: permissioned-ledger supply-chain traceability."""
