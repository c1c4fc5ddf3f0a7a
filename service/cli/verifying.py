"""Verifying as the commands do it: what the auditor trusts, read from options, files and a node."""

import re
from dataclasses import dataclass
from pathlib import Path

import httpx
import typer

from service.sealing import bundle as bundles
from service.sealing import checkpoints
from service.sealing.errors import MalformedBundle
from service.sealing.meaning import steps_of
from service.sealing.state import Header
from service.sealing.trust import Trust, Validators, Witnesses
from service.sealing.verify import verify

_ADDRESS = re.compile("(?:0x)?[0-9a-fA-F]{40}")


@dataclass(frozen=True, slots=True)
class Trusted:
    """What the options of `trailseal verify` say that is trusted."""

    rpc: str | None = None
    block_hash: str | None = None
    validators: str | None = None
    witnesses: str | None = None
    required: int | None = None
    checkpoints: tuple[Path, ...] = ()

    def trust(self, file: bytes) -> Trust:
        """All of it; `rpc` is asked for the hash of the block that the bundle is of.

        Raises:
            typer.BadParameter: nothing is trusted, or an option is not well-formed or needs another.
            BadCheckpoint: see `checkpoints.read`.
        """
        if self.rpc is not None and self.block_hash is not None:
            raise typer.BadParameter("give either --rpc or --block-hash")
        if (self.witnesses is None) != (self.required is None):
            raise typer.BadParameter("--witnesses and --required belong together: how many of them must agree?")
        if self.checkpoints and self.witnesses is None:
            raise typer.BadParameter("--checkpoints need --witnesses: whose are to be trusted?")
        block = hexadecimal("--block-hash", self.block_hash, 32)
        known = _addresses("--validators", self.validators)
        try:
            return Trust(
                block if self.rpc is None else _from_node(file, self.rpc),
                Validators(known) if known else None,
                self._witnesses(),
            )
        except ValueError as fault:
            options = "--rpc, --block-hash, --validators or --witnesses"
            raise typer.BadParameter(f"{fault} ({options})") from fault

    def address(self, option: str, text: str | None) -> bytes | None:
        """The 20 bytes of an address; raises typer.BadParameter."""
        return hexadecimal(option, text, 20)

    def _witnesses(self) -> Witnesses | None:
        given = _addresses("--witnesses", self.witnesses)
        if not given or self.required is None:
            return None
        signed = [one for path in self.checkpoints for one in checkpoints.read(path.read_bytes())]
        return Witnesses(given, self.required, tuple(signed))


def hexadecimal(option: str, text: str | None, length: int) -> bytes | None:
    """The bytes of an option; raises typer.BadParameter where they are not so many."""
    if text is None:
        return None
    try:
        read = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        read = b""
    if len(read) != length:
        raise typer.BadParameter(f"{option} must be {length} bytes in hex ({2 * length} digits)")
    return read


def read_bytes(file: Path) -> bytes:
    """The file, as far as a bundle may be long and a byte more, so that what is longer is refused unread."""
    with file.open("rb") as opened:
        return opened.read(bundles.MAX_BYTES + 1)


def block_hash_at(rpc: str, number: int) -> bytes | None:
    """The hash of the block with this number on the node, None where it has no such block."""
    question = {"jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber", "params": [hex(number), False]}
    try:
        block = httpx.post(rpc, json=question, timeout=30, trust_env=False).json()["result"]
        return bytes.fromhex(block["hash"][2:]) if block else None
    except (httpx.HTTPError, httpx.InvalidURL, KeyError, TypeError, ValueError) as fault:
        raise typer.BadParameter(
            f"{rpc} does not answer as a node does ({type(fault).__name__}): check --rpc"
        ) from fault


def verified(file: bytes, rpc: str) -> bool:
    """Whether every step of the verification holds against the node's block."""
    trusted = block_hash_at(rpc, Header.read(bundles.read(file).header).number)
    return trusted is not None and verify(file, Trust(trusted), steps_of).holds


def _addresses(option: str, given: str | None) -> frozenset[bytes]:
    """The addresses in a file, or in the option itself."""
    if given is None:
        return frozenset()
    text = Path(given).read_text(encoding="utf-8") if Path(given).is_file() else given
    words = [word for line in text.splitlines() for word in line.partition("#")[0].replace(",", " ").split()]
    for word in words:
        if _ADDRESS.fullmatch(word) is None:
            raise typer.BadParameter(f"{option}: {word[:80]!r} is neither an address (20 bytes in hex) nor a file")
    if not words:
        raise typer.BadParameter(f"{option}: no address is in {given[:80]!r}")
    return frozenset(bytes.fromhex(word[-40:]) for word in words)


def _from_node(content: bytes, rpc: str) -> bytes:
    """The hash that the auditor's node has for the number of the bundle's block."""
    try:
        number = Header.read(bundles.read(content).header).number
    except (MalformedBundle, ValueError):
        return bytes(32)  # the verification itself will say what is wrong with the file
    try:
        trusted = block_hash_at(rpc, number)
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as fault:
        raise typer.BadParameter(f"the node at {rpc} does not answer as a node does: {fault}") from fault
    if trusted is None:
        raise typer.BadParameter(f"the node at {rpc} has no block {number}: it is behind, or of another chain")
    return trusted
