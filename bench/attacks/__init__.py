"""Every attack and fault of docs/threat-model.md, run against the real thing: `python -m bench.attacks`."""
