"""Risk scoring: shipments as events, features as of a moment, a model, its calibration and its reasons.

Importing this package, its adapters or its feature modules imports no torch; only `ml.network`, `ml.train`,
`ml.attribution` and a `Scorer` that is asked for a score do.
"""
