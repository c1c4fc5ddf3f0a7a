// What a document says of the things that it names: docs/format.md section 8. The same as service/epcis/saying.py.
"use strict";

const OBSERVE = 0, COMMISSION = 1, SHIP = 2, RECEIVE = 3, DECOMMISSION = 4, HOLD = 5, LIFT = 6;
const STEP_NAMES = ["OBSERVE", "COMMISSION", "SHIP", "RECEIVE", "DECOMMISSION", "HOLD", "LIFT"];
const MOST_CHARACTERS = 2048, ROOM = 2 ** 16, MOST_TIMES = 16;
const RESERVED = "urn:trailseal:journal:", RISK = "urn:trailseal:risk:";
const RISK_TRAIL = /^urn:trailseal:risk:0x[0-9a-f]{64}$/;

const SUBJECTS = [["epcList", "epc", "subject"], ["quantityList", "class", "subject"]];
const CHILDREN = [["parentID", "parent", "parent"], ["childEPCs", "epc", "child"],
  ["childQuantityList", "class", "child"]];
const NAMING = new Map([
  ["ObjectEvent", SUBJECTS],
  ["AggregationEvent", CHILDREN],
  ["AssociationEvent", CHILDREN],
  ["TransactionEvent", [...SUBJECTS, ["parentID", "parent", "parent"]]],
  ["TransformationEvent", [["inputEPCList", "epc", "input"], ["inputQuantityList", "class", "input"],
    ["outputEPCList", "epc", "output"], ["outputQuantityList", "class", "output"]]],
]);
const ALL_NAMING = [...new Set([...NAMING.values()].flat().map(([name]) => name))].sort();
const ACTIONS = ["ADD", "OBSERVE", "DELETE"];
const PARTY_ROLES = ["possessing_party", "owning_party"];
const STANDARD_PREFIXES = [
  ["epcis", "https://ref.gs1.org/epcis/"], ["cbv", "https://ref.gs1.org/cbv/"], ["cbvmda", "urn:epcglobal:cbv:mda:"],
  ["gs1", "https://gs1.org/voc/"], ["rdfs", "http://www.w3.org/2000/01/rdf-schema#"],
  ["owl", "http://www.w3.org/2002/07/owl#"], ["xsd", "http://www.w3.org/2001/XMLSchema#"],
  ["dcterms", "http://purl.org/dc/terms/"],
];
const URI_SCHEMES = new Set(["http", "https", "urn", "did", "ni", "geo", "mailto", "tag", "data", "file", "ftp"]);
const BY_BIZ_STEP = new Map([
  ["commissioning", COMMISSION], ["creating_class_instance", COMMISSION], ["shipping", SHIP], ["consigning", SHIP],
  ["receiving", RECEIVE], ["accepting", RECEIVE], ["decommissioning", DECOMMISSION], ["destroying", DECOMMISSION],
  ["holding", HOLD],
]);
const WITHHELD = ["recalled", "unavailable", "non_conformant", "non_sellable_other", "expired", "stolen"];

function spelled(web, urn, words) {
  const starts = ["", `https://ref.gs1.org/cbv/${web}-`, `urn:epcglobal:cbv:${urn}:`, `cbv:${web}-`];
  return new Map(starts.flatMap((start) => words.map((word) => [start + word, word])));
}

const BIZ_STEPS = spelled("BizStep", "bizstep", [...BY_BIZ_STEP.keys()]);
const DISPOSITIONS = spelled("Disp", "disp", WITHHELD);
const PARTY_TYPES = spelled("SDT", "sdt", PARTY_ROLES);

/** The document is not one EPCIS event; the message is the same as the service's. */
class NoEvent extends Error {}

function asText(value, place) {
  if (typeof value !== "string") throw new NoEvent(`${place} must be text`);
  return value;
}

function asArray(value, place) {
  if (!Array.isArray(value)) throw new NoEvent(`${place} must be an array`);
  return value;
}

function asObject(value, place) {
  if (!(value instanceof Map)) throw new NoEvent(`${place} must be an object`);
  return value;
}

/** Map of canonical identifier to [step, recipient's identifier or null]; throws NoEvent. `document` is a Map. */
function saidBy(document) {
  const reading = new Reading(document);
  const things = reading.things();
  const moved = reading.moved();
  const found = new Map();
  for (const [identifier, [role, kind]] of things) {
    const isOnlySeen = role === "input" || kind === LOCATION || kind === PARTY || kind === SERVICE_RELATION
      || identifier.startsWith(RISK);
    found.set(identifier, isOnlySeen ? [OBSERVE, null] : moved);
  }
  return found;
}

class Reading {
  constructor(document) {
    this.document = document;
    this.left = ROOM;
    this.type = document.get("type");
    if (typeof this.type !== "string" || !NAMING.has(this.type)) {
      throw new NoEvent(`/type must be one of ${[...NAMING.keys()].join(", ")}`);
    }
    this.checkMembers();
    this.prefixes = this.declared();
  }

  checkMembers() {
    const own = NAMING.get(this.type).map(([name]) => name);
    for (const name of ALL_NAMING) {
      if (this.document.has(name) && !own.includes(name)) {
        throw new NoEvent(`/${name} is no member of a ${this.type}`);
      }
    }
    if (this.type === "TransformationEvent") {
      if (this.document.has("action")) throw new NoEvent("/action is no member of a TransformationEvent");
    } else if (!ACTIONS.includes(this.document.get("action"))) {
      throw new NoEvent(`/action must be one of ${ACTIONS.join(", ")}`);
    }
  }

  declared() {
    const prefixes = new Map(STANDARD_PREFIXES);
    if (!this.document.has("@context")) return prefixes;
    const context = this.document.get("@context");
    for (const entry of Array.isArray(context) ? context : [context]) {
      const isRead = entry instanceof Map ? declare(entry, prefixes) : typeof entry === "string" && isUri(entry);
      if (!isRead) {
        throw new NoEvent("/@context must be URIs of contexts, and objects that give prefixes absolute URIs");
      }
    }
    return prefixes;
  }

  things() {
    const things = new Map();
    for (const [name, holds, role] of NAMING.get(this.type)) {
      for (const [place, text] of this.named(name, holds)) {
        const [identifier, kind] = this.resolved(text, place);
        if ((kind === CLASS || kind === LOT) && holds === "epc") {
          throw new NoEvent(`${place} names a class or a lot, not one thing`);
        }
        if (kind === CLASS || (holds === "class" && kind !== LOT)) continue;
        checkReserved(identifier, place);
        if (!things.has(identifier)) things.set(identifier, [role, kind]);
      }
    }
    return things;
  }

  *named(name, holds) {
    if (!this.document.has(name)) return;
    const value = this.document.get(name);
    if (holds === "parent") {
      yield [`/${name}`, asText(value, `/${name}`)];
      return;
    }
    const items = asArray(value, `/${name}`);
    for (let index = 0; index < items.length; index++) {
      const place = `/${name}/${index}`;
      if (holds === "epc") yield [place, asText(items[index], place)];
      else yield [`${place}/epcClass`, asText(asObject(items[index], place).get("epcClass"), `${place}/epcClass`)];
    }
  }

  resolved(text, place) {
    const full = this.expanded(text);
    let found = null;
    try {
      if (full !== null) found = resolveIdentifier(full);
    } catch (fault) {
      if (!(fault instanceof InvalidIdentifier)) throw fault;
    }
    if (found === null) {
      throw new NoEvent(`${place} must be a URI of at most ${MOST_CHARACTERS} characters, and well-formed if it is GS1's`);
    }
    this.left += MOST_TIMES * text.length - full.length;
    if (this.left < 0) throw new NoEvent(`${place}: prefixes make names of too many characters out of few`);
    return found;
  }

  /** What a compact URI stands for, any other text itself; null where that is too long to name anything. */
  expanded(text) {
    let meaning = "", rest = text;
    if (!text.startsWith("urn:") && !text.startsWith("https:") && !text.startsWith("http:")) {
      const colon = text.indexOf(":");
      if (colon >= 0 && !text.startsWith("//", colon + 1)) {
        const found = this.prefixes.get(text.slice(0, colon));
        if (found !== undefined) [meaning, rest] = [found, text.slice(colon + 1)];
      }
    }
    return meaning.length + rest.length <= MOST_CHARACTERS ? meaning + rest : null;
  }

  moved() {
    const isError = this.document.has("errorDeclaration");
    if (isError) asObject(this.document.get("errorDeclaration"), "/errorDeclaration");
    const word = this.document.has("bizStep") ? this.word(BIZ_STEPS, asText(this.document.get("bizStep"), "/bizStep")) : null;
    const sources = this.parties("source"), destinations = this.parties("destination");
    const [withheld, released] = this.withheld();
    if (isError) return [OBSERVE, null];
    if (this.type === "TransformationEvent") return [COMMISSION, null];
    const stated = BY_BIZ_STEP.get(word) ?? OBSERVE;
    if (stated === SHIP) {
      const recipient = recipientOf(sources, destinations);
      return recipient === null ? [OBSERVE, null] : [SHIP, recipient];
    }
    if (stated === RECEIVE) return [changesHands(sources, destinations, word === "accepting") ? RECEIVE : OBSERVE, null];
    if ((stated === COMMISSION || stated === DECOMMISSION) && this.type !== "ObjectEvent") return [OBSERVE, null];
    return [stated === OBSERVE ? this.byState(withheld, released) : stated, null];
  }

  byState(withheld, released) {
    if (withheld || released) return withheld ? HOLD : LIFT;
    if (this.type !== "ObjectEvent") return OBSERVE;
    const action = this.document.get("action");
    return action === "ADD" ? COMMISSION : action === "DELETE" ? DECOMMISSION : OBSERVE;
  }

  word(words, text) {
    return words.get(text) ?? words.get(this.expanded(text) ?? "") ?? null;
  }

  withheld() {
    if (!this.document.has("persistentDisposition")) return [false, false];
    const persistent = asObject(this.document.get("persistentDisposition"), "/persistentDisposition");
    return [this.sets(persistent, "set"), this.sets(persistent, "unset")];
  }

  sets(persistent, name) {
    const place = `/persistentDisposition/${name}`;
    const items = persistent.has(name) ? asArray(persistent.get(name), place) : [];
    const texts = items.map((item, index) => asText(item, `${place}/${index}`));
    return texts.some((text) => DISPOSITIONS.has(this.expanded(text) ?? ""));
  }

  parties(member) {
    const name = `${member}List`;
    const side = new Map();
    const items = this.document.has(name) ? asArray(this.document.get(name), `/${name}`) : [];
    for (let index = 0; index < items.length; index++) {
      const entry = asObject(items[index], `/${name}/${index}`);
      const type = asText(entry.get("type"), `/${name}/${index}/type`);
      const place = `/${name}/${index}/${member}`;
      const text = asText(entry.get(member), place);
      const role = this.word(PARTY_TYPES, type);
      if (role === null) continue;
      const [identifier, kind] = this.resolved(text, place);
      if (!side.has(role)) side.set(role, asParty(identifier, kind));
    }
    return side;
  }
}

function declare(entry, prefixes) {
  for (const [name, meaning] of entry) {
    if (name.startsWith("@") || name.includes(":")) continue;
    const uri = meaning instanceof Map ? meaning.get("@id") : meaning;
    if (URI_SCHEMES.has(name.toLowerCase()) || typeof uri !== "string" || !isUri(uri)) return false;
    prefixes.set(name, uri);
  }
  return true;
}

/** A location without extension, where a party is wanted, is the party of that GLN. */
function asParty(identifier, kind) {
  const gln = identifier.slice(`${ROOT}414/`.length);
  return kind === LOCATION && !gln.includes("/") ? `${ROOT}417/${gln}` : identifier;
}

function checkReserved(identifier, place) {
  const looks = unescaped(identifier.slice(0, 3 * RESERVED.length)).toLowerCase();
  if (looks.startsWith(RESERVED)) throw new NoEvent(`${place} has a name that is reserved for journals`);
  if (looks.startsWith(RISK) && !RISK_TRAIL.test(identifier)) {
    throw new NoEvent(`${place} has a name that is reserved for risk trails, and is none`);
  }
}

function recipientOf(sources, destinations) {
  const role = PARTY_ROLES.find((one) => destinations.has(one));
  return role === undefined || sources.get(role) === destinations.get(role) ? null : destinations.get(role);
}

function changesHands(sources, destinations, unsaid) {
  const roles = PARTY_ROLES.filter((role) => sources.has(role) || destinations.has(role));
  return roles.length ? roles.some((role) => sources.get(role) !== destinations.get(role)) : unsaid;
}
