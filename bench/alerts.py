"""How much of a day's best alerts can be had while scores come in: `python -m bench.alerts`.

Simulated days (seeded): shipments that are worth an alert come at random times with benefits of a few shapes; each rule
may give `budget` alerts a day. What a rule gets is divided by what the best of the day would have given in hindsight.
"""

import argparse
import json
import random
from collections.abc import Callable, Iterator

from service.risk.budget import KEPT, RECENT_DAYS, Day, choose

Arrivals = list[tuple[float, float]]
Rule = Callable[[Arrivals, list[Arrivals], int], list[float]]


def budgeted(arrivals: Arrivals, past: list[Arrivals], budget: int) -> list[float]:
    """Ours."""
    alerted: list[float] = []
    offered: list[float] = []
    standing: list[float] = []
    recent = past[-RECENT_DAYS:]
    forecast = tuple(one for day in recent for one in sorted(day, key=lambda one: -one[1])[: KEPT * budget])
    for gone, benefit in arrivals:
        offered.append(benefit)
        standing = sorted([*standing, benefit], reverse=True)[: 2 * budget]
        day = Day(budget, gone, len(recent), forecast, tuple(offered), tuple(alerted))
        places = {one.place for one in choose(day, standing)}
        alerted += [standing[place] for place in places]
        standing = [one for place, one in enumerate(standing) if place not in places]
    return alerted


def first_come(arrivals: Arrivals, _: list[Arrivals], budget: int) -> list[float]:
    """The first that are worth it."""
    return [benefit for _, benefit in arrivals[:budget]]


def fixed(arrivals: Arrivals, past: list[Arrivals], budget: int) -> list[float]:
    """The first above a threshold that recent days exceeded as often as the budget allows."""
    recent = past[-RECENT_DAYS:]
    best = sorted((benefit for day in recent for _, benefit in day), reverse=True)
    place = budget * len(recent)
    threshold = best[place] if place < len(best) else 0.0
    return [benefit for _, benefit in arrivals if benefit > threshold][:budget]


RULES: dict[str, Rule] = {"ours": budgeted, "first come": first_come, "fixed threshold": fixed}


def days(kind: str, count: int, rng: random.Random) -> Iterator[Arrivals]:
    """Days of a kind: alike, growing worse, with a bad day every week, or with most scores in one batch."""
    for number in range(count):
        worse = {"drift": 0.006 * number, "bad days": 0.25 * (number % 7 == 6)}.get(kind, 0.0)
        arrivals = []
        for _ in range(rng.randint(90, 150)):
            gone = 0.35 if kind == "burst" and rng.random() < 0.6 else rng.random()
            chance = min(0.999, rng.betavariate(1.2, 4) + worse)
            benefit = max(60 * chance - 20, 40 * chance - 5)
            if benefit > 0:
                arrivals.append((gone, benefit))
        yield sorted(arrivals)


def share(rule: Rule, kind: str, budget: int, count: int) -> float:
    """What the rule gets of the benefit of the best in hindsight, over all days."""
    past: list[Arrivals] = []
    got = best = 0.0
    for arrivals in days(kind, count, random.Random(7)):
        alerted = rule(arrivals, past, budget)
        assert len(alerted) <= budget
        got += sum(alerted)
        best += sum(sorted((benefit for _, benefit in arrivals), reverse=True)[:budget])
        past.append(arrivals)
    return got / best


def main() -> None:
    """Prints a table, and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--budget", type=int, default=10)
    given = parser.parse_args()
    print(f"share of the best {given.budget} in hindsight, {given.days} simulated days of each kind")
    figures = {}
    for kind in ("alike", "drift", "bad days", "burst"):
        row = {name: share(rule, kind, given.budget, given.days) for name, rule in RULES.items()}
        figures[kind] = {name: round(value, 3) for name, value in row.items()}
        print(f"{kind:<10}" + "".join(f"  {name} {value:.3f}" for name, value in row.items()))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
