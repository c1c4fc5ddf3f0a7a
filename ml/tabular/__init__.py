"""Deliveries of which only a booking is known: late rates of everything they share, and a small model on top of them.

For histories like SCMS that have no milestones. Freight with milestones has `ml.scorer`.
"""
