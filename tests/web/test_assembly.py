"""The committed page is what its sources make, and what it rests on is what others released."""

import re
from hashlib import sha256
from pathlib import Path

import pytest

from service.web import assemble

VENDOR = assemble.HERE / "vendor"


def test_the_committed_page_is_what_its_sources_make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert assemble.main(["--check"]) == 0
    stale = tmp_path / "verify.html"
    stale.write_text(assemble.page() + " ", encoding="utf-8")
    monkeypatch.setattr(assemble, "PAGE", stale)
    assert assemble.main(["--check"]) == 1
    assert assemble.main([]) == 0
    assert assemble.main(["--check"]) == 0


def test_vendored_files_are_those_that_were_released() -> None:
    listed = re.findall(
        r"^\| `([\w./-]+)` \| `([0-9a-f]{64})` \|$", (VENDOR / "README.md").read_text("utf-8"), re.MULTILINE
    )
    here = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()} - {"README.md"}
    assert {name for name, _ in listed} == here
    for name, digest in listed:
        assert sha256((VENDOR / name).read_bytes()).hexdigest() == digest, name
    for folder in {name.split("/")[0] for name in here}:
        assert "MIT License" in (VENDOR / folder / "LICENSE").read_text(encoding="utf-8")


def test_the_policy_names_the_one_script_and_forbids_the_rest() -> None:
    text = assemble.PAGE.read_text(encoding="utf-8")
    assert len(re.findall(r"<script\b", text)) == len(re.findall("<style", text)) == 1
    markup = text[text.index("<body>") : text.index("<script>")]
    assert not re.search(r"<(?:img|iframe|object|embed|link|base)\b|\son\w+=|\sstyle=|\ssrc=", markup)
    _, policy = assemble.served()
    directives = dict(one.split(" ", 1) for one in policy.split("; "))
    assert directives["default-src"] == directives["connect-src"] == directives["frame-ancestors"] == "'none'"
    assert "unsafe" not in policy


SINKS = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function")


def test_sources_put_nothing_into_the_page_but_text() -> None:
    for path in (assemble.HERE / "verifier").glob("*.js"):
        assert not SINKS.search(path.read_text(encoding="utf-8")), path.name
