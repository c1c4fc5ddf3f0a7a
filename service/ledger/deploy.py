"""Putting the contracts on a chain, once, by transactions that are kept like all others."""

from service.errors import TrailsealError
from service.ledger.abi import creation_code
from service.ledger.client import Node, hexed, number
from service.ledger.transactions import Fees, Signer, deployed_address
from service.store import chain, transactions
from service.store.chain import Deployed
from service.store.database import Database

ADMIN_TRANSFER_DELAY_SECONDS = 2 * 86400
_GAS = 8_000_000


class AnotherChainError(TrailsealError):
    """The database belongs to another chain than the node's."""

    slug, title, status = "another-chain", "The node is of another chain", 503


async def check_chain(node: Node, deployment: Deployed) -> None:
    """That the node is of the deployment's chain.

    Raises:
        AnotherChainError: it is not. NodeUnavailable, NodeRefused: ask again later.
    """
    _of_this_chain(deployment, number(await node.call("eth_chainId")))


async def deploy(database: Database, node: Node, admin_key: bytes) -> Deployed:
    """The deployment on the node's chain, made now if there is none; the relay sends its transactions.

    The admin key becomes default admin and registrar of `Participants`; both can be handed on.

    Raises:
        AnotherChainError: the database knows a deployment on a chain with another id.
    """
    chain_id = number(await node.call("eth_chainId"))
    signer = Signer(admin_key, chain_id)
    fees, on_chain = await Fees.now(node), await signer.count_on_chain(node)
    start = number(await node.call("eth_blockNumber"))
    async with database.session() as session:
        await transactions.lock_order(session)
        known = await chain.deployed(session)
        if known is not None:
            return _of_this_chain(known, chain_id)
        nonce = await transactions.next_nonce(session, signer.address, on_chain)
        participants = deployed_address(signer.address, nonce)
        deployment = Deployed(deployed_address(signer.address, nonce + 1), participants, chain_id, start)
        codes = (
            creation_code(
                "Participants",
                ["uint48", "address", "address"],
                [ADMIN_TRANSFER_DELAY_SECONDS, hexed(signer.address), hexed(signer.address)],
            ),
            creation_code("Provenance", ["address"], [hexed(participants)]),
        )
        signed = [
            signer.sign("deploy", None, code, nonce=nonce + offset, gas=_GAS, fees=fees)
            for offset, code in enumerate(codes)
        ]
        await transactions.save_transactions(session, signer.address, signed)
        await chain.save_deployment(session, deployment)
    return deployment


def _of_this_chain(known: Deployed, chain_id: int) -> Deployed:
    if known.chain_id != chain_id:
        raise AnotherChainError(
            f"the database belongs to chain {known.chain_id}, the node is of chain {chain_id}: point"
            " TRAILSEAL_RPC_URL at the right node"
        )
    return known
