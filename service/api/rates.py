"""So many requests a minute for each API key, counted in this process."""

import math
import time
from typing import Any

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from service.api.errors import TooManyRequests


class RateRefused(TooManyRequests):
    """Carries `Retry-After` (RFC 9110, 10.2.3)."""

    slug, title, status = TooManyRequests.slug, TooManyRequests.title, TooManyRequests.status

    def __init__(self, detail: str, seconds: int) -> None:
        super().__init__(detail, {"retryAfter": seconds})
        self.headers = {"Retry-After": str(seconds)}


class Rates:
    """A sliding window over the last minute."""

    def __init__(self, per_minute: int) -> None:
        self._item = RateLimitItemPerMinute(per_minute)
        self._windows: Any = SlidingWindowCounterRateLimiter(MemoryStorage())

    def count(self, key_id: str) -> None:
        """Counts one request; raises `RateRefused` where it is one too many."""
        if self._windows.hit(self._item, key_id):
            return
        reset = self._windows.get_window_stats(self._item, key_id).reset_time
        seconds = max(1, math.ceil(reset - time.time()))
        raise RateRefused(f"an API key may make {self._item.amount} requests a minute; wait {seconds} s", seconds)
