// Canonical identifiers: docs/format.md section 8. Strings are scanned by hand, in time linear in their length.
"use strict";

const ROOT = "https://id.gs1.org/";
const CLASS = "class", LOT = "lot", LOCATION = "location", PARTY = "party", SERVICE_RELATION = "service_relation";
const OTHER = "other", INSTANCE = "instance";

class InvalidIdentifier extends Error {}

function inSet(characters) {
  const table = new Uint8Array(128);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return (code) => code < 128 && table[code] === 1;
}

const CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", LETTERS = CAPITALS + CAPITALS.toLowerCase(), NUMERALS = "0123456789";
const isDigit = inSet(NUMERALS);
const isLetter = inSet(LETTERS);
const isHex = inSet("0123456789abcdefABCDEF");
const isSchemeCharacter = inSet(LETTERS + NUMERALS + "+.-");
const isPlain = inSet(LETTERS + NUMERALS + "-._~!$&'()*+,;=:@");
const isPathCharacter = inSet(LETTERS + NUMERALS + "-._~!$&'()*+,;=:@/");
const isTailCharacter = inSet(LETTERS + NUMERALS + "-._~!$&'()*+,;=:@/?");
const isBracket = inSet("[]");
const isOf82 = inSet(LETTERS + NUMERALS + "!\"%&'()*+,-./:;<=>?_");
const isOf39 = inSet(CAPITALS + NUMERALS + "#-/");
const isPiece = inSet(LETTERS + NUMERALS + "!'()*+,-.:;=_");
const isUnreserved = inSet(LETTERS + NUMERALS + "_.-~';=");

/** Whether all of text[from..to) is of the set. */
function allOf(isIn, text, from = 0, to = text.length) {
  for (let at = from; at < to; at++) if (!isIn(text.charCodeAt(at))) return false;
  return true;
}

/** Where a run of characters of the set and of percent-escapes ends. */
function passed(isIn, text, from) {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === 0x25 && isHex(text.charCodeAt(at + 1)) && isHex(text.charCodeAt(at + 2))) at += 3;
    else if (isIn(code)) at += 1;
    else return at;
  }
}

/** An absolute URI (RFC 3986): scheme, then authority and path, or a path, then query and fragment. */
function isUri(text) {
  if (!isLetter(text.charCodeAt(0))) return false;
  let at = 1;
  while (isSchemeCharacter(text.charCodeAt(at))) at++;
  if (text[at] !== ":" || at + 1 === text.length) return false;
  at += 1;
  if (text.startsWith("//", at)) {
    at += 2;
    // Brackets come before the first escape only, as in the service's own expression.
    while (isPlain(text.charCodeAt(at)) || isBracket(text.charCodeAt(at))) at++;
    if (text[at] === "%") at = passed(isPlain, text, at);
    if (text[at] === "/") at = passed(isPathCharacter, text, at + 1);
  } else {
    at = passed(isPathCharacter, text, at);
  }
  if (text[at] === "?") at = passed(isTailCharacter, text, at + 1);
  if (text[at] === "#") at = passed(isTailCharacter, text, at + 1);
  return at === text.length;
}

// Keys: digits, whether the last is a check digit, how many characters of what may follow, kind bare and with those.

const NONE = () => false;
const FORMATS = new Map([
  ["00", [18, true, 0, NONE, INSTANCE, INSTANCE]],
  ["01", [14, true, 0, NONE, CLASS, CLASS]],
  ["253", [13, true, 17, isOf82, CLASS, INSTANCE]],
  ["255", [13, true, 12, isDigit, CLASS, INSTANCE]],
  ["401", [4, false, 26, isOf82, INSTANCE, INSTANCE]],
  ["402", [17, true, 0, NONE, INSTANCE, INSTANCE]],
  ["414", [13, true, 0, NONE, LOCATION, LOCATION]],
  ["417", [13, true, 0, NONE, PARTY, PARTY]],
  ["8003", [14, true, 16, isOf82, CLASS, INSTANCE]],
  ["8004", [4, false, 26, isOf82, INSTANCE, INSTANCE]],
  ["8006", [18, false, 0, NONE, CLASS, CLASS]],
  ["8010", [4, false, 26, isOf39, CLASS, CLASS]],
  ["8013", [4, false, 21, isOf82, CLASS, CLASS]],
  ["8017", [18, true, 0, NONE, SERVICE_RELATION, SERVICE_RELATION]],
  ["8018", [18, true, 0, NONE, SERVICE_RELATION, SERVICE_RELATION]],
]);
const TRADE_ITEM = [["22", [20, isOf82, CLASS]], ["10", [20, isOf82, LOT]], ["21", [20, isOf82, INSTANCE]]];
const QUALIFIERS = new Map([
  ["01", new Map([...TRADE_ITEM, ["235", [28, isOf82, INSTANCE]]])],
  ["8006", new Map(TRADE_ITEM)],
  ["8010", new Map([["8011", [12, isDigit, INSTANCE]]])],
  ["414", new Map([["254", [20, isOf82, LOCATION]], ["7040", [4, isOf82, LOCATION]]])],
  ["417", new Map([["7040", [4, isOf82, PARTY]]])],
  ["8017", new Map([["8019", [10, isDigit, SERVICE_RELATION]]])],
  ["8018", new Map([["8019", [10, isDigit, SERVICE_RELATION]]])],
]);
const FINEST = ["21", "235", "8011", "8019", "254", "7040", "10"];
const SHORT_NAMES = new Map([
  ["gtin", "01"], ["itip", "8006"], ["cpid", "8010"], ["gln", "414"], ["party", "417"], ["gsrnp", "8017"],
  ["gsrn", "8018"], ["gcn", "255"], ["sscc", "00"], ["gdti", "253"], ["ginc", "401"], ["gsin", "402"],
  ["grai", "8003"], ["giai", "8004"], ["cpv", "22"], ["lot", "10"], ["ser", "21"],
]);
const GTIN_LENGTHS = [8, 12, 13, 14];
const MOST_SEGMENTS = 10;

function longName(name) {
  return SHORT_NAMES.get(name) ?? name;
}

function refuse(why) {
  throw new InvalidIdentifier(why);
}

/** GS1 check digit: weights 3, 1, 3 ... from the right (General Specifications 7.9.1). */
function checkDigit(digits) {
  let sum = 0;
  for (let at = digits.length - 1, weight = 3; at >= 0; at--, weight = 4 - weight) {
    sum += weight * (digits.charCodeAt(at) - 0x30);
  }
  return NUMERALS[(10 - (sum % 10)) % 10];
}

const SET_82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
const SET_32 = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
const PRIMES = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83];

/** The two check characters of a Global Model Number (General Specifications 7.9.5). */
function checkCharacters(model) {
  let sum = 0;
  for (let at = 0; at < model.length; at++) sum += SET_82.indexOf(model[model.length - 1 - at]) * PRIMES[at];
  sum %= 1021;
  return SET_32[sum >> 5] + SET_32[sum & 31];
}

/** Percent-decoding into one character for each byte; whatever is not ASCII is of no set and refused later. */
function unescaped(text) {
  if (!text.includes("%")) return text;
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
}

function quoted(text) {
  let written = "";
  for (const sign of text) {
    const code = sign.charCodeAt(0);
    written += isUnreserved(code) ? sign : `%${code.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return written;
}

/** The well-formed key as [canonical identifier, kind]; throws where it is not well-formed. */
function ofKey(ai, value, qualifier, extension, checkDigits) {
  const [count, checked, most, isIn, bare, full] = FORMATS.get(ai);
  if (value.length < count || !allOf(isDigit, value, 0, count)) refuse("digits");
  if (value.length > count + most || !allOf(isIn, value, count)) refuse("characters after the digits");
  if (ai === "8003" && value[0] !== "0") refuse("a GRAI begins with 0");
  const verified = ai === "8006" ? 14 : checked ? count : 0;
  if (checkDigits && verified && checkDigit(value.slice(0, verified - 1)) !== value[verified - 1]) refuse("check digit");
  if (checkDigits && ai === "8013" && (value.length < 7 || checkCharacters(value.slice(0, -2)) !== value.slice(-2))) {
    refuse("check characters");
  }
  const path = `${ROOT}${ai}/${quoted(value)}`;
  if (!qualifier) return [path, value.length > count ? full : bare];
  const [longest, isOf, kind] = QUALIFIERS.get(ai).get(qualifier);
  if (extension.length < 1 || extension.length > longest || !allOf(isOf, extension)) refuse("qualifier");
  return [`${path}/${qualifier}/${quoted(extension)}`, kind];
}

// Digital Links

/** [host in lower case, path without query and fragment] of a web URI, null of any other. */
function webParts(uri) {
  const scheme = uri.slice(0, 8).toLowerCase();
  const start = scheme === "https://" ? 8 : scheme.startsWith("http://") ? 7 : 0;
  if (!start) return null;
  let end = start;
  while (end < uri.length && !"/?#".includes(uri[end])) end++;
  if (uri[end] !== "/") return null;
  const authority = uri.slice(start, end);
  const host = hostOf(authority.slice(authority.indexOf("@") + 1)) ?? hostOf(authority);
  if (host === null) return null;
  let stop = end + 1;
  while (stop < uri.length && uri[stop] !== "?" && uri[stop] !== "#") stop++;
  return [host.toLowerCase(), uri.slice(end + 1, stop)];
}

function hostOf(text) {
  const colon = text.indexOf(":");
  if (colon < 0) return text || null;
  return colon > 0 && allOf(isDigit, text, colon + 1) ? text.slice(0, colon) : null;
}

function ofWeb(uri) {
  const parts = webParts(uri);
  if (parts === null) return null;
  const [host, path] = parts;
  const isResolver = host === "id.gs1.org";
  let length = path.length;
  while (length > 0 && path[length - 1] === "/") length--;
  const segments = path.slice(0, length).split("/");
  for (let at = isResolver ? 0 : Math.max(0, segments.length - MOST_SEGMENTS); at < segments.length - 1; at++) {
    const ai = longName(segments[at]);
    if (FORMATS.has(ai) && (isResolver || claims(ai, segments.slice(at + 1)))) {
      return ofSegments(ai, segments.slice(at + 1));
    }
  }
  return isResolver ? refuse("no GS1 Digital Link") : null;
}

function claims(ai, rest) {
  const value = rest[0];
  let digits = 0;
  while (isDigit(value.charCodeAt(digits))) digits++;
  if (digits === 0 || rest.length % 2 === 0) return false;
  if (rest.length > 1) {
    for (let at = 1; at < rest.length; at += 2) if (!QUALIFIERS.get(ai)?.has(longName(rest[at]))) return false;
    return true;
  }
  if (ai === "01") return digits === value.length && GTIN_LENGTHS.includes(digits);
  const [count, , most] = FORMATS.get(ai);
  return most ? digits >= count : digits === value.length && digits === count;
}

function ofSegments(ai, rest) {
  let value = unescaped(rest[0]);
  if (ai === "01" && allOf(isDigit, value) && GTIN_LENGTHS.includes(value.length)) value = value.padStart(14, "0");
  const qualifiers = new Map();
  for (let at = 1; at + 1 < rest.length; at += 2) {
    const name = longName(rest[at]);
    if (!QUALIFIERS.get(ai)?.has(name) || qualifiers.has(name)) refuse("qualifier");
    qualifiers.set(name, unescaped(rest[at + 1]));
  }
  if (rest.length > 1 && rest.length % 2 === 0) refuse("a qualifier without value");
  let name = FINEST.find((one) => qualifiers.has(one)) ?? "";
  if (name === "254" && qualifiers.get("254") === "0") name = "";
  return ofKey(ai, value, name, qualifiers.get(name) ?? "", true);
}

// EPC URNs: AI, digits of prefix and reference, whether the reference's first digit leads, and where a serial goes.

const SCHEMES = new Map([
  ["id:sgtin", ["01", 13, true, "21"]],
  ["id:upui", ["01", 13, true, "235"]],
  ["class:lgtin", ["01", 13, true, "10"]],
  ["id:itip", ["8006", 13, true, "21"]],
  ["id:sscc", ["00", 17, true, ""]],
  ["id:sgln", ["414", 12, false, "254"]],
  ["id:pgln", ["417", 12, false, ""]],
  ["id:grai", ["8003", 12, false, "tail"]],
  ["id:gdti", ["253", 12, false, "tail"]],
  ["id:sgcn", ["255", 12, false, "tail"]],
  ["id:gsrn", ["8018", 17, false, ""]],
  ["id:gsrnp", ["8017", 17, false, ""]],
  ["id:gsin", ["402", 16, false, ""]],
  ["id:giai", ["8004", 0, false, ""]],
  ["id:ginc", ["401", 0, false, ""]],
  ["id:cpi", ["8010", 0, false, "8011"]],
]);
const PATTERNS = new Set(["sgtin", "grai", "gdti", "sgcn", "cpi", "itip", "upui"]);
const KEYLESS = new Map([
  ["gid", /^(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)$/],
  ["usdod", /^[0-9A-HJ-NP-Z]{5,6}\.(?:0|[1-9][0-9]*)$/],
  ["adi", /^[0-9A-HJ-NP-Z]{5,6}\.(?:[0-9A-Z-]|%2[Ff]){0,32}\.(?:%23)?(?:[0-9A-Z-]|%2[Ff]){1,30}$/],
  ["bic", /^[A-Z]{4}[0-9]{7}$/],
  ["imovn", /^[0-9]{7}$/],
]);
const OWNER_VALUES = [10, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 34, 35, 36,
  37, 38];

/** Container codes (ISO 6346) and vessel numbers (IMO A.1117) end in a check digit. */
function hasWrongCheckDigit(scheme, body) {
  let sum = 0;
  if (scheme === "bic") {
    for (let at = 0; at < 10; at++) {
      const code = body.charCodeAt(at);
      sum += (isDigit(code) ? code - 0x30 : OWNER_VALUES[code - 0x41]) * 2 ** at;
    }
    return (sum % 11) % 10 !== Number(body[10]);
  }
  for (let at = 0; at < 6; at++) sum += Number(body[at]) * (7 - at);
  return sum % 10 !== Number(body[6]);
}

/** At most `most` parts between dots; the last has what is left. */
function splitAtDots(text, most) {
  const parts = [];
  let from = 0;
  while (parts.length < most - 1) {
    const dot = text.indexOf(".", from);
    if (dot < 0) break;
    parts.push(text.slice(from, dot));
    from = dot + 1;
  }
  parts.push(text.slice(from));
  return parts;
}

function ofUrn(urn) {
  const tail = urn.slice(8);
  const first = tail.indexOf(":");
  const second = first < 0 ? -1 : tail.indexOf(":", first + 1);
  const form = first < 0 ? tail : tail.slice(0, first);
  const scheme = first < 0 ? "" : second < 0 ? tail.slice(first + 1) : tail.slice(first + 1, second);
  const body = second < 0 ? "" : tail.slice(second + 1);
  if (form === "id" && KEYLESS.has(scheme)) {
    if (!KEYLESS.get(scheme).test(body)) refuse("no such EPC");
    if ((scheme === "bic" || scheme === "imovn") && hasWrongCheckDigit(scheme, body)) refuse("check digit");
    return null;
  }
  const isPattern = form === "idpat" && PATTERNS.has(scheme);
  const rule = SCHEMES.get(isPattern ? `id:${scheme}` : `${form}:${scheme}`);
  if (rule === undefined || body === "") refuse("no EPC scheme");
  if (passed(isPiece, body, 0) !== body.length) refuse("characters");
  return ofParts(scheme, rule, body, isPattern);
}

function ofParts(scheme, [ai, count, rotated, serialIn], body, isPattern) {
  const wanted = scheme === "cpi" ? 3 : (scheme === "itip" ? 4 : 2) + (serialIn ? 1 : 0);
  const parts = scheme === "cpi" ? body.split(".") : splitAtDots(body, wanted);
  const prefix = parts[0];
  if (parts.length !== wanted || prefix.length < 6 || prefix.length > 12 || !allOf(isDigit, prefix)) refuse("parts");
  const serial = serialIn ? unescaped(parts[wanted - 1]) : "";
  if (isPattern && serial !== "*") refuse("a pattern names all serial numbers");
  if (serialIn && !serial) refuse("serial number");
  let value = valueOf(ai, count, rotated, prefix, parts[1]);
  if (scheme === "itip") value += parts[2] + parts[3];
  if (isPattern || (scheme === "sgln" && serial === "0")) return ofKey(ai, value, "", "", false);
  if (serialIn === "" || serialIn === "tail") return ofKey(ai, value + serial, "", "", false);
  return ofKey(ai, value, serialIn, serial, false);
}

function valueOf(ai, count, rotated, prefix, reference) {
  if (count === 0) return reference ? prefix + unescaped(reference) : refuse("reference");
  if (reference.length !== count - prefix.length || !allOf(isDigit, reference)) refuse("digits of the reference");
  const digits = rotated ? reference[0] + prefix + reference.slice(1) : prefix + reference;
  return (ai === "8003" ? "0" : "") + digits + checkDigit(digits);
}

/** [canonical identifier, kind]; throws InvalidIdentifier. */
function resolveIdentifier(identifier) {
  if (!isUri(identifier)) refuse("no URI");
  const isEpc = identifier.slice(0, 8).toLowerCase() === "urn:epc:";
  const key = isEpc ? ofUrn(identifier) : ofWeb(identifier);
  return key ?? [isEpc ? `urn:epc:${identifier.slice(8)}` : identifier, OTHER];
}
