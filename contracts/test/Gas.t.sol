// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {IProvenance, Step} from "../src/IProvenance.sol";
import {Consortium} from "./Consortium.sol";

/// What a transaction of each shape costs, intrinsic gas and calldata included: snapshots/Gas.json. Every call is its own
/// transaction, so that storage is as cold as on a chain.
/// forge-config: default.isolate = true
contract GasTest is Consortium {
    function test_observe_1000_new_in_5() public {
        _record("Observe, 1000 new trails, 5 captures", 5, 200, Step.Observe);
    }

    function test_observe_1000_known_in_5() public {
        _warm(5, 200);
        _record("Observe, 1000 known trails, 5 captures", 5, 200, Step.Observe);
    }

    function test_observe_200_new() public {
        _record("Observe, 200 new trails, 1 capture", 1, 200, Step.Observe);
    }

    function test_observe_200_known() public {
        _warm(1, 200);
        _record("Observe, 200 known trails, 1 capture", 1, 200, Step.Observe);
    }

    function test_observe_1000_new_in_100() public {
        _record("Observe, 1000 new trails, 100 captures", 100, 10, Step.Observe);
    }

    function test_observe_1000_known_in_100() public {
        _warm(100, 10);
        _record("Observe, 1000 known trails, 100 captures", 100, 10, Step.Observe);
    }

    function test_observe_10_new() public {
        _record("Observe, 10 new trails, 1 capture", 1, 10, Step.Observe);
    }

    function test_observe_10_known() public {
        _warm(1, 10);
        _record("Observe, 10 known trails, 1 capture", 1, 10, Step.Observe);
    }

    function test_observe_200_new_in_200() public {
        _record("Observe, 200 new trails, 200 captures", 200, 1, Step.Observe);
    }

    function test_observe_200_known_in_200() public {
        _warm(200, 1);
        _record("Observe, 200 known trails, 200 captures", 200, 1, Step.Observe);
    }

    function test_observe_1_new() public {
        _record("Observe, 1 new trail, 1 capture", 1, 1, Step.Observe);
    }

    function test_observe_1_known() public {
        _warm(1, 1);
        _record("Observe, 1 known trail, 1 capture", 1, 1, Step.Observe);
    }

    function test_commission_1000_new_in_5() public {
        _record("Commission, 1000 new trails, 5 captures", 5, 200, Step.Commission);
    }

    function test_ship_1000_known_in_5() public {
        ledger.record(_captures(5, 200, Step.Commission, SUPPLIER_KEY));
        _record("Ship, 1000 known trails, 5 captures", 5, 200, Step.Ship);
    }

    function test_receive_1000_known_in_5() public {
        ledger.record(_captures(5, 200, Step.Ship, SUPPLIER_KEY));
        ledger.record(_captures(5, 200, Step.Receive, CARRIER_KEY));
        vm.snapshotGasLastCall("Gas", "Receive, 1000 known trails, 5 captures");
    }

    function _warm(uint256 captures, uint256 entries) private {
        ledger.record(_captures(captures, entries, Step.Commission, SUPPLIER_KEY));
    }

    function _record(string memory name, uint256 captures, uint256 entries, Step step) private {
        ledger.record(_captures(captures, entries, step, SUPPLIER_KEY));
        vm.snapshotGasLastCall("Gas", name);
    }

    function _captures(uint256 captures, uint256 entries, Step step, uint256 privateKey)
        private
        view
        returns (IProvenance.Capture[] memory made)
    {
        made = new IProvenance.Capture[](captures);
        for (uint256 i = 0; i < captures; ++i) {
            IProvenance.Entry[] memory said = new IProvenance.Entry[](entries);
            bytes32 seal = keccak256(abi.encode("seal", step, i));
            for (uint256 j = 0; j < entries; ++j) {
                bytes32 to = step == Step.Ship ? CARRIER : bytes32(0);
                said[j] = _entry(keccak256(abi.encode("trail", i, j)), seal, step, to);
            }
            made[i] = _signed(privateKey, said);
        }
    }
}
