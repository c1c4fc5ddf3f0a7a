"""Puts the page together: `python -m service.web.assemble` writes verify.html, `--check` says whether it is up to date.

The page is one file, so that it works from a disk without any server: everything is inline, and its own
Content-Security-Policy names the one script and the one style by their SHA-256 and allows nothing else. The script is
the sources one after the other; what others wrote (`vendor`) is wrapped, not changed.
"""

import re
import sys
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from service.sealing import released

HERE = Path(__file__).resolve().parent
PAGE = HERE / "verify.html"
VENDORED = (
    ("noble-hashes/utils.js", "noble_utils"),
    ("noble-hashes/_u64.js", "noble_u64"),
    ("noble-hashes/_md.js", "noble_md"),
    ("noble-hashes/sha2.js", "noble_sha2"),
    ("noble-hashes/sha3.js", "noble_sha3"),
    ("noble-secp256k1/index.js", "secp256k1"),
)
"""Modules and the names that stand for them, each after those that it imports."""
SOURCES = (
    "bytes.js", "canonical.js", "identifiers.js", "saying.js", "rlp.js", "state.js", "curve.js", "signatures.js",
    "typeddata.js",
    "bundle.js", "qbft.js", "checkpoints.js", "steps.js", "verify.js", "replay.js", "report.js", "engine.js",
    "page.js",
)  # fmt: skip
OFFERED = (
    "verifyBundle", "recoverWith", "readCheckpoints", "Engine", "KeyRing", "recoverHere", "saidBy", "resolveIdentifier",
    "readCanonical", "textOfUtf8", "printable", "notesOf",
    "NoEvent", "NotCanonical", "InvalidIdentifier", "BadCheckpoint",
)  # fmt: skip
"""What the script offers to whoever runs it otherwise than in the page."""
_IMPORT = re.compile(r'^import (\{[^}]*\}|\* as \w+) from "\./([\w.]+)";$', re.MULTILINE)
_EXPORTED = re.compile(r"^export (?=(?:async )?(?:const|function|class) (\w+))", re.MULTILINE)
_EXPORT_LIST = re.compile(r"^export \{([^}]*)\};$", re.MULTILINE)
_LEFT_OVER = re.compile(r"^(?:import|export)\b", re.MULTILINE)


class AssemblyError(Exception):
    """A source is not made as the assembly expects."""


def script() -> str:
    """The page's one script: a classic one, which a browser's page, its workers and Node all run as it is."""
    parts = ['const TrailsealVerifier = (() => {\n"use strict";']
    parts += [*(_wrapped(path, name) for path, name in VENDORED), _released()]
    parts += [_titled(name, (HERE / "verifier" / name).read_text(encoding="utf-8")) for name in SOURCES]
    return "\n".join((*parts, f"return {{ {', '.join(OFFERED)} }};\n}})();\n"))


def _wrapped(path: str, name: str) -> str:
    """A module as a function that runs once and returns its exports; not a character of it is left out."""
    text = (HERE / "vendor" / path).read_text(encoding="utf-8")
    folder = Path(path).parent.name
    names = [found[1] for found in _EXPORTED.finditer(text)]
    for listed in _EXPORT_LIST.finditer(text):
        names += [one.strip() for one in listed[1].split(",") if one.strip()]

    def imported(found: re.Match[str]) -> str:
        source = dict(VENDORED)[f"{folder}/{found[2]}"]
        return f"const {found[1].removeprefix('* as ')} = {source};"

    body = _EXPORT_LIST.sub("", _EXPORTED.sub("", _IMPORT.sub(imported, text)))
    if _LEFT_OVER.search(body):
        raise AssemblyError(f"{path} imports or exports in a way that is not known here")
    return _titled(f"vendor/{path}", f"const {name} = (() => {{\n{body}\nreturn {{ {', '.join(names)} }};\n}})();\n")


def _released() -> str:
    tables = (("RELEASED_PROVENANCE", released.PROVENANCE), ("RELEASED_PARTICIPANTS", released.PARTICIPANTS))
    lines = []
    for name, versions in tables:
        pairs = ", ".join(f'["{code.hex()}", "{version}"]' for code, version in versions.items())
        lines.append(f"const {name} = new Map([{pairs}]);")
    lines.append("const { sha256 } = noble_sha2, { keccak_256 } = noble_sha3;")
    return _titled("code hashes of released contracts", "\n".join(lines) + "\n")


def _titled(name: str, text: str) -> str:
    return f"\n// ---- {name}\n{text}"


def page() -> str:
    """The page as it has to be."""
    code, style = script(), (HERE / "verify.css").read_text(encoding="utf-8")
    if "</script" in code.lower() or "<!--" in code or "</style" in style.lower():
        raise AssemblyError("a source would end the element that it stands in")
    text = (HERE / "verify.template.html").read_text(encoding="utf-8")
    for mark, value in (("policy", policy(code, style)), ("style", style), ("script", code)):
        if text.count(f"{{{{{mark}}}}}") != 1:
            raise AssemblyError(f"the template has to hold {{{{{mark}}}}} once")
        text = text.replace(f"{{{{{mark}}}}}", value)
    return text


def policy(code: str, style: str) -> str:
    """The page's Content-Security-Policy: nothing but this script, this style, and workers made of this script."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_pin(code)}'",
            f"style-src '{_pin(style)}'",
            "worker-src blob:",
            "connect-src http: https:",  # narrowed to 'none' by the page itself before it reads any file
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types verifier",
        )
    )


def _pin(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def served() -> tuple[bytes, str]:
    """The committed page, and the policy under which a server hands it out: the page's own, and no network at all."""
    text = PAGE.read_text(encoding="utf-8")
    own = re.search('http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    if own is None:
        raise AssemblyError("the page has no policy: run `python -m service.web.assemble`")
    return text.encode(), own[1].replace("connect-src http: https:", "connect-src 'none'") + "; frame-ancestors 'none'"


def main(arguments: list[str]) -> int:
    """Writes the page, or with `--check` says whether it is what its sources make."""
    wanted = page()
    if arguments == ["--check"]:
        if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == wanted:
            return 0
        sys.stderr.write("service/web/verify.html is not what its sources make: run `python -m service.web.assemble`\n")
        return 1
    PAGE.write_text(wanted, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
