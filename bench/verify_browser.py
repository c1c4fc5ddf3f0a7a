"""How long the browser's verifier takes: `python -m bench.verify_browser BUNDLE BLOCK LEDGER` prints a JSON line.

`in_node` and `in_chromium` are for other benchmarks to set beside the command's own time.
"""

import argparse
import json
import shutil
import subprocess
from pathlib import Path

from service.web.assemble import PAGE

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = Path("/usr/bin/chromium")


def in_node(bundle: Path, block: str, ledger: str, workers: int = 1) -> dict[str, float] | None:
    """Seconds (on the clock, and of processors) of the page's script under Node; None where there is no Node."""
    node = shutil.which("node") or shutil.which("node", path=str(ROOT / ".venv" / "bin"))
    if node is None:
        return None
    command = [node, str(ROOT / "bench" / "verify_browser.mjs"), str(bundle), block, ledger, str(workers)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=900)
    told = json.loads(done.stdout)
    if not told["holds"]:
        raise SystemExit(f"the bundle does not hold: {told['error']}")
    return {name: told[name] for name in ("seconds", "cpuSeconds")}


def in_chromium(bundle: Path, block: str, ledger: str) -> float | None:
    """Seconds from *Verify* to the verdict in the page itself; None where there is no browser."""
    if not CHROMIUM.exists():
        return None
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(PAGE.as_uri())
        page.set_input_files("#file", files=str(bundle))
        page.fill("#block", block)
        page.fill("#ledger", ledger)
        page.click("#go")
        page.wait_for_selector(".verdict.holds", timeout=900_000)
        said = page.locator("dt", has_text="Verified in").locator("xpath=following-sibling::dd[1]").inner_text()
        browser.close()
    return float(said.removesuffix(" s"))


def main() -> None:
    """Times one bundle both ways."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("block", help="the trusted block's hash, 0x and hex")
    parser.add_argument("ledger", help="the ledger's address, 0x and hex")
    given = parser.parse_args()
    what = (given.bundle, given.block, given.ledger)
    print(json.dumps({"node": in_node(*what), "chromium_seconds": in_chromium(*what)}))


if __name__ == "__main__":
    main()
