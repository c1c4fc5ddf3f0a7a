"""The parts that Trailseal runs on, started natively on this machine: PostgreSQL from a wheel, Anvil from npm."""

from service.devstack.anvil import Anvil
from service.devstack.child import DevstackError
from service.devstack.postgres import Postgres
from service.devstack.stack import Stack

__all__ = ["Anvil", "DevstackError", "Postgres", "Stack"]
