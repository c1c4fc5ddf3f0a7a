"""Where the consortium's contracts are: what an auditor compares a bundle's ledger with."""

from dataclasses import dataclass

from service.parties.errors import NotDeployed
from service.sealing import released
from service.store.chain import Deployed, deployed
from service.store.database import Database


@dataclass(frozen=True, slots=True)
class Ledger:
    """The deployment in use."""

    deployment: Deployed

    def told(self) -> dict[str, object]:
        """The deployment as the API tells it, with the code hashes that an auditor may find at the addresses."""
        return {
            "chainID": self.deployment.chain_id,
            "provenance": f"0x{self.deployment.provenance.hex()}",
            "participants": f"0x{self.deployment.participants.hex()}",
            "codeHashes": {
                "provenance": [f"0x{one.hex()}" for one in released.PROVENANCE],
                "participants": [f"0x{one.hex()}" for one in released.PARTICIPANTS],
            },
        }


class Ledgers:
    """Looks the deployment up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def current(self) -> Ledger:
        """The deployment in use; raises `NotDeployed` before there is one."""
        async with self._database.session() as session:
            found = await deployed(session)
        if found is None:
            raise NotDeployed("the contracts are not deployed yet: an operator is to start a worker")
        return Ledger(found)
