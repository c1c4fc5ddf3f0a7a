"""Which addresses a webhook may reach: those of the public internet, and networks that the operator named.

Pure. The lists are IANA's registries of special-purpose addresses (RFC 6890 and its successors), written out so that
they do not change with the version of Python. Of addresses that carry another within (IPv4-mapped, NAT64), the inner
one is judged; tunnels (6to4, Teredo, ISATAP) lead where nobody can tell, and are refused.
"""

from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network

_NOT_PUBLIC_4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "168.63.129.16/32",  # a public address by which a cloud serves its machines' metadata
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
        ),
    )
)
_PUBLIC_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
_NAT64 = IPv6Network("64:ff9b::/96")
_ISATAP = (0x00005EFE, 0x02005EFE)


def reachable(address: str, allowed: Collection[Network] = ()) -> bool:
    """Whether a webhook may be sent to this IP address; `allowed` networks may be reached though they are private."""
    try:
        found = _inner(ip_address(address))
    except ValueError:
        return False
    if any(found.version == network.version and found in network for network in allowed):
        return True
    return _public_4(found) if isinstance(found, IPv4Address) else _public_6(found)


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            raise ValueError("an address with a zone is one of this link")
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _public_4(address: IPv4Address) -> bool:
    return not any(address in network for network in _NOT_PUBLIC_4)


def _public_6(address: IPv6Address) -> bool:
    tunnel = (int(address) >> 32) & 0xFFFFFFFF in _ISATAP
    return address in _PUBLIC_6 and not tunnel and not any(address in network for network in _NOT_PUBLIC_6)
