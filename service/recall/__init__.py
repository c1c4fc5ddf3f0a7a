"""Recall: what one thing may have affected, held on chain, and told to those whom it concerns."""

from service.recall.growing import Grower
from service.recall.holding import Holder
from service.recall.noticing import Notices
from service.recall.recalls import Recalls
from service.recall.views import Question

__all__ = ["Grower", "Holder", "Notices", "Question", "Recalls"]
