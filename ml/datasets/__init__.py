"""Adapters from published data sets to shipments."""
