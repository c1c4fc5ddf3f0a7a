"""Trails: what happened to a thing, as far as one party may see it, and the proof of it to take away."""

from service.trails.journeys import Journey
from service.trails.trails import Trails
from service.trails.views import EventView, TrailEntry, TrailView

__all__ = ["EventView", "Journey", "TrailEntry", "TrailView", "Trails"]
