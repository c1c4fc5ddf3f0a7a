// Strict RLP (Ethereum Yellow Paper, appendix B): byte strings are Uint8Arrays, lists are Arrays.
"use strict";

class BadRLP extends Error {}

function rlpLength(length, offset) {
  if (length < 56) return Uint8Array.of(offset + length);
  let digits = length.toString(16);
  if (digits.length % 2) digits = `0${digits}`;
  return joined(Uint8Array.of(offset + 55 + digits.length / 2), bytesOf(digits));
}

function rlpEncode(item) {
  if (item instanceof Uint8Array) {
    return item.length === 1 && item[0] < 0x80 ? item : joined(rlpLength(item.length, 0x80), item);
  }
  const body = joined(...item.map(rlpEncode));
  return joined(rlpLength(body.length, 0xc0), body);
}

function rlpDecode(encoded) {
  const [item, end] = rlpItem(encoded, 0, encoded.length, 0);
  if (end !== encoded.length) throw new BadRLP(`${encoded.length - end} bytes follow the item`);
  return item;
}

function rlpDecodeList(encoded) {
  const item = rlpDecode(encoded);
  if (!Array.isArray(item)) throw new BadRLP("a list was expected, not a byte string");
  return item;
}

function rlpItem(encoded, start, limit, depth) {
  if (start >= limit) throw new BadRLP("the bytes end where an item should begin");
  const first = encoded[start];
  if (first < 0x80) return [encoded.subarray(start, start + 1), start + 1];
  const isList = first >= 0xc0;
  const [begin, end] = rlpBounds(encoded, start, limit, first - (isList ? 0xc0 : 0x80));
  if (!isList) {
    if (end - begin === 1 && encoded[begin] < 0x80) throw new BadRLP("a single low byte is encoded with a length");
    return [encoded.subarray(begin, end), end];
  }
  if (depth === 16) throw new BadRLP("lists are nested deeper than 16");
  const items = [];
  let at = begin;
  while (at < end) {
    const [item, next] = rlpItem(encoded, at, end, depth + 1);
    items.push(item);
    at = next;
  }
  return [items, end];
}

function rlpBounds(encoded, start, limit, short) {
  let begin = start + 1;
  let size = short;
  if (short > 55) {
    const digits = encoded.subarray(begin, begin + short - 55);
    begin += short - 55;
    size = 0;
    for (const digit of digits) size = size * 256 + digit; // beyond 2^53 it is rounded, and too long in any case
    if (digits.length !== begin - start - 1 || digits.length === 0 || digits[0] === 0 || size < 56) {
      throw new BadRLP("a length is not in its shortest form");
    }
  }
  if (begin + size > limit) throw new BadRLP("an item reaches beyond the bytes");
  return [begin, begin + size];
}
