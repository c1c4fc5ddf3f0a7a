// Canonical JSON (RFC 8785), read strictly: a text that has any other spelling is refused at its first departure.
// Objects become Maps, so that no member's name (`__proto__`) means anything to JavaScript.
"use strict";

const MOST_NESTED = 67; // three around a document, and 64 in it

class NotCanonical extends Error {}

/**
 * Reads one value; `spans` keeps, for each Map, where it stands in the text: the text from [0] to [1] is its canonical
 * form. Throws NotCanonical, never anything else, and takes time linear in the text.
 */
class CanonicalReader {
  constructor(text) {
    this.text = text;
    this.at = 0;
    this.spans = new WeakMap();
  }

  fail(what) {
    throw new NotCanonical(`${what} at character ${this.at}`);
  }

  value(depth = 0) {
    const sign = this.text.charCodeAt(this.at);
    if (sign === 0x22) return this.string();
    if (sign === 0x7b) return this.object(depth + 1);
    if (sign === 0x5b) return this.array(depth + 1);
    if (sign === 0x2d || (sign >= 0x30 && sign <= 0x39)) return this.number();
    for (const [word, value] of [["true", true], ["false", false], ["null", null]]) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    return this.fail("no canonical JSON value");
  }

  object(depth) {
    if (depth > MOST_NESTED) this.fail("objects and arrays nested too deep");
    const start = this.at++;
    const members = new Map();
    let former = null;
    if (this.text.charCodeAt(this.at) !== 0x7d) {
      do {
        if (this.text.charCodeAt(this.at) !== 0x22) this.fail("no member's name");
        const name = this.string();
        // JavaScript compares strings by UTF-16 code units, which is the order that RFC 8785 asks for.
        if (former !== null && !(former < name)) this.fail("a member that is out of order or comes twice");
        former = name;
        if (this.text.charCodeAt(this.at++) !== 0x3a) this.fail("no colon");
        members.set(name, this.value(depth));
      } while (this.goesOn(0x7d));
    } else {
      this.at++;
    }
    this.spans.set(members, [start, this.at]);
    return members;
  }

  array(depth) {
    if (depth > MOST_NESTED) this.fail("objects and arrays nested too deep");
    this.at++;
    const items = [];
    if (this.text.charCodeAt(this.at) === 0x5d) {
      this.at++;
      return items;
    }
    do items.push(this.value(depth));
    while (this.goesOn(0x5d));
    return items;
  }

  /** Passes a comma (true) or the closing bracket (false). */
  goesOn(close) {
    const sign = this.text.charCodeAt(this.at++);
    if (sign !== 0x2c && sign !== close) {
      this.at--;
      this.fail("neither a comma nor the end");
    }
    return sign === 0x2c;
  }

  string() {
    const { text } = this;
    const start = ++this.at;
    for (let at = start; at < text.length; at++) {
      const sign = text.charCodeAt(at);
      if (sign === 0x22) {
        this.at = at + 1;
        return text.slice(start, at);
      }
      if (sign === 0x5c || sign < 0x20 || (sign >= 0xd800 && sign <= 0xdfff)) return this.unusualString(start, at);
    }
    this.at = text.length;
    return this.fail("a string that does not end");
  }

  /** A string with escapes or characters beyond the BMP: read by JSON.parse, and written back to see the spelling. */
  unusualString(start, from) {
    const { text } = this;
    let at = from;
    while (at < text.length && text.charCodeAt(at) !== 0x22) at += text.charCodeAt(at) === 0x5c ? 2 : 1;
    const written = text.slice(start - 1, at + 1);
    this.at = at + 1;
    let value;
    try {
      value = JSON.parse(written);
    } catch {
      return this.fail("a malformed string that ends");
    }
    // JSON.stringify writes strings as RFC 8785 does, and lone surrogates as escapes, which no canonical text has.
    if (typeof value !== "string" || JSON.stringify(value) !== written || hasLoneSurrogate(value)) {
      return this.fail("a string in another spelling than the canonical one, that ends");
    }
    return value;
  }

  number() {
    const { text } = this;
    const start = this.at;
    while (this.at < text.length && "0123456789+-.eE".includes(text[this.at])) this.at++;
    const written = text.slice(start, this.at);
    const value = written.length > 30 ? NaN : Number(written); // no double's canonical form is longer than 25
    if (!Number.isFinite(value) || String(value) !== written) this.fail("a number in no canonical spelling, that ends");
    // RFC 8785 section 3.2.2.3 would write these, but integers beyond 2^53 - 1 do not read back as they were meant.
    if (Number.isInteger(value) && !Number.isSafeInteger(value) && !written.includes("e")) {
      this.fail("an integer beyond 2^53 - 1, that ends");
    }
    return value;
  }
}

function hasLoneSurrogate(text) {
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0xd800 || unit > 0xdfff) continue;
    const next = text.charCodeAt(at + 1);
    if (unit > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) return true;
    at++;
  }
  return false;
}

/** The bytes as text; throws NotCanonical where they are no UTF-8. A byte order mark is kept, and so refused later. */
function textOfUtf8(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new NotCanonical("the file is not UTF-8");
  }
}

/** The one value that the whole text is; throws NotCanonical. */
function readCanonical(text) {
  const reader = new CanonicalReader(text);
  const value = reader.value();
  if (reader.at !== text.length) reader.fail("something after the value, which ends");
  return value;
}
