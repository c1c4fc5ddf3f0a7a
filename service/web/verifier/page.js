// The page itself. Whatever a file says becomes text nodes only, with control and direction characters made visible.
"use strict";

/** An element with attributes and children; strings become text, shown by `printable`. */
function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "onclick") element.addEventListener("click", value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== null && value !== false) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null).map((child) => (typeof child === "string" ? printable(child) : child)));
  return element;
}

/** A question to the engine: to its worker, or to one beside the page where the browser gives no worker. */
class Asker {
  constructor(onProgress) {
    this.onProgress = onProgress;
    this.waiting = new Map();
    this.next = 1;
    this.worker = newWorker();
    if (this.worker === null) {
      this.engine = new Engine((message) => this.heard(message));
      return;
    }
    this.worker.onmessage = ({ data }) => this.heard(data);
    this.worker.onerror = (event) => this.failed(event.message || "the browser ended the worker");
  }

  ask(question, transfer = []) {
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      if (this.worker === null) this.engine.handle({ id, ...question });
      else this.worker.postMessage({ id, ...question }, transfer);
    });
  }

  heard({ id, progress, answer, fault }) {
    if (progress) {
      this.onProgress(progress);
      return;
    }
    const { resolve, reject } = this.waiting.get(id);
    this.waiting.delete(id);
    if (fault === undefined) resolve(answer);
    else reject(new Error(fault));
  }

  failed(why) {
    for (const { reject } of this.waiting.values()) reject(new Error(why));
    this.waiting.clear();
  }

  close() {
    this.worker?.terminate();
  }
}

/** A worker that runs this very script, null where the browser gives none. */
function newWorker() {
  try {
    const url = URL.createObjectURL(new Blob([SCRIPT_TEXT], { type: "text/javascript" }));
    const worker = new Worker(SCRIPT_POLICY.createScriptURL(url));
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
    return worker;
  } catch {
    return null;
  }
}

let SCRIPT_TEXT = "";
let SCRIPT_POLICY = { createScriptURL: (url) => url };
const page = { asker: null, pool: [], file: null, isOnline: false, isClosed: false, running: false };
const at = (id) => document.getElementById(id);

function startPage() {
  SCRIPT_TEXT = document.currentScript.textContent;
  const own = (url) => {
    if (!url.startsWith("blob:")) throw new TypeError("only workers made of this script are run");
    return url;
  };
  if (globalThis.trustedTypes) SCRIPT_POLICY = globalThis.trustedTypes.createPolicy("verifier", { createScriptURL: own });
  // Served by somebody, the page stays off the network: who serves it could have changed it.
  page.isOnline = location.protocol === "file:" && new URLSearchParams(location.search).has("node");
  if (!page.isOnline) closeNetwork();
  at("node").hidden = at("node-offer").hidden = true;
  at(page.isOnline ? "node" : "node-offer").hidden = false;
  const number = new URLSearchParams(location.search).get("block") ?? "";
  if (/^[0-9]{1,20}$/.test(number)) at("node-block").value = number;
  tellNetwork();
  at("file").addEventListener("change", () => at("file").files.length && take(at("file").files[0]));
  const drop = at("drop");
  for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", kind === "dragenter" || kind === "dragover");
      if (kind === "drop" && event.dataTransfer.files.length) take(event.dataTransfer.files[0]);
    });
  }
  at("form").addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
  at("ask").addEventListener("click", askNode);
}

/** From here on the browser lets nothing of this page, and no worker that it starts, use the network. */
function closeNetwork() {
  if (page.isClosed) return;
  page.isClosed = true;
  const policy = document.createElement("meta");
  policy.httpEquiv = "Content-Security-Policy";
  policy.content = "connect-src 'none'";
  document.head.append(policy);
  page.isOnline = false;
}

function tellNetwork() {
  const isServed = location.protocol !== "file:";
  at("network").textContent = page.isOnline ? "Network on, until a file is opened" : "Network off: nothing leaves this page";
  at("network").classList.toggle("open", page.isOnline);
  at("node-offer").hidden = page.isOnline || page.file !== null || isServed;
  for (const control of at("node").querySelectorAll("input, button")) control.disabled = !page.isOnline;
}

async function askNode() {
  const said = at("node-said");
  const number = at("node-block").value.trim();
  said.textContent = "";
  if (!/^[0-9]{1,20}$/.test(number)) {
    said.textContent = "Say which block, by its number: the bundle names it once it is opened, and so does whoever made it.";
    return;
  }
  const question = { jsonrpc: "2.0", id: 1, method: "eth_getBlockByNumber", params: [`0x${BigInt(number).toString(16)}`, false] };
  try {
    const url = new URL(at("node-url").value.trim() || "http://localhost:8545");
    const headers = { "content-type": "application/json" };
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(question), credentials: "omit" });
    const { result, error } = await answer.json();
    if (error || !result) throw new Error(error?.message ?? "it has no such block");
    if (!/^0x[0-9a-f]{64}$/.test(result.hash) || BigInt(result.number) !== BigInt(number)) throw new Error("it gave another block");
    at("block").value = result.hash;
    said.textContent = `Your node says that block ${number} is ${result.hash}.`;
  } catch (fault) {
    said.textContent = printable(`The node gave no block: ${fault.message}. It has to allow pages such as this one (CORS; from a disk the origin is "null").`);
  }
}

// What is given

async function take(file) {
  closeNetwork();
  page.file = file;
  tellNetwork();
  const [label, size] = at("drop").querySelectorAll("span, small");
  label.textContent = printable(file.name);
  size.textContent = `${file.size.toLocaleString("en")} bytes`;
  const shown = at("peek");
  shown.hidden = false;
  shown.replaceChildren(el("p", {}, "Reading…"));
  problem("");
  at("result").hidden = true;
  try {
    const told = await once().ask({ ask: "Peek", file: await contentOf(file) });
    shown.replaceChildren(...peeked(told));
  } catch (fault) {
    shown.replaceChildren(el("p", {}, el("b", {}, "This is no bundle. "), `${fault.message}`));
  }
}

/** The file's bytes; one that is too long is not even read. */
async function contentOf(file) {
  if (file.size > MAX_BYTES) throw new Error(`the file has ${file.size} bytes; a bundle has at most ${MAX_BYTES}`);
  return file.arrayBuffer();
}

function peeked({ chainId, block, ledger, trails, entries, isCommitted }) {
  const command =
    `curl -s -H 'content-type: application/json' --data '{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber",` +
    `"params":["0x${BigInt(block ?? 0).toString(16)}",false]}' http://localhost:8545`;
  return [
    el("p", {}, "It says of itself (nothing of it is checked yet): ", el("b", {}, `${trails} trails, ${entries} entries`),
      `, as of block ${block ?? "?"} of chain ${chainId}, in the ledger 0x${ledger}.`,
      isCommitted ? " It carries the validators’ seals of that block." : ""),
    block === null ? null : el("p", {}, "That block’s hash, from your own node: ", el("code", { class: "mono" }, command)),
    block === null || location.protocol !== "file:" ? null
      : el("p", {}, el("a", { href: `?node&block=${block}` }, "Ask your node from this page instead"), " (it reloads with the network on)."),
  ].filter((part) => part !== null);
}

class BadInput extends Error {
  constructor(id, message) {
    super(message);
    this.id = id;
  }
}

function hexIn(id, bytes, what) {
  const text = at(id).value.trim();
  if (!text) return null;
  const hex = text.toLowerCase().replace(/^0x/, "");
  if (!new RegExp(`^[0-9a-f]{${2 * bytes}}$`).test(hex)) throw new BadInput(id, `${what} has ${2 * bytes} hex digits after 0x.`);
  return hex;
}

function addressesIn(id, what) {
  const words = at(id).value.split(/[\s,;]+/).filter((word) => word);
  return words.map((word) => {
    const hex = word.toLowerCase().replace(/^0x/, "");
    if (!/^[0-9a-f]{40}$/.test(hex)) throw new BadInput(id, `Each ${what}’s address has 40 hex digits after 0x.`);
    return hex;
  });
}

async function trusted() {
  const block = hexIn("block", 32, "A block hash");
  const validators = addressesIn("validators", "validator");
  const witnesses = [...new Set(addressesIn("witnesses", "witness"))];
  if (block === null && !validators.length && !witnesses.length) {
    throw new BadInput("block", "Say what you trust: a block hash, validators or witnesses.");
  }
  return { block, validators: validators.length ? validators : null, witnesses: await witnessesGiven(witnesses) };
}

async function witnessesGiven(addresses) {
  const files = [...at("checkpoints").files];
  if (!addresses.length) {
    if (files.length) throw new BadInput("witnesses", "Say whose checkpoints these are: the witnesses’ addresses.");
    return null;
  }
  const text = at("required").value.trim();
  const required = text ? Number(text) : addresses.length;
  if (!Number.isInteger(required) || required < 1 || required > addresses.length) {
    throw new BadInput("required", `Of ${addresses.length} witnesses, 1 to ${addresses.length} can be required.`);
  }
  return { addresses, required, files: await Promise.all(files.map((file) => file.arrayBuffer())) };
}

function problem(text, id = null) {
  at("problem").textContent = printable(text);
  for (const field of document.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  if (id === null) return;
  at(id).closest("details")?.setAttribute("open", "");
  at(id).setAttribute("aria-invalid", "true");
  at(id).focus();
}

// The verification

function once() {
  page.asker ??= new Asker(showProgress);
  return page.asker;
}

async function run() {
  if (page.running) return;
  problem("");
  closeNetwork();
  tellNetwork();
  at("result").hidden = true;
  try {
    if (page.file === null) throw new BadInput("file", "Choose a bundle file first.");
    const trust = await trusted();
    const ledger = hexIn("ledger", 20, "A ledger’s address");
    setRunning(true);
    const { verdict, seconds } = await verified(trust, ledger);
    showResult(verdict, seconds);
  } catch (fault) {
    if (fault instanceof BadInput) problem(fault.message, fault.id);
    else problem(`The verification could not be carried out, so this is no verdict: ${fault.message}`);
  } finally {
    setRunning(false);
  }
}

async function verified(trust, ledger) {
  // Anew each time, so that nothing of a former file is left, and a worker that ran out of memory is replaced.
  page.asker?.close();
  page.asker = null;
  const file = await contentOf(page.file);
  const asker = once();
  const pool = asker.worker === null ? [] : helpers();
  try {
    return await asker.ask({ ask: "Verify", file, trust, ledger, pool: pool.map(({ port }) => port) }, [file, ...pool.map(({ port }) => port)]);
  } finally {
    for (const { worker } of pool) worker.terminate();
  }
}

/** Workers that recover signatures, and the ports at which they are asked. */
function helpers() {
  const count = Math.min(4, navigator.hardwareConcurrency ?? 1);
  const found = [];
  for (let made = 0; count > 1 && made < count; made++) {
    const worker = newWorker();
    if (worker === null) break;
    const { port1, port2 } = new MessageChannel();
    worker.postMessage({ port: port1 }, [port1]);
    found.push({ worker, port: port2 });
  }
  return found;
}

function setRunning(isRunning) {
  page.running = isRunning;
  at("running").hidden = !isRunning;
  at("go").disabled = isRunning;
  if (isRunning) showProgress({ step: 1, part: 0 });
}

function showProgress({ step, part }) {
  at("bar").value = step - 1 + part;
  at("running-step").textContent = `Step ${step} of ${CHECKS.length}: ${CHECKS[step - 1][0]}`;
}

// The result

function showResult(verdict, seconds) {
  const parts = [banner(verdict)];
  const notes = verdict.holds ? notesOf(verdict) : [];
  if (notes.length) {
    parts.push(el("section", { class: "notes" }, el("h2", {}, "Take note"), el("ul", {}, ...notes.map((note) => el("li", {}, note)))));
  }
  parts.push(stepsShown(verdict));
  if (verdict.holds) {
    parts.push(...verdict.trails.slice(0, MOST_TRAILS).map((trail, place) => trailShown(verdict, trail, place)));
    if (verdict.trails.length > MOST_TRAILS) {
      parts.push(el("p", { class: "hint" }, `${verdict.trails.length - MOST_TRAILS} more trails were verified; the saved verdict has them.`));
    }
    parts.push(partiesShown(verdict));
    if (verdict.erasures.length) parts.push(erasuresShown(verdict));
  }
  parts.push(factsShown(verdict, seconds));
  at("result").replaceChildren(...parts);
  at("result").hidden = false;
  at("result").focus();
}

const MOST_TRAILS = 20;

function banner(verdict) {
  if (!verdict.holds) {
    return el("div", { class: "verdict fails", role: "status" }, el("h2", {}, "✗ Does not hold"),
      el("p", {}, el("b", {}, `${verdict.error} in step ${verdict.failedStep}. `), verdict.steps[verdict.failedStep - 1].finding));
  }
  const things = verdict.trails.length === 1 ? verdict.trails[0].identifier : `${verdict.trails.length} trails`;
  return el("div", { class: "verdict holds", role: "status" }, el("h2", {}, "✓ Holds"),
    el("p", {}, `${verdict.entries} entries of `, el("b", {}, things), `, whole as of block ${verdict.block} (${moment(verdict.blockTime)}).`));
}

const RESULTS = { pass: ["PASS", "good"], fail: ["FAIL", "bad"], "not reached": ["not reached", ""] };

function stepsShown(verdict) {
  const items = verdict.steps.map(({ number, title, result, finding }) => {
    const [word, kind] = RESULTS[result];
    return el("li", {}, el("span", { class: "number" }, String(number)), el("span", { class: "title" }, title),
      el("span", {}, el("span", { class: `tag ${kind}` }, word)), el("span", { class: "finding" }, finding ?? ""));
  });
  return el("section", { class: "card" }, el("h2", {}, "The twelve steps"), el("ol", { class: "steps" }, ...items));
}

function pairs(rows) {
  return el("dl", {}, ...rows.filter(([, value]) => value !== null).flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

function nameOf(verdict, number) {
  return verdict.parties.find((party) => party.number === number)?.identifier ?? `party ${number}`;
}

function trailShown(verdict, trail, place) {
  const marks = [
    trail.decommissioned ? el("span", { class: "tag" }, "decommissioned") : null,
    trail.holds ? el("span", { class: "tag warn" }, `${trail.holds} open holds`) : null,
    trail.disputes ? el("span", { class: "tag warn" }, `${trail.disputes} disputes`) : null,
  ];
  const body = el("tbody");
  const head = ["Sealed (UTC)", "Party", "Step", "Event", "Key", "Marks"].map((name) => el("th", { scope: "col" }, name));
  const more = el("button", { type: "button", class: "second more", onclick: () => addRows(verdict, trail, place, body, more) }, "Show more");
  const section = el("section", { class: "card" },
    el("h2", {}, trail.identifier),
    el("p", { class: "hint" }, `${trail.entries} entries, ${trail.withheld} without document. Custodian: `,
      trail.custodian === null ? "nobody" : nameOf(verdict, trail.custodian),
      trail.offeredTo === null ? "" : `, offered to ${nameOf(verdict, trail.offeredTo)}`, ". ", ...marks),
    el("div", { class: "scroll" }, el("table", { class: "trail" }, el("thead", {}, el("tr", {}, ...head)), body)), more);
  if (place < 5) addRows(verdict, trail, place, body, more);
  return section;
}

async function addRows(verdict, trail, place, body, more) {
  more.disabled = true;
  const rows = await page.asker.ask({ ask: "Rows", place, from: body.rows.length });
  body.append(...rows.map((row) => rowShown(verdict, row)));
  more.disabled = false;
  more.hidden = body.rows.length >= trail.entries;
  more.textContent = `Show more (${trail.entries - body.rows.length} left)`;
}

function rowShown(verdict, row) {
  const cell = (name, attributes, ...children) => el("td", { "data-name": name, ...attributes }, ...children);
  const to = row.to === null ? null : el("small", {}, `to ${nameOf(verdict, row.to)}`);
  return el("tr", { class: row.event === null ? "unshown" : null },
    cell("Sealed", { class: "when" }, moment(row.time).replace("T", " ").replace("+00:00", "")),
    cell("Party", {}, nameOf(verdict, row.party)),
    cell("Step", {}, el("b", {}, row.step), to),
    eventCell(cell, row),
    cell("Key", {}, row.key === null ? "not shown" : el("code", { title: `0x${row.key}` }, `0x${row.key.slice(0, 6)}…${row.key.slice(-4)}`)),
    cell("Marks", {}, ...marksOf(verdict, row)));
}

function eventCell(cell, row) {
  if (row.event === null) return cell("Event", {}, el("small", {}, `seal 0x${row.seal.slice(0, 16)}…`));
  const { event } = row;
  const lines = [
    event.eventTime === null ? null : `happened ${event.eventTime}`,
    event.readPoint === null ? null : `at ${event.readPoint}`,
    event.disposition,
    event.eventID,
  ].filter((line) => line !== null);
  const shown = cell("Event", {}, el("b", {}, event.bizStep ?? event.type ?? "event"), ...lines.map((line) => el("small", {}, line)));
  shown.append(el("button", { type: "button", class: "second row-act", onclick: ({ target }) => showDocument(shown, target, event.index) }, "Document"));
  return shown;
}

async function showDocument(cell, button, index) {
  const { text, isCut } = await page.asker.ask({ ask: "Document", index });
  // Line breaks are the page's own here; everything else that is unprintable in a document is an escape in JSON already.
  const pre = el("pre", { tabindex: "0" });
  pre.textContent = text.split("\n").map(printable).join("\n") + (isCut ? "\n…" : "");
  button.replaceWith(pre);
}

function marksOf(verdict, row) {
  const marks = [];
  if (row.isDoubtful) marks.push(["doubtful", "warn", "by a key since the time from which it is not to be trusted"]);
  for (const why of row.disputes) marks.push([`disputed: ${why}`, "warn", "it contradicted custody when it was recorded"]);
  if (row.isContradicted) marks.push(["contradicted", "warn", "the document of its seal says something else"]);
  if (row.erased !== null) marks.push(["erased", "", `by ${nameOf(verdict, row.erased.party)}, as the service says`]);
  else if (row.event === null) marks.push(["withheld", "", "no document in the file"]);
  if (row.event?.isError) marks.push(["error declared", "", "the event takes a former statement back"]);
  if (row.key === null) marks.push(["no signature", "", "the contract checked one when it recorded it"]);
  return marks.map(([text, kind, title]) => el("span", { class: `tag ${kind}`, title: printable(title) }, text));
}

function partiesShown(verdict) {
  const rows = verdict.parties.map((party) => {
    const keys = verdict.keys.filter((key) => key.party === party.number);
    return el("tr", {}, el("td", {}, String(party.number)),
      el("td", {}, party.identifier, party.suspended ? el("span", { class: "tag warn" }, "suspended") : null),
      el("td", {}, ...keys.map((key) => el("div", {}, el("code", {}, key.address), ` ${key.entries} entries`,
        key.compromisedFrom === null ? null : el("span", { class: "tag warn" }, `not to be trusted from ${moment(BigInt(key.compromisedFrom))}`)))));
  });
  const head = ["Number", "Party", "Keys that signed"].map((name) => el("th", { scope: "col" }, name));
  return el("section", { class: "card" }, el("h2", {}, "Parties"),
    el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows))));
}

function erasuresShown(verdict) {
  const rows = verdict.erasures.slice(0, 200).map((one) => el("tr", {}, el("td", {}, el("code", {}, `${one.seal.slice(0, 18)}…`)),
    el("td", {}, nameOf(verdict, one.party)), el("td", {}, moment(one.time)), el("td", {}, one.reason),
    el("td", {}, el("span", { class: `tag ${one.stated ? "good" : "warn"}` }, one.stated ? "stated by the party" : "the service’s word"))));
  const head = ["Seal", "By", "When", "Why", "Who says so"].map((name) => el("th", { scope: "col" }, name));
  return el("section", { class: "card" }, el("h2", {}, "Erased events"),
    el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows))));
}

function factsShown(verdict, seconds) {
  const code = (text) => (text === null ? null : el("code", {}, text));
  const save = () => {
    const url = URL.createObjectURL(new Blob([`${JSON.stringify(verdict, null, 2)}\n`], { type: "application/json" }));
    el("a", { href: url, download: "verdict.json" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  };
  return el("section", { class: "card" }, el("h2", {}, "The file"),
    pairs([
      ["Digest", code(verdict.digest)], ["Chain", verdict.chainId === null ? null : String(verdict.chainId)],
      ["Block", verdict.block === null ? null : `${verdict.block} (${moment(verdict.blockTime)})`],
      ["Block hash", code(verdict.blockHash)], ["Ledger", code(verdict.ledger)], ["Verified in", `${seconds.toFixed(1)} s`],
    ]),
    el("button", { type: "button", class: "second more", onclick: save }, "Save the verdict (JSON)"));
}

// The same script is the page's and its workers'; elsewhere (Node) it only offers its functions.
if (typeof document !== "undefined") startPage();
else if (typeof WorkerGlobalScope !== "undefined") {
  const serve = (port) => {
    const engine = new Engine((message) => port.postMessage(message));
    return ({ data }) => engine.handle(data);
  };
  const answer = serve(globalThis);
  globalThis.onmessage = (event) => {
    if (event.data.port) event.data.port.onmessage = serve(event.data.port);
    else answer(event);
  };
}
