"""When a delivery that was not taken is sent again. Pure."""

LONGEST_SECONDS = 3600.0


def pause(failures: int, chance: float, asked: float = 0.0) -> float:
    """Seconds until the next attempt after so many failures in a row (1 and up).

    They double from 1 s to 1 h; `chance` (0 to 1) takes up to a half off, so that receivers who come back are not
    called by all at once. `asked` is the receiver's `Retry-After`, followed up to 1 h.
    """
    doubled = min(LONGEST_SECONDS, 2.0 ** min(failures, 30))
    return max(1.0, doubled * (1 - chance / 2), min(asked, LONGEST_SECONDS))
