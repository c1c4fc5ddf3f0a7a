"""Shipments as EPCIS events with sensor readings and planted faults, for what has no public labels.

Everything that is measured on it must be reported as *simulated*. The same seed gives the same events.
"""
