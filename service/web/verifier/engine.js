// What the page asks and is answered, in a worker or, where there is none, beside the page itself.
"use strict";

const ROWS_AT_ONCE = 100;
const MOST_SHOWN = 20_000; // characters of one document

/** Keeps the last verification, so that a trail's rows are fetched when they are looked at. */
class Engine {
  constructor(post) {
    this.post = post;
    this.found = null;
  }

  async handle({ id, ask, ...given }) {
    try {
      this.post({ id, answer: await this[`on${ask}`](given) });
    } catch (fault) {
      this.post({ id, fault: fault instanceof ProofFailed || fault instanceof BadCheckpoint ? fault.message : String(fault) });
    }
  }

  /** What the file says of itself, before anything is trusted: enough to know which block to ask a node for. */
  onPeek({ file }) {
    const bundle = readBundle(new Uint8Array(file));
    let header = null;
    try {
      header = readHeader(bytesOf(bundle.header));
    } catch (fault) {
      if (!(fault instanceof BadRLP)) throw fault;
    }
    return {
      chainId: bundle.chainId,
      block: header === null ? null : String(header.number),
      ledger: bundle.provenance,
      trails: bundle.trails.length,
      entries: bundle.trails.reduce((total, trail) => total + trail.entries.length, 0),
      isCommitted: bundle.commit !== null,
    };
  }

  async onVerify({ file, trust, ledger, pool }) {
    this.found = null;
    const started = performance.now();
    const given = { block: trust.block, validators: trust.validators, witnesses: null };
    if (trust.witnesses !== null) {
      const { addresses, required, files } = trust.witnesses;
      const checkpoints = files.flatMap((one) => readCheckpoints(new Uint8Array(one)));
      given.witnesses = { addresses, required, checkpoints };
    }
    const { verdict, found } = await verifyBundle(new Uint8Array(file), {
      trust: given,
      ledger,
      progress: (step, part) => this.told(step, part),
      recover: recoverWith(pool ?? []),
    });
    if (verdict.holds) {
      this.found = found;
      this.events = new Map(found.seals.map((seal, index) => [seal, index]));
      this.erased = new Map(found.bundle.erased.map((one) => [one.seal, one]));
    }
    return { verdict, seconds: (performance.now() - started) / 1000 };
  }

  told(step, part) {
    this.post({ progress: { step, part } });
    // Beside the page, a pause now and then keeps it alive.
    return typeof document === "undefined" ? undefined : new Promise((resolve) => setTimeout(resolve));
  }

  onRows({ place, from }) {
    const { bundle, signers, keys } = this.found;
    const disputes = this.disputesOf(place);
    return bundle.trails[place].entries.slice(from, from + ROWS_AT_ONCE).map((entry, offset) => {
      const signer = entry.capture === null ? null : signers[entry.capture];
      const since = signer === null ? 0n : keys.get(signer).binding.compromisedFrom;
      const index = this.events.get(entry.seal);
      return {
        number: from + offset + 1,
        time: entry.time,
        party: entry.party,
        step: STEP_NAMES[entry.step],
        to: isNobody(entry.to) ? null : this.partyOfId(entry.to),
        key: signer,
        isDoubtful: since > 0n && since <= entry.time,
        disputes: disputes === null ? [] : disputes[from + offset],
        isContradicted: index !== undefined && !this.found.agreeing.has(entry),
        erased: this.erased.get(entry.seal) ?? null,
        seal: entry.seal,
        event: index === undefined ? null : this.summary(index),
      };
    });
  }

  disputesOf(place) {
    this.disputes ??= new Map();
    if (this.disputed !== this.found) [this.disputes, this.disputed] = [new Map(), this.found];
    if (!this.disputes.has(place)) this.disputes.set(place, replayedDisputes(this.found, place));
    return this.disputes.get(place);
  }

  partyOfId(id) {
    for (const [number, known] of this.found.partyIds) if (known === id) return number;
    return null;
  }

  summary(index) {
    const { document } = this.found.bundle.events[index];
    const text = (name) => (typeof document.get(name) === "string" ? firstOf(document.get(name), 300) : null);
    const place = document.get("readPoint");
    const readPoint = place instanceof Map && typeof place.get("id") === "string" ? firstOf(place.get("id"), 300) : null;
    return {
      index, readPoint, type: text("type"), bizStep: text("bizStep"), disposition: text("disposition"),
      eventTime: text("eventTime"), eventID: text("eventID"), isError: document.has("errorDeclaration"),
    };
  }

  onDocument({ index }) {
    const text = new TextDecoder().decode(this.found.bundle.events[index].canonical);
    const written = JSON.stringify(JSON.parse(text), null, 2);
    return { text: firstOf(written, MOST_SHOWN), isCut: written.length > MOST_SHOWN };
  }

  onRecover({ digests, signatures, parties }) {
    const recovered = new KeyRing().recover(digests, signatures, parties);
    return digests.map((_, index) => recovered(index));
  }
}
