"""Which known word somebody may have meant: by the pairs of letters that two words share (Dice's coefficient).

Counting pairs costs a few microseconds for each known word, so that a file full of misspelt words is no burden.
"""

from collections.abc import Iterable, Mapping

_LONGEST = 40
_ENOUGH = 0.55


class Spellings:
    """Known words, by how they are compared; each stands for what `meant` says."""

    def __init__(self, meant: Mapping[str, str] | Iterable[str]) -> None:
        pairs = meant if isinstance(meant, Mapping) else {word: word for word in meant}
        self._known = [(_pairs(word), result) for word, result in sorted(pairs.items())]

    def nearest(self, text: str) -> str | None:
        """What the word that is most like `text` stands for, if any is like it."""
        asked = _pairs(text[:_LONGEST])
        best, found = _ENOUGH, None
        for known, result in self._known:
            likeness = 2 * len(asked & known) / (len(asked) + len(known))
            if likeness > best:
                best, found = likeness, result
        return found


def _pairs(word: str) -> frozenset[str]:
    bounded = f"^{word}$"
    return frozenset(bounded[start : start + 2] for start in range(len(bounded) - 1))
