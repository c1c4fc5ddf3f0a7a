"""Who may speak and who may look: parties, their signing keys, their API keys, their grants. Knows no HTTP."""
