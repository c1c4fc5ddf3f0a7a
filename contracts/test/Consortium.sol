// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {IProvenance, Step} from "../src/IProvenance.sol";
import {Participants} from "../src/Participants.sol";
import {Provenance} from "../src/Provenance.sol";
import {Vm} from "./Vm.sol";

/// A ledger with five parties, and what it takes to sign for them. The typed data is encoded here in plain Solidity from
/// docs/format.md, independently of the contract.
abstract contract Consortium {
    bool public constant IS_TEST = true;
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    bytes32 internal constant SUPPLIER = keccak256("supplier");
    bytes32 internal constant CARRIER = keccak256("carrier");
    bytes32 internal constant BUYER = keccak256("buyer");
    bytes32 internal constant REGULATOR = keccak256("regulator");
    bytes32 internal constant OTHER_REGULATOR = keccak256("other regulator");

    uint256 internal constant SUPPLIER_KEY = 0x51;
    uint256 internal constant CARRIER_KEY = 0x52;
    uint256 internal constant BUYER_KEY = 0x53;
    uint256 internal constant REGULATOR_KEY = 0x54;
    uint256 internal constant OTHER_REGULATOR_KEY = 0x55;
    uint256 internal constant STRANGER_KEY = 0x66;

    uint64 internal constant FOREVER = type(uint64).max;
    uint256 internal constant START = 1_700_000_000;

    bytes32 internal constant TRAIL = keccak256("trail");

    address internal admin = address(0xAD);
    address internal registrar = address(0x5E);
    Participants internal participants;
    Provenance internal ledger;

    function setUp() public virtual {
        vm.warp(START);
        vm.roll(1000);
        participants = new Participants(1 days, admin, registrar);
        ledger = new Provenance(address(participants));
        _join(SUPPLIER, 1, SUPPLIER_KEY);
        _join(CARRIER, 2, CARRIER_KEY);
        _join(BUYER, 1, BUYER_KEY);
        _join(REGULATOR, 32, REGULATOR_KEY);
        _join(OTHER_REGULATOR, 32 | 4, OTHER_REGULATOR_KEY);
    }

    function _join(bytes32 party, uint32 roles, uint256 privateKey) internal {
        vm.prank(registrar);
        participants.registerParty(party, roles);
        vm.prank(registrar);
        participants.addKey(vm.addr(privateKey), party, 0, FOREVER);
    }

    function _entry(Step step, bytes32 to) internal pure returns (IProvenance.Entry memory) {
        return _entry(TRAIL, keccak256("seal"), step, to);
    }

    function _entry(bytes32 trail, bytes32 seal, Step step, bytes32 to)
        internal
        pure
        returns (IProvenance.Entry memory)
    {
        return IProvenance.Entry({trail: trail, seal: seal, step: uint8(step), to: to});
    }

    function _one(IProvenance.Entry memory entry) internal pure returns (IProvenance.Entry[] memory entries) {
        entries = new IProvenance.Entry[](1);
        entries[0] = entry;
    }

    function _batch(IProvenance.Capture memory capture) internal pure returns (IProvenance.Capture[] memory captures) {
        captures = new IProvenance.Capture[](1);
        captures[0] = capture;
    }

    function _signed(uint256 privateKey, IProvenance.Entry[] memory entries)
        internal
        view
        returns (IProvenance.Capture memory)
    {
        return _signed(privateKey, entries, FOREVER);
    }

    function _signed(uint256 privateKey, IProvenance.Entry[] memory entries, uint64 deadline)
        internal
        view
        returns (IProvenance.Capture memory)
    {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(privateKey, _digest(entries, deadline));
        return IProvenance.Capture({entries: entries, deadline: deadline, signature: abi.encodePacked(r, s, v)});
    }

    function _digest(IProvenance.Entry[] memory entries, uint64 deadline) internal view returns (bytes32) {
        bytes32 typehash = keccak256(
            "Capture(Entry[] entries,uint64 deadline)Entry(bytes32 trail,bytes32 seal,uint8 step,bytes32 to)"
        );
        bytes32 message = keccak256(abi.encode(typehash, _captureId(entries), deadline));
        return keccak256(abi.encodePacked(hex"1901", _domain(), message));
    }

    function _domain() internal view returns (bytes32) {
        bytes32 typehash =
            keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        return keccak256(
            abi.encode(typehash, keccak256(bytes("Trailseal")), keccak256(bytes("1")), block.chainid, address(ledger))
        );
    }

    function _captureId(IProvenance.Entry[] memory entries) internal pure returns (bytes32) {
        bytes32 typehash = keccak256("Entry(bytes32 trail,bytes32 seal,uint8 step,bytes32 to)");
        bytes32[] memory hashes = new bytes32[](entries.length);
        for (uint256 i = 0; i < entries.length; ++i) {
            IProvenance.Entry memory entry = entries[i];
            hashes[i] = keccak256(abi.encode(typehash, entry.trail, entry.seal, entry.step, entry.to));
        }
        return keccak256(abi.encodePacked(hashes));
    }

    function _fold(bytes32 head, IProvenance.Entry memory entry, bytes32 party) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(head, entry.seal, party, entry.to, entry.step, uint64(block.timestamp)));
    }

    /// A number from `low` to `high`, spread over all of them.
    function _bound(uint256 value, uint256 low, uint256 high) internal pure returns (uint256) {
        return high - low == type(uint256).max ? value : low + value % (high - low + 1);
    }
}
