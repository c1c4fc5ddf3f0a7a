"""Proof that a party holds the key that it names: a signed sentence (EIP-191, `personal_sign`)."""

from service.parties.errors import BadAddress, BadProof
from service.sealing.hashing import keccak256
from service.sealing.signing import BadSignature, recover


def challenge(identifier: str, address: bytes, chain_id: int, participants: bytes) -> str:
    """What the key has to sign: which party and which address it is for, in which registry of which chain.

    It needs no freshness: showing it again says the same thing again, and the registry binds an address once, for good.
    """
    return (
        "Trailseal: this key signs for me.\n"
        f"Party: {identifier}\n"
        f"Address: 0x{address.hex()}\n"
        f"Chain: {chain_id}\n"
        f"Registry: 0x{participants.hex()}"
    )


def digest_of(text: str) -> bytes:
    """EIP-191 version 0x45: the 32 bytes that `personal_sign` of the text signs."""
    raw = text.encode()
    return keccak256(b"\x19Ethereum Signed Message:\n", str(len(raw)).encode(), raw)


def check(text: str, signature: str, address: bytes) -> None:
    """Raises `BadProof` unless the signature (65 bytes in hex) over the text was made by the key of `address`."""
    try:
        signer = recover(digest_of(text), bytes.fromhex(signature.removeprefix("0x")))
    except ValueError as fault:  # BadSignature is one
        told = str(fault) if isinstance(fault, BadSignature) else "the signature is not hex"
        raise BadProof(f"{told}; sign the challenge text with personal_sign (EIP-191)") from None
    if signer != address:
        raise BadProof(
            f"the signature belongs to 0x{signer.hex()}, not to 0x{address.hex()}: sign exactly the challenge text"
        )


def read_address(text: str) -> bytes:
    """The 20 bytes of an address in hex with 0x, in any case of letters; raises `BadAddress`."""
    try:
        raw = bytes.fromhex(text[2:]) if text.startswith("0x") else b""
    except ValueError:
        raw = b""
    if len(raw) != 20 or len(text) != 42 or not any(raw):
        raise BadAddress("an address is 0x and 40 hexadecimal digits, not all of them zero")
    return raw
