"""Master data: what parties say about places, products and other things that events name."""
