"""Risk: shipments, assembled from their trails, scored by `ml`, and ranked for who has to act."""
