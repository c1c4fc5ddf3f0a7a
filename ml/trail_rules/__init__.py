"""What can be said against a trail: each rule gives signals with a size, never a verdict (`ml.anomaly` weighs them).

Every rule takes a `Told` (`ml.trail_rules.told`) and yields `Signal`s; where a rule lacks what it needs (a plan, a
history), it yields nothing. All run in time about proportional to what is told.
"""
