// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

/// The cheatcodes of forge that our tests use.
interface Vm {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    function addr(uint256 privateKey) external pure returns (address);
    function sign(uint256 privateKey, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function warp(uint256 timestamp) external;
    function roll(uint256 number) external;
    function chainId(uint256 id) external;
    function prank(address sender) external;
    function load(address account, bytes32 slot) external view returns (bytes32);
    function recordLogs() external;
    function getRecordedLogs() external returns (Log[] memory);
    function expectRevert(bytes calldata revertWith) external;
    function expectRevert() external;
    function expectEmit(address emitter) external;
    function assume(bool condition) external pure;
    function snapshotGasLastCall(string calldata group, string calldata name) external returns (uint256);
    function envOr(string calldata name, bool otherwise) external view returns (bool);
    function writeFile(string calldata path, string calldata text) external;
    function readFile(string calldata path) external view returns (string memory);
    function toString(bytes32 value) external pure returns (string memory);
    function toString(bytes calldata value) external pure returns (string memory);
    function toString(address value) external pure returns (string memory);
    function toString(uint256 value) external pure returns (string memory);
    function assertEq(bytes32 left, bytes32 right, string calldata complaint) external pure;
    function assertEq(bytes calldata left, bytes calldata right, string calldata complaint) external pure;
    function assertEq(string calldata left, string calldata right, string calldata complaint) external pure;
    function assertEq(uint256 left, uint256 right, string calldata complaint) external pure;
    function assertEq(address left, address right, string calldata complaint) external pure;
    function assertEq(bool left, bool right, string calldata complaint) external pure;
    function assertTrue(bool condition, string calldata complaint) external pure;
}
