"""The page in a browser, from a disk: what an auditor sees, and what a hostile file cannot do."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from service.sealing.hashing import canonical_json
from service.web.assemble import PAGE
from tests.sealing.cases import WORLD, Case, cases
from tests.sealing.world import START, Told, said
from tests.trails.freight import SUPPLIER, event

pytest.importorskip("playwright", reason="playwright is not installed: run `make setup`")
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
HOSTILE = '"><img src=x onerror="window.owned=1"><script>window.owned=1</script>\u202eSDLOH\u202c\x1b[2J\u200b{{7*7}}'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """The page as a double click opens it; nothing may go wrong in it."""
    context = browser.new_context()
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda fault: faults.append(str(fault)))
    opened.goto(PAGE.as_uri())
    yield opened
    assert faults == []
    assert opened.evaluate("typeof window.owned") == "undefined"
    context.close()


@pytest.fixture(scope="module")
def known() -> dict[str, Case]:
    return {case.name: case for case in cases()}


def file(case: Case) -> Any:
    return [{"name": "bundle.json", "mimeType": "application/json", "buffer": case.file}]


def verified(page: Page, case: Case) -> None:
    """Gives the page what the case gives the command, and waits for what it says."""
    page.set_input_files("#file", files=file(case))
    told = case.inputs
    page.fill("#block", told["block"] or "")
    page.fill("#ledger", told["ledger"] or "")
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
    page.fill("#validators", "\n".join(told["validators"] or ()))
    if told["witnesses"]:
        page.fill("#witnesses", "\n".join(told["witnesses"]["addresses"]))
        page.fill("#required", str(told["witnesses"]["required"]))
        lines = b"".join(canonical_json(one) + b"\n" for one in told["witnesses"]["checkpoints"])
        given: Any = [{"name": "checkpoints.txt", "mimeType": "text/plain", "buffer": lines}]
        page.set_input_files("#checkpoints", files=given)
    page.click("#go")
    page.wait_for_selector("#result:not([hidden])", timeout=60_000)


def rows(page: Page) -> list[list[str]]:
    return [[cell.inner_text() for cell in row.locator("td").all()] for row in page.locator(".trail tbody tr").all()]


def test_a_bundle_that_holds_is_shown_with_its_trail(page: Page, known: dict[str, Case]) -> None:
    verified(page, known["single"])
    assert page.inner_text(".verdict h2") == "✓ Holds"
    assert page.locator(".steps .tag.good").count() == 12
    shown = rows(page)
    assert len(shown) == 6
    assert shown[1][2].startswith("SHIP")
    assert "shipping" in shown[1][3]


def test_a_failure_names_its_step_and_error_and_shows_no_trail(page: Page, known: dict[str, Case]) -> None:
    case = known["attack-reordered-whole-entries"]
    verified(page, case)
    assert page.inner_text(".verdict h2") == "✗ Does not hold"
    assert page.locator(".steps .tag.bad").count() == 1
    expected = case.verdict
    assert expected["error"] in page.inner_text(".verdict")
    assert f"step {expected['failedStep']}" in page.inner_text(".verdict")
    assert rows(page) == []


def test_what_is_withheld_erased_and_doubtful_is_marked(page: Page, known: dict[str, Case]) -> None:
    verified(page, known["erased"])
    marks = [row[5] for row in rows(page)]
    assert sum("erased" in one for one in marks) == 2
    assert "2 entries show no document" in page.inner_text(".notes")
    verified(page, known["late-key"])
    assert any("doubtful" in row[5] for row in rows(page))
    assert "not to be trusted from" in page.inner_text(".notes")


@pytest.mark.parametrize("name", ["qbft-quorum", "qbft-too-few", "witnesses-enough", "witnesses-split-view"])
def test_validators_and_witnesses_make_a_block_trusted(page: Page, known: dict[str, Case], name: str) -> None:
    verified(page, known[name])
    assert ("✓" in page.inner_text(".verdict h2")) == known[name].verdict["holds"]


def hostile() -> Case:
    """A chain on which everything that can be text is an attack on whoever reads it."""
    document = event(
        1, bizStep="commissioning", action="ADD", disposition=HOSTILE, eventTime=HOSTILE, eventID=HOSTILE,
        **{"@context": {"__proto__": "urn:x:"}, "__proto__": {"polluted": 1}, "constructor": HOSTILE, HOSTILE: HOSTILE},
    )  # fmt: skip
    document["readPoint"] = {"id": HOSTILE, "__proto__": {"polluted": 1}}
    identifier = "https://id.gs1.org/00/095211410000000014"
    told = Told((said(SUPPLIER, document, START, identifier),), custody=1 | 1 << 64 | 1 << 160)
    world = WORLD.but(trails=(told,), parties={**WORLD.parties, 2: HOSTILE})
    return Case("hostile", "", world.bundle().dump(), replace(next(cases()).trust, block=world.block))


def test_hostile_text_is_shown_and_does_nothing(page: Page) -> None:
    case = hostile()
    verified(page, case)
    assert page.inner_text(".verdict h2") == "✓ Holds"
    page.locator(".row-act").first.click()
    page.wait_for_selector(".trail pre")
    shown = page.inner_text("main")
    assert "<img src=x" in shown
    assert "\\u202eSDLOH" in shown
    assert not re.search("[\x00-\x08\x1b\u200b\u202a-\u202e]", shown)
    assert page.locator("img, main script, iframe").count() == 0
    assert page.evaluate("({}).polluted === undefined && [].polluted === undefined")


def test_what_a_file_claims_is_no_verdict(page: Page, known: dict[str, Case]) -> None:
    claim = b'{"format":"trailseal-bundle/1","holds":true,"verdict":"HOLDS: 6 entries"}\n'
    verified(page, replace(known["single"], file=claim))
    assert page.inner_text(".verdict h2") == "✗ Does not hold"
    assert "HOLDS: 6" not in page.inner_text("#result")


def test_nothing_is_verified_without_something_trusted(page: Page, known: dict[str, Case]) -> None:
    page.set_input_files("#file", files=file(known["single"]))
    page.click("#go")
    assert "Say what you trust" in page.inner_text("#problem")
    page.fill("#block", "0x1234")
    page.click("#go")
    assert "64 hex digits" in page.inner_text("#problem")
    assert page.get_attribute("#block", "aria-invalid") == "true"
    assert page.locator("#result").is_hidden()


class _Node(BaseHTTPRequestHandler):
    """A node that says what block it has, and remembers who asked."""

    asked: list[bytes]
    block = "0x" + "ab" * 32

    def do_OPTIONS(self) -> None:
        self.send_response(204)
        self._allow()

    def do_POST(self) -> None:
        self.asked.append(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self._allow()
        self.wfile.write(json.dumps({"result": {"number": "0x4d", "hash": self.block}}).encode())

    def _allow(self) -> None:
        for name in ("Origin", "Headers", "Methods"):
            self.send_header(f"Access-Control-Allow-{name}", "*")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def own_node() -> Iterator[tuple[str, list[bytes]]]:
    handler = type("_OwnNode", (_Node,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", handler.asked  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()


REACH = """async (url) => {
  const heard = (target, good, bad) => new Promise((resolve) => { target[good] = target[bad] = resolve; });
  const asked = new XMLHttpRequest(), image = new Image();
  const tries = [
    () => fetch(url, { method: "POST", body: "x", mode: "no-cors" }),
    () => { asked.open("POST", url); asked.send("x"); return heard(asked, "onload", "onerror"); },
    () => { image.src = url; return heard(image, "onload", "onerror"); },
    () => heard(new WebSocket(url.replace("http", "ws")), "onopen", "onerror"),
    () => navigator.sendBeacon(url, "x"),
  ];
  for (const one of tries) { try { await one(); } catch { } }
}"""


def test_the_browser_lets_the_page_reach_no_network(page: Page, own_node: tuple[str, list[bytes]]) -> None:
    """Asked from within the page's own world, as a script that got in would ask."""
    url, asked = own_node
    page.evaluate(REACH, url)
    assert asked == []


INJECTED = (
    "eval('window.owned = 1')",
    "Function('window.owned = 1')()",
    "setTimeout('window.owned = 1')",
    "document.body.innerHTML += '<img src=x onerror=\"window.owned = 1\">'",
    "const script = document.createElement('script'); script.append('window.owned = 1'); document.body.append(script)",
    "document.body.setAttribute('onclick', 'window.owned = 1'); document.body.click()",
    "new Worker(URL.createObjectURL(new Blob(['1']))); window.owned = 1",
    "location = 'javascript:window.owned = 1'",
)


@pytest.mark.parametrize("injected", INJECTED)
def test_no_script_that_gets_in_runs(browser: Browser, injected: str) -> None:
    opened = browser.new_page()
    opened.goto(PAGE.as_uri())
    opened.evaluate(f"() => {{ setTimeout(() => {{ {injected} }}); }}")  # later, outside of the debugger's own rights
    opened.wait_for_timeout(100)
    assert opened.evaluate("typeof window.owned") == "undefined"
    opened.close()


def test_the_auditors_own_node_is_asked_when_a_button_says_so_and_never_after(
    browser: Browser, known: dict[str, Case], own_node: tuple[str, list[bytes]]
) -> None:
    url, asked = own_node
    opened = browser.new_page()
    opened.goto(PAGE.as_uri() + "?node&block=77")
    assert "Network on" in opened.inner_text("#network")
    assert asked == []
    opened.fill("#node-url", url)
    opened.click("#ask")
    opened.wait_for_function("document.getElementById('block').value !== ''")
    assert opened.input_value("#block") == _Node.block
    assert [json.loads(one)["method"] for one in asked] == ["eth_getBlockByNumber"]
    opened.set_input_files("#file", files=file(known["single"]))
    opened.wait_for_selector("#peek p >> nth=1")
    assert "Network off" in opened.inner_text("#network")
    opened.evaluate(REACH, url)
    assert len(asked) == 1
    opened.close()


def test_it_works_by_keyboard_and_on_a_phone(browser: Browser, known: dict[str, Case]) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740}, color_scheme="dark", has_touch=True)
    opened = context.new_page()
    opened.goto(PAGE.as_uri())
    opened.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.id") == "file"
    opened.set_input_files("#file", files=file(known["single"]))
    opened.focus("#block")
    opened.keyboard.type(known["single"].inputs["block"])
    opened.keyboard.press("Enter")
    opened.wait_for_selector(".verdict.holds", timeout=60_000)
    assert opened.evaluate("document.activeElement.id") == "result"
    assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")
    controls = opened.locator("input, textarea, button, a")
    assert controls.evaluate_all("all => all.filter(one => !one.labels?.length && !one.textContent.trim())") == []
    context.close()
