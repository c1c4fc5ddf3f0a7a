// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {DisputeReason, IProvenance, Step} from "../src/IProvenance.sol";
import {Consortium} from "./Consortium.sol";
import {CustodyModel} from "./CustodyModel.sol";
import {Vm} from "./Vm.sol";

/// A consortium and some strangers who do as they please, and a model of what the ledger has to look like after each of
/// their calls. The model knows who may speak from its own books and not from Participants.
contract World is Consortium, CustodyModel {
    uint256 private constant KEYS = 8;
    uint256 private constant TRAILS = 3;

    /// A key as the model knows it: whose it is, and whether it may speak.
    struct Book {
        uint32 number;
        bytes32 party;
        uint64 validFrom;
        uint64 validTo;
        bool revoked;
    }

    mapping(uint256 key => Book) private books;
    mapping(bytes32 party => bool) private suspended;
    mapping(bytes32 party => uint32) private roles;
    mapping(bytes32 partyAndCapture => uint256) private recordedAt;
    mapping(bytes32 trail => bytes32) private modelHead;
    mapping(bytes32 trail => bytes32) private foldedLogs;
    bytes[] private sent;

    bytes32 private expectedDisputes;
    uint256 private expectedEntries;

    constructor() {
        super.setUp();
        _book(0, SUPPLIER, 1);
        _book(1, CARRIER, 2);
        _book(2, BUYER, 1);
        _book(3, REGULATOR, 32);
        _book(4, OTHER_REGULATOR, 32 | 4);
    }

    /// Somebody says something true of up to four trails at once; anybody relays it.
    function say(address relay, uint256 key, uint256 choices, uint8 count) external {
        IProvenance.Capture memory capture = _signed(_key(key), _chosen(choices, 1 + count % 4));
        _send(relay, _batch(capture));
    }

    /// A batch of good, bad, known and foreign captures: the good ones are recorded, whatever stands beside them.
    function sayAmongOthers(address relay, uint256[5] calldata keys, uint256[5] calldata choices, uint256 how)
        external
    {
        IProvenance.Capture[] memory captures = new IProvenance.Capture[](5);
        for (uint256 i = 0; i < 5; ++i) {
            captures[i] = _signed(_key(keys[i]), _chosen(choices[i], 1 + choices[i] % 3));
            _spoil(captures[i], (how >> (8 * i)) % 12);
        }
        if (how % 5 == 0 && sent.length != 0) captures[4] = _sent(how);
        _send(relay, captures);
    }

    /// Replays something that was sent before. If it was recorded then, nothing at all changes.
    function replay(address relay, uint256 which) external {
        if (sent.length == 0) return;
        IProvenance.Capture[] memory captures = _batch(_sent(which));
        bytes32 id = _captureId(captures[0].entries);
        bool known = recordedAt[keccak256(abi.encode(_speaker(captures[0]).party, id))] != 0;
        bytes32 before = _everything();
        _send(relay, captures);
        if (known) vm.assertEq(_everything(), before, "a replay changed something");
    }

    /// Anyone calls anything of the ledger with anything.
    function meddle(address caller, bytes4 selector, bytes calldata rest) external {
        if (caller == admin) return;
        bytes32 before = _everything();
        vm.prank(caller);
        (bool done,) = address(ledger).call(abi.encodePacked(selector, rest));
        done;
        vm.prank(caller);
        (done,) = address(ledger).call(abi.encodeCall(IProvenance.supersede, (address(participants))));
        vm.assertTrue(!done, "a stranger ended the ledger");
        vm.assertEq(_everything(), before, "a stranger changed something");
    }

    function time(uint32 seconds_, uint8 blocks) external {
        vm.warp(block.timestamp + seconds_ % 10 days);
        vm.roll(block.number + blocks);
    }

    function suspendOrReinstate(uint256 key) external {
        bytes32 party = books[key % 5].party;
        vm.prank(registrar);
        if (suspended[party]) participants.reinstate(party);
        else participants.suspend(party);
        suspended[party] = !suspended[party];
    }

    function changeRoles(uint256 key, uint32 bits) external {
        bytes32 party = books[key % 5].party;
        vm.prank(registrar);
        participants.setRoles(party, bits % 64);
        roles[party] = bits % 64;
    }

    function revoke(uint256 key, uint64 since) external {
        Book storage book = books[key % KEYS];
        if (book.number == 0 || book.revoked || key % 3 != 0) return;
        vm.prank(registrar);
        participants.revokeKey(vm.addr(_key(key)), since % uint64(block.timestamp));
        book.revoked = true;
    }

    function addKey(uint256 key, uint256 owner, uint32 wait, uint32 life) external {
        Book storage book = books[key % KEYS];
        if (book.number != 0) return;
        Book storage first = books[owner % 5];
        uint64 validFrom = uint64(block.timestamp) + wait % 5 days;
        uint64 validTo = validFrom + 1 + life % 90 days;
        vm.prank(registrar);
        participants.addKey(vm.addr(_key(key)), first.party, validFrom, validTo);
        (book.number, book.party, book.validFrom, book.validTo) = (first.number, first.party, validFrom, validTo);
    }

    function checkHeads() external view {
        for (uint256 i = 0; i < TRAILS; ++i) {
            vm.assertEq(ledger.head(_trail(i)), modelHead[_trail(i)], "a head moved by another way than an active key");
        }
    }

    function checkLogs() external view {
        for (uint256 i = 0; i < TRAILS; ++i) {
            vm.assertEq(ledger.head(_trail(i)), foldedLogs[_trail(i)], "the head is not the fold of the logs");
        }
    }

    function checkCustody() external view {
        for (uint256 i = 0; i < TRAILS; ++i) {
            bytes32 slot = keccak256(abi.encode(_trail(i), 2));
            vm.assertEq(vm.load(address(ledger), slot), _packed(_trail(i)), "custody is not what the model says");
            for (uint256 j = 0; j < 5; ++j) {
                bytes32 party = books[j].party;
                vm.assertEq(ledger.holdOf(_trail(i), party), modelHold[_trail(i)][party], "hold");
            }
        }
    }

    /// Sends a batch, and keeps the model and the fold of the logs up to date.
    function _send(address relay, IProvenance.Capture[] memory captures) private {
        expectedDisputes = 0;
        expectedEntries = 0;
        for (uint256 i = 0; i < captures.length; ++i) {
            if (_holds(captures[i])) _believe(captures[i]);
            sent.push(abi.encode(captures[i]));
        }
        vm.recordLogs();
        vm.prank(relay);
        ledger.record(captures);
        _foldLogs(vm.getRecordedLogs());
    }

    /// Whether the ledger has to record this capture.
    function _holds(IProvenance.Capture memory capture) private view returns (bool) {
        if (capture.entries.length == 0 || capture.entries.length > 200 || capture.deadline < block.timestamp) {
            return false;
        }
        for (uint256 i = 0; i < capture.entries.length; ++i) {
            if (capture.entries[i].step > uint8(Step.Lift)) return false;
        }
        Book memory book = _speaker(capture);
        if (book.number == 0 || book.revoked || suspended[book.party]) return false;
        if (block.timestamp < book.validFrom || block.timestamp >= book.validTo) return false;
        return recordedAt[keccak256(abi.encode(book.party, _captureId(capture.entries)))] == 0;
    }

    function _believe(IProvenance.Capture memory capture) private {
        Book memory book = _speaker(capture);
        bytes32 id = _captureId(capture.entries);
        recordedAt[keccak256(abi.encode(book.party, id))] = block.number;
        Voice memory voice = Voice(book.number, book.party, roles[book.party]);
        for (uint256 i = 0; i < capture.entries.length; ++i) {
            IProvenance.Entry memory entry = capture.entries[i];
            modelHead[entry.trail] = _fold(modelHead[entry.trail], entry, book.party);
            ++expectedEntries;
            _replay(entry, voice, _numberOf(entry.to));
            for (uint256 j = 0; j < modelDisputes.length; ++j) {
                expectedDisputes = _noteDispute(expectedDisputes, entry.trail, book.party, id, modelDisputes[j]);
            }
        }
    }

    function _foldLogs(Vm.Log[] memory logs) private {
        bytes32 disputes;
        uint256 entries;
        for (uint256 i = 0; i < logs.length; ++i) {
            bytes32[] memory topics = logs[i].topics;
            if (topics[0] == IProvenance.Recorded.selector) {
                _foldLog(topics, logs[i].data);
                ++entries;
            } else if (topics[0] == IProvenance.Disputed.selector) {
                DisputeReason reason = abi.decode(logs[i].data, (DisputeReason));
                disputes = _noteDispute(disputes, topics[1], topics[2], topics[3], reason);
            }
        }
        vm.assertEq(disputes, expectedDisputes, "disputes are not the model's");
        vm.assertEq(entries, expectedEntries, "entries are not the model's");
    }

    function _foldLog(bytes32[] memory topics, bytes memory unindexed) private {
        (bytes32 seal, bytes32 to, bytes32 head, uint8 step) = abi.decode(unindexed, (bytes32, bytes32, bytes32, uint8));
        bytes32 folded = _fold(foldedLogs[topics[1]], IProvenance.Entry(topics[1], seal, step, to), topics[2]);
        vm.assertEq(head, folded, "the log's head");
        foldedLogs[topics[1]] = folded;
    }

    function _noteDispute(bytes32 sofar, bytes32 trail, bytes32 party, bytes32 capture, DisputeReason reason)
        private
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(sofar, trail, party, capture, reason));
    }

    /// Makes one thing wrong with the capture, or nothing.
    function _spoil(IProvenance.Capture memory capture, uint256 how) private view {
        if (how == 0) capture.signature[7] ^= 0x01;
        if (how == 1) capture.signature = "";
        if (how == 2) capture.entries[0].seal ^= bytes32(uint256(1));
        if (how == 3) capture.entries[0].step = 7;
        if (how == 4) capture.deadline = uint64(block.timestamp) - 1;
        if (how == 5) capture.entries = new IProvenance.Entry[](0);
        if (how == 6) capture.signature = abi.encodePacked(capture.signature, uint8(0));
    }

    /// Whose the signature is, by ecrecover and the model's books.
    function _speaker(IProvenance.Capture memory capture) private view returns (Book memory none) {
        if (capture.signature.length != 65) return none;
        bytes memory signature = capture.signature;
        (bytes32 r, bytes32 s) = (_word(signature, 0), _word(signature, 32));
        address signer = ecrecover(_digest(capture.entries, capture.deadline), uint8(signature[64]), r, s);
        for (uint256 key = 0; key < KEYS; ++key) {
            if (signer == vm.addr(_key(key))) return books[key];
        }
    }

    function _chosen(uint256 choices, uint256 count) private view returns (IProvenance.Entry[] memory entries) {
        entries = new IProvenance.Entry[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 choice = uint256(keccak256(abi.encode(choices, i)));
            uint256 recipient = (choice >> 64) % 8;
            bytes32 to = recipient < 5 ? books[recipient].party : bytes32(recipient / 7);
            entries[i] = _entry(_trail((choice >> 32) % TRAILS), bytes32(choice), Step(choice % 7), to);
        }
    }

    function _sent(uint256 which) private view returns (IProvenance.Capture memory) {
        return abi.decode(sent[which % sent.length], (IProvenance.Capture));
    }

    function _everything() private view returns (bytes32 all) {
        for (uint256 i = 0; i < TRAILS; ++i) {
            bytes32 custody = vm.load(address(ledger), keccak256(abi.encode(_trail(i), 2)));
            all = keccak256(abi.encode(all, ledger.head(_trail(i)), custody, ledger.successor()));
        }
    }

    function _book(uint256 key, bytes32 party, uint32 bits) private {
        books[key] = Book(uint32(key + 1), party, 0, FOREVER, false);
        roles[party] = bits;
    }

    function _numberOf(bytes32 party) private view returns (uint32) {
        for (uint256 i = 0; i < 5; ++i) {
            if (books[i].party == party) return books[i].number;
        }
        return 0;
    }

    function _key(uint256 key) private pure returns (uint256) {
        return SUPPLIER_KEY + key % KEYS;
    }

    function _trail(uint256 number) private pure returns (bytes32) {
        return keccak256(abi.encode("trail", number));
    }

    function _word(bytes memory text, uint256 offset) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := mload(add(add(text, 0x20), offset))
        }
    }
}

/// What holds after any sequence of calls by anyone. That a replay changes nothing, that a bad capture blocks no other,
/// and that logs and disputes are the model's, is asserted in the calls themselves.
contract InvariantTest {
    bool public constant IS_TEST = true;
    World private world;

    function setUp() public {
        world = new World();
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(world);
    }

    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](10);
        selectors[0] = World.say.selector;
        selectors[1] = World.say.selector;
        selectors[2] = World.sayAmongOthers.selector;
        selectors[3] = World.replay.selector;
        selectors[4] = World.meddle.selector;
        selectors[5] = World.time.selector;
        selectors[6] = World.suspendOrReinstate.selector;
        selectors[7] = World.changeRoles.selector;
        selectors[8] = World.revoke.selector;
        selectors[9] = World.addKey.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector({addr: address(world), selectors: selectors});
    }

    function invariant_ledger_is_what_the_model_says() public view {
        world.checkHeads();
        world.checkLogs();
        world.checkCustody();
    }
}
