// Byte strings: hex as the bundle has it (lower case, here without 0x), and what is hashed.
"use strict";

const HEX_OF_BYTE = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const ENCODER = new TextEncoder();

function hexOf(bytes) {
  let hex = "";
  for (let at = 0; at < bytes.length; at++) hex += HEX_OF_BYTE[bytes[at]];
  return hex;
}

function nibbleOf(code) {
  return code < 0x3a ? code - 0x30 : code - 0x57;
}

/** Writes hex digits, which were checked, as bytes into `into` from `at`. */
function writeHex(hex, into, at) {
  for (let from = 0; from < hex.length; from += 2) {
    into[at++] = (nibbleOf(hex.charCodeAt(from)) << 4) | nibbleOf(hex.charCodeAt(from + 1));
  }
}

function bytesOf(hex) {
  const bytes = new Uint8Array(hex.length / 2);
  writeHex(hex, bytes, 0);
  return bytes;
}

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** An unsigned integer (number or BigInt) as so many hex digits. */
function hexNumber(number, digits) {
  return number.toString(16).padStart(digits, "0");
}

const sha256Hex = (...parts) => hexOf(sha256(joined(...parts)));
const keccakHex = (...parts) => hexOf(keccak_256(joined(...parts)));
/** Keccak-256 of bytes that are given as hex. */
const keccakOfHex = (hex) => hexOf(keccak_256(bytesOf(hex)));

const ZERO_WORD = "0".repeat(64);

/** sha256(0x01 ‖ salt ‖ identifier) */
const trailOf = (identifier, salt) => sha256Hex(Uint8Array.of(1), bytesOf(salt), ENCODER.encode(identifier));
/** sha256(0x03 ‖ identifier) */
const partyOf = (identifier) => sha256Hex(Uint8Array.of(3), ENCODER.encode(identifier));
const journalOf = (party) => `urn:trailseal:journal:0x${party}`;
