"""Event hashes per second beside the reference's, and whether they are the same.

    python -m bench.hash --repeat 3

Rival: the PyPI package epcis-event-hash-generator, in the same process and run. Documents: those that others wrote, in
../shared/epcis where that is present, and generated ones of all five event types. Timed, in seconds of processor time
(each side computes in one thread, and other programs may be running), each document in the best of so many rounds:

- text to hash (the headline): both sides get each document as JSON text, or XML text, in memory, and give its events'
  hashes. Ours parses, validates the whole document by every rule and hashes; the rival parses and hashes.
- read to hash: both sides get what their own reader made of the documents.

Our caches are emptied before each round. The rival is used as installed, but that all addresses of GS1's context lead
to the file of it that it brings along, never to the network, and that its logging is off. Left out are documents that
one side does not read at all; they are counted. Every event's hashes are compared. A difference must be explained by
named faults of the reference: with these kept from striking, and nothing else changed, both sides must agree
(bench.hash_reference); else this exits with 1.
"""

import argparse
import gc
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from epcis_event_hash_generator import hash_generator, json_to_py, xml_to_py
from rich.console import Console
from rich.table import Table

from bench import hash_events, hash_reference, hash_xml
from service.epcis import hashvalues, identifiers
from service.epcis.documents import Event, parse
from service.epcis.eventhash import event_hash
from service.epcis.faults import InvalidDocument
from service.epcis.xml import read_xml

SHARED = Path(__file__).resolve().parents[2] / "shared" / "epcis"
FOLDERS = {
    "GS1, JSON": ("gs1/JSON", (".json", ".jsonld")),
    "OpenEPCIS, JSON": ("openepcis", (".json",)),
    "event hash, JSON": ("event-hash/examples", (".jsonld",)),
    "GS1, XML": ("gs1/XML", (".xml",)),
    "OpenEPCIS, XML": ("openepcis", (".xml",)),
    "event hash, XML": ("event-hash/examples", (".xml",)),
}


@dataclass(slots=True)
class Group:
    """Documents of one kind that both sides read, and what came of them; rates are events per second."""

    name: str
    is_xml: bool
    texts: list[str]
    unread_by_us: Counter[str] = field(default_factory=Counter)
    unread_by_them: int = 0
    identical: int = 0
    compared: int = 0
    explained: Counter[str] = field(default_factory=Counter)
    unexplained: list[str] = field(default_factory=list)
    best: dict[str, dict[int, float]] = field(default_factory=dict)

    def add(self, what: str, document: int, seconds: float) -> None:
        best = self.best.setdefault(what, {})
        best[document] = min(seconds, best.get(document, seconds))

    def seconds(self, what: str) -> float:
        """Of all documents, each in its best round."""
        return sum(self.best[what].values())


def main() -> int:
    """Prints the table and the JSON line; 1 where a difference is unexplained."""
    options = _options()
    groups = [
        group for group in (*_shared(), *_generated(options.documents, options.events, options.seed)) if group.texts
    ]
    for group in groups:
        _compare(group)
    gc.collect()
    gc.freeze()  # what is kept for comparison is no work of either side's
    for _ in range(options.repeat):
        for group in groups:
            _time(group)
    _print(groups, options)
    for line in (line for group in groups for line in group.unexplained):
        print(f"UNEXPLAINED {line[:400]}", file=sys.stderr)
    return 1 if any(group.unexplained for group in groups) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3, help="rounds, of which the best counts")
    parser.add_argument("--documents", type=int, default=10, help="generated documents for each type of event")
    parser.add_argument("--events", type=int, default=20, help="events in each of them")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _shared() -> list[Group]:
    groups = []
    for name, (folder, endings) in FOLDERS.items():
        paths = [path for path in sorted((SHARED / folder).rglob("*")) if path.suffix in endings]
        groups.append(Group(name, name.endswith("XML"), [path.read_text(encoding="utf-8-sig") for path in paths]))
    return groups


def _generated(documents: int, events: int, seed: int) -> list[Group]:
    return [Group(type_, False, hash_events.documents(type_, seed, documents, events)) for type_ in hash_events.TYPES]


def _events(text: str, is_xml: bool) -> tuple[Event, ...]:
    """The events of a document, read strictly; leniently where it uses words that the CBV lacks."""
    document: Any = read_xml(text.encode()).value if is_xml else text.encode()
    try:
        return parse(document).events
    except InvalidDocument as fault:
        if {one.rule for one in fault.faults} != {"vocabulary"}:
            raise
        return parse(document, lenient=True).events


def _ours(text: str, is_xml: bool) -> list[str]:
    return [event_hash(event) for event in _events(text, is_xml)]


def _theirs(text: str, is_xml: bool) -> list[str]:
    return hash_reference.hashes_of_xml(text) if is_xml else hash_reference.hashes_of_json(text)


def _compare(group: Group) -> None:
    """Keeps the documents that both sides read, and compares each event's hashes."""
    kept = []
    for text in group.texts:
        try:
            ours = _ours(text, group.is_xml)
        except InvalidDocument as fault:
            group.unread_by_us[", ".join(sorted({one.rule for one in fault.faults}))] += 1
            continue
        try:
            theirs = _theirs(text, group.is_xml)
        except Exception:  # noqa: BLE001 - whatever the reference raises
            theirs = []
        if ours and not theirs and not _drops_all(text, group.is_xml):
            group.unread_by_them += 1
            continue
        kept.append(text)
        _judge(group, text, ours, theirs)
    group.texts = kept


def _drops_all(text: str, is_xml: bool) -> bool:
    """Whether the reference read the document, and gave up each of its events."""
    try:
        read = (xml_to_py if is_xml else json_to_py).event_list_from_epcis_document_str(text)
    except Exception:  # noqa: BLE001 - whatever the reference raises
        return False
    return bool(read[2])


def _judge(group: Group, text: str, ours: list[str], theirs: list[str]) -> None:
    group.compared += len(ours)
    if ours == theirs:
        group.identical += len(ours)
        return
    if group.is_xml:
        same = sum(one == other for one, other in zip(ours, theirs, strict=False)) if len(ours) == len(theirs) else 0
        group.identical += same
        _note(group, hash_xml.explained(text), len(ours) - same, text)
        return
    for alone in _each_alone(text):
        if hash_reference.agree(alone):
            group.identical += 1
        else:
            _note(group, hash_reference.explained(alone), 1, json.dumps(alone))


def _each_alone(text: str) -> list[dict[str, Any]]:
    """A document of each of the events by itself, so that one which the reference drops does not shift the others."""
    document = json.loads(text)
    return [
        document | {"epcisBody": {"eventList": [{name: value for name, value in event.items() if name != "eventID"}]}}
        for event in document["epcisBody"]["eventList"]
    ]


def _note(group: Group, names: Sequence[str] | None, events: int, text: str) -> None:
    if names is None:
        group.unexplained.append(f"{group.name}: {text[:2000]}")
    else:
        group.explained["; ".join(names)] += events


def _time(group: Group) -> None:
    """One round of the group's documents."""
    is_xml = group.is_xml
    ours = [_events(text, is_xml) for text in group.texts]
    reader = xml_to_py if is_xml else json_to_py
    theirs = [reader.event_list_from_epcis_document_str(text) for text in group.texts]
    jobs: dict[str, Callable[[int], object]] = {
        "theirs": lambda index: _theirs(group.texts[index], is_xml),
        "ours": lambda index: _ours(group.texts[index], is_xml),
        "theirs, read": lambda index: hash_generator.epcis_hashes_from_events(theirs[index]),
        "ours, read": lambda index: [event_hash(event) for event in ours[index]],
    }
    for name, job in jobs.items():
        identifiers.forget()
        hashvalues.forget()
        for index in range(len(group.texts)):
            start = time.process_time()
            job(index)
            group.add(name, index, time.process_time() - start)


def _print(groups: list[Group], options: argparse.Namespace) -> None:
    table = Table(title=f"Event hashes per second of processor time (best of {options.repeat} rounds)")
    for column in (
        "documents",
        "theirs",
        "ours",
        "ratio",
        "theirs, read",
        "ours, read",
        "ratio ",
        "identical/compared",
    ):
        table.add_column(column, justify="left" if column == "documents" else "right")
    timed = [group for group in groups if not group.is_xml]
    for group in groups:
        table.add_row(group.name, *_row([group]))
    table.add_section()
    table.add_row("all JSON", *_row(timed))
    console = Console(width=120)
    console.print(table)
    for group in groups:
        for names, count in group.explained.items():
            console.print(f"{group.name}: {count} differ because the reference {names}", highlight=False)
        left_out = ", ".join(f"{count} that we refuse ({rules})" for rules, count in group.unread_by_us.items())
        if left_out or group.unread_by_them:
            console.print(
                f"{group.name}: left out {group.unread_by_them} that the reference does not read"
                + (f", {left_out}" if left_out else ""),
                highlight=False,
            )
    print(json.dumps(_line(groups, timed)))


def _rates(groups: Sequence[Group], what: str) -> float:
    return sum(group.compared for group in groups) / sum(group.seconds(what) for group in groups)


def _row(groups: Sequence[Group]) -> list[str]:
    cells = []
    for suffix in ("", ", read"):
        theirs, ours = _rates(groups, f"theirs{suffix}"), _rates(groups, f"ours{suffix}")
        cells += [f"{theirs:,.0f}", f"{ours:,.0f}", f"{ours / theirs:.1f}"]
    return [*cells, f"{sum(group.identical for group in groups)}/{sum(group.compared for group in groups)}"]


def _line(groups: list[Group], timed: list[Group]) -> dict[str, Any]:
    return {
        "ratio": round(_rates(timed, "ours") / _rates(timed, "theirs"), 2),
        "identical": sum(group.identical for group in groups),
        "compared": sum(group.compared for group in groups),
        "explained": sum(sum(group.explained.values()) for group in groups),
        "unexplained": sum(len(group.unexplained) for group in groups),
        "ratio_read": round(_rates(timed, "ours, read") / _rates(timed, "theirs, read"), 2),
        "events_per_second": round(_rates(timed, "ours")),
        "reference_events_per_second": round(_rates(timed, "theirs")),
    }


if __name__ == "__main__":
    sys.exit(main())
