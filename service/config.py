"""Settings, from environment variables that begin with `TRAILSEAL_`; documented in docs/operating.md."""

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretBytes, ValidationError, field_validator

from service.errors import TrailsealError

PREFIX = "TRAILSEAL_"


class BadSettings(TrailsealError):
    """An environment variable is missing or makes no sense."""

    slug, title, status = "bad-settings", "The settings are incomplete", 500


class Settings(BaseModel):
    """Everything that a process of Trailseal is told from outside; field `x_y` is the variable `TRAILSEAL_X_Y`."""

    model_config = ConfigDict(frozen=True)

    database_url: str = Field(description="PostgreSQL, as postgresql://user@host/name (or ?host=/socket/folder)")
    rpc_url: str = Field("http://127.0.0.1:8545", description="JSON-RPC of an EVM node")
    consortium_secret: SecretBytes = Field(description="32 bytes in hex; salts of all trails derive from it")
    key_encryption_key: SecretBytes = Field(description="32 bytes in hex; wraps the custodial signing keys")
    former_key_encryption_keys: tuple[SecretBytes, ...] = Field(
        (), description="earlier key-encryption keys, separated by commas, until everything is wrapped anew"
    )
    admin_key: SecretBytes | None = Field(None, description="32 bytes in hex; deploys and keeps the registry")
    relay_key: SecretBytes | None = Field(None, description="32 bytes in hex; pays for sealing, has no other right")
    database_connections: int = Field(10, ge=1, le=200, description="size of each process's connection pool")
    document_bytes: int = Field(32 * 1024 * 1024, ge=1024, description="largest document that is accepted")
    document_events: int = Field(10_000, ge=1, description="most events in one document")
    deadline_seconds: int = Field(7 * 86400, ge=60, description="how long a signature may wait for its block")
    transaction_gas: int = Field(15_000_000, ge=1_000_000, description="gas limit that one transaction is filled to")
    unmined_transactions: int = Field(64, ge=1, description="most transactions that wait for a block at once")
    poll_seconds: float = Field(0.25, gt=0, description="pause of relay and watcher when there is nothing to do")
    requests_per_minute: int = Field(6000, ge=1, description="requests of one API key in a minute, to one process")
    webhook_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        (), description="networks (CIDR, separated by commas) that webhooks may reach though they are not public"
    )
    webhook_days: float = Field(14, gt=0, le=365, description="days without success after which a subscription ends")
    model_folder: Path | None = Field(None, description="risk model; default: the one that is released with ml")
    risk_party: str | None = Field(
        None, description="identifier of the party that signs scores; without it they are stored, not sealed"
    )

    @field_validator("consortium_secret", "key_encryption_key", "admin_key", "relay_key", mode="before")
    @classmethod
    def _thirty_two_bytes(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            raw = bytes.fromhex(value.removeprefix("0x"))
        except ValueError:
            raw = b""
        if len(raw) != 32:
            raise ValueError("must be 32 bytes in hex (64 digits)")
        return SecretBytes(raw)

    @field_validator("former_key_encryption_keys", mode="before")
    @classmethod
    def _each_thirty_two_bytes(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(cls._thirty_two_bytes(one.strip()) for one in value.split(",") if one.strip())

    @field_validator("risk_party", mode="before")
    @classmethod
    def _nobody(cls, value: object) -> object:
        return value or None

    @field_validator("webhook_networks", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return tuple(ip_network(network.strip()) for network in value.split(",") if network.strip())
        except ValueError:
            raise ValueError("must be networks like 10.1.0.0/16,fd00::/8") from None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Settings from the `TRAILSEAL_` variables.

        Raises:
            BadSettings: names each variable that is missing or wrong; the message never shows a value.
        """
        given = {name[len(PREFIX) :].lower(): value for name, value in environment.items() if name.startswith(PREFIX)}
        try:
            return cls(**{name: value for name, value in given.items() if name in cls.model_fields})  # type: ignore[arg-type]
        except ValidationError as faults:
            told = [
                f"{PREFIX}{str(fault['loc'][0]).upper()}: {fault['msg']}"
                for fault in faults.errors(include_url=False, include_input=False)
            ]
            raise BadSettings("; ".join(told)) from None
