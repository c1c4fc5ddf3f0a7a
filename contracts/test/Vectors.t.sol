// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {IProvenance, Step} from "../src/IProvenance.sol";
import {Consortium} from "./Consortium.sol";
import {CustodyModel} from "./CustodyModel.sol";

/// tests/vectors/fold.json: typed data, capture ids, folds and slots, from the plain encodings of {Consortium} and
/// {CustodyModel}, each compared with the contract before it is written. `WRITE_VECTORS=true forge test --match-contract
/// VectorsTest` writes the file; without it the committed one has to be what is calculated here.
contract VectorsTest is Consortium, CustodyModel {
    string private constant FILE = "../tests/vectors/fold.json";

    string private captures;
    string private folds;
    mapping(bytes32 trail => bytes32) private heads;

    function test_vectors() public {
        _capture(SUPPLIER_KEY, SUPPLIER, _one(_entry(Step.Commission, 0)), 1_700_000_600);
        IProvenance.Entry[] memory said = new IProvenance.Entry[](3);
        said[0] = _entry(TRAIL, keccak256("second seal"), Step.Ship, CARRIER);
        said[1] = _entry(keccak256("other trail"), keccak256("second seal"), Step.Observe, 0);
        said[2] = _entry(TRAIL, keccak256("third seal"), Step.Observe, 0);
        _capture(SUPPLIER_KEY, SUPPLIER, said, FOREVER);
        vm.warp(START + 86_400);
        vm.roll(1001);
        _capture(REGULATOR_KEY, REGULATOR, _one(_entry(TRAIL, bytes32(0), Step.Hold, 0)), 1_800_000_000);
        vm.warp(START + 90_000);
        vm.roll(1002);
        _capture(CARRIER_KEY, CARRIER, _one(_entry(TRAIL, bytes32(type(uint256).max), Step.Receive, 0)), 1_800_000_000);

        string memory text = string.concat(
            "{\n",
            _line("chainId", vm.toString(block.chainid)),
            _line("verifyingContract", _quoted(vm.toString(address(ledger)))),
            _line("domainSeparator", _hex(_domain())),
            string.concat('"captures": [', captures, "\n],\n"),
            string.concat('"folds": [', folds, "\n],\n"),
            string.concat('"slots": [', _slots(), "\n]\n}\n")
        );
        if (vm.envOr("WRITE_VECTORS", false)) vm.writeFile(FILE, text);
        vm.assertEq(vm.readFile(FILE), text, "tests/vectors/fold.json is not what is calculated here");
    }

    /// Records a capture and writes down how it was signed and folded.
    function _capture(uint256 key, bytes32 party, IProvenance.Entry[] memory said, uint64 deadline) private {
        IProvenance.Capture memory capture = _signed(key, said, deadline);
        vm.assertEq(ledger.captureId(said), _captureId(said), "capture id");
        vm.assertEq(ledger.domainSeparator(), _domain(), "domain");
        captures = string.concat(
            captures, bytes(captures).length == 0 ? "\n{" : ",\n{", _saidText(capture), _signedText(key, capture, party)
        );
        for (uint256 i = 0; i < said.length; ++i) {
            _foldText(said[i], party);
        }
        ledger.record(_batch(capture));
        vm.assertEq(ledger.recordedIn(party, _captureId(said)), block.number, "not recorded");
        (uint32 number,, uint32 roles,) = participants.speaker(vm.addr(key));
        for (uint256 i = 0; i < said.length; ++i) {
            _replay(said[i], Voice(number, party, roles), participants.numberOf(said[i].to));
            vm.assertEq(ledger.head(said[i].trail), heads[said[i].trail], "head");
        }
    }

    function _saidText(IProvenance.Capture memory capture) private view returns (string memory) {
        string memory entries;
        for (uint256 i = 0; i < capture.entries.length; ++i) {
            entries = string.concat(entries, i == 0 ? "\n  " : ",\n  ", _entryText(capture.entries[i]));
        }
        return string.concat(
            string.concat('"entries": [', entries, "],\n "),
            string.concat('"deadline": ', vm.toString(capture.deadline), ",\n "),
            string.concat('"captureId": ', _hex(_captureId(capture.entries)), ",\n "),
            string.concat('"digest": ', _hex(_digest(capture.entries, capture.deadline)), ",\n ")
        );
    }

    function _signedText(uint256 key, IProvenance.Capture memory capture, bytes32 party)
        private
        pure
        returns (string memory)
    {
        return string.concat(
            string.concat('"privateKey": ', _hex(bytes32(key)), ",\n "),
            string.concat('"signer": ', _quoted(vm.toString(vm.addr(key))), ",\n "),
            string.concat('"signature": ', _quoted(vm.toString(capture.signature)), ",\n "),
            string.concat('"party": ', _hex(party), "}")
        );
    }

    function _foldText(IProvenance.Entry memory entry, bytes32 party) private {
        bytes32 before = heads[entry.trail];
        bytes32 folded = _fold(before, entry, party);
        heads[entry.trail] = folded;
        folds = string.concat(
            folds,
            bytes(folds).length == 0 ? "\n{" : ",\n{",
            string.concat('"trail": ', _hex(entry.trail), ', "before": ', _hex(before), ", "),
            string.concat('"seal": ', _hex(entry.seal), ', "party": ', _hex(party), ", "),
            string.concat('"to": ', _hex(entry.to), ', "step": ', vm.toString(entry.step), ", "),
            string.concat('"time": ', vm.toString(block.timestamp), ', "head": ', _hex(folded), "}")
        );
    }

    function _slots() private view returns (string memory) {
        bytes32 other = keccak256("other trail");
        bytes32 id = _captureId(_one(_entry(Step.Commission, 0)));
        bytes32 recorded = keccak256(abi.encodePacked(SUPPLIER, id));
        bytes32 hold = keccak256(abi.encodePacked(TRAIL, REGULATOR));
        return string.concat(
            _slot("participants", "", bytes32(0), bytes32(uint256(uint160(address(participants))))),
            _slot("head", _of("trail", TRAIL), keccak256(abi.encodePacked(TRAIL, uint256(1))), heads[TRAIL]),
            _slot("head", _of("trail", other), keccak256(abi.encodePacked(other, uint256(1))), heads[other]),
            _slot("custody", _of("trail", TRAIL), keccak256(abi.encodePacked(TRAIL, uint256(2))), _packed(TRAIL)),
            _slot(
                "recorded",
                string.concat(_of("party", SUPPLIER), _of("captureId", id)),
                keccak256(abi.encodePacked(recorded, uint256(3))),
                bytes32(uint256(1000))
            ),
            _slot(
                "hold",
                string.concat(_of("trail", TRAIL), _of("party", REGULATOR)),
                keccak256(abi.encodePacked(hold, uint256(4))),
                bytes32(uint256(1))
            )
        );
    }

    /// One slot of the ledger, whose value is compared with the chain's state.
    function _slot(string memory variable, string memory keys, bytes32 slot, bytes32 value)
        private
        view
        returns (string memory)
    {
        vm.assertEq(vm.load(address(ledger), slot), value, variable);
        return string.concat(
            slot == 0 ? "\n{" : ",\n{",
            string.concat('"variable": ', _quoted(variable), ", ", keys),
            string.concat('"slot": ', _hex(slot), ', "value": ', _hex(value), "}")
        );
    }

    function _entryText(IProvenance.Entry memory entry) private pure returns (string memory) {
        return string.concat(
            string.concat('{"trail": ', _hex(entry.trail), ', "seal": ', _hex(entry.seal), ", "),
            string.concat('"step": ', vm.toString(entry.step), ', "to": ', _hex(entry.to), "}")
        );
    }

    function _of(string memory name, bytes32 value) private pure returns (string memory) {
        return string.concat('"', name, '": ', _hex(value), ", ");
    }

    function _line(string memory name, string memory value) private pure returns (string memory) {
        return string.concat('"', name, '": ', value, ",\n");
    }

    function _hex(bytes32 value) private pure returns (string memory) {
        return _quoted(vm.toString(value));
    }

    function _quoted(string memory text) private pure returns (string memory) {
        return string.concat('"', text, '"');
    }
}
