"""Attacks through the page that verifies bundles in a browser: what a file says must not become markup, or lie."""

import json
import shutil
import subprocess

from bench.attacks.registry import Adversary, Outcome, attack, survived
from bench.attacks.undoing import replaced
from bench.attacks.world import World
from service.devstack.anvil import CHECKOUT

_HARNESS = """
"use strict";
const [, sources, words] = process.argv;
const made = { markup: [], text: [] };
const element = () => ({
  append(...children) { made.text.push(...children.filter((child) => typeof child === "string")); },
  setAttribute() {}, addEventListener() {},
  set innerHTML(text) { made.markup.push(text); }, get innerHTML() { return ""; },
});
globalThis.document = { createElement: element };
(0, eval)(sources);
for (const word of JSON.parse(words)) el("td", {}, word);
process.stdout.write(JSON.stringify(made));
"""
_WORDS = [
    "<img src=x onerror=alert(1)>",
    "</td><script>alert(1)</script>",
    "to \u202eyub\u202c",
    "zero\u200bwidth",
    "a\u0000b",
]


def sources() -> str:
    """How the page shows what a file says: `printable` and `el`, as they stand in its sources."""
    folder = CHECKOUT / "service" / "web" / "verifier"
    report, page = ((folder / name).read_text(encoding="utf-8") for name in ("report.js", "page.js"))
    unsafe = next(line for line in report.splitlines() if line.startswith("const UNSAFE"))
    return "\n".join((unsafe.replace("const", "var", 1), _function(report, "printable"), _function(page, "el")))


def _function(text: str, name: str) -> str:
    start = text.index(f"function {name}(")
    return text[start : text.index("\n}", start) + 2]


def _shown() -> dict[str, list[str]]:
    node = shutil.which("node")
    assert node is not None, "Node is missing: make setup brings one along"
    told = subprocess.run(
        [node, "-e", _HARNESS, "--", sources(), json.dumps(_WORDS)], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr[-400:]
    shown: dict[str, list[str]] = json.loads(told.stdout)
    return shown


@attack(
    "stored-xss",
    "An event's words are markup, and an auditor opens the bundle in the page",
    guarantee="G4",
    adversary=Adversary.SUPPLIER,
    without="the page shows whatever verdict the party likes",
    where="`service/web/verifier/page.js`: text nodes only; the page's Content-Security-Policy once more",
    undefended=replaced(
        "bench.attacks.pages:sources",
        lambda there: lambda: there().replace("element.append(...", "element.innerHTML = String(", 1),
    ),
)
async def _markup(_world: World) -> Outcome:
    shown = _shown()
    return survived(not shown["markup"], shown["markup"] or f"{len(shown['text'])} words are text")


@attack(
    "words-that-read-backwards",
    "A party's words carry direction overrides and characters of no width",
    guarantee="G4",
    adversary=Adversary.SUPPLIER,
    without="an auditor reads another party, or another number, than what was proven",
    where="`service/web/verifier`: `printable`",
    undefended=replaced(
        "bench.attacks.pages:sources",
        lambda there: lambda: there() + "\nprintable = (text) => text;",
    ),
)
async def _backwards(_world: World) -> Outcome:
    hidden = [word for word in _shown()["text"] if any(sign in word for sign in ("\u202e", "\u200b", "\u0000"))]
    return survived(not hidden, hidden or "what is not seen is shown as code points")
