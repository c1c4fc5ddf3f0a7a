"""All attacks: importing their modules enters them, in the order of docs/threat-model.md."""

from importlib import import_module

from bench.attacks.registry import ATTACKS

__all__ = ["ATTACKS", "MODULES"]

MODULES = (
    "signatures",
    "standing",
    "relaying",
    "holding",
    "bundles",
    "chains",
    "rows",
    "tenants",
    "credentials",
    "recovering",
    "privacy",
    "outside",
    "pages",
    "inputs",
)

for module in MODULES:
    import_module(f"bench.attacks.{module}")
