// Times the page's verification under Node: node bench/verify_browser.mjs BUNDLE BLOCK LEDGER [WORKERS]
// Prints one JSON line: seconds in all, of the processors' time, and whether the bundle holds.
import { readFileSync } from "node:fs";
import { MessageChannel, Worker, isMainThread, workerData } from "node:worker_threads";
import vm from "node:vm";

const page = readFileSync(new URL("../service/web/verify.html", import.meta.url), "utf8");
const script = page.slice(page.lastIndexOf("<script>") + 8, page.lastIndexOf("</script>"));
const verifier = vm.runInThisContext(`${script}\nTrailsealVerifier;`, { filename: "verify.html" });

/** A port of a worker as a browser's: `onmessage` gets events. */
function portOf(port) {
  const found = { postMessage: (message) => port.postMessage(message), onmessage: null };
  port.on("message", (data) => found.onmessage?.({ data }));
  return found;
}

if (isMainThread) {
  const [file, block, ledger, workers = "1"] = process.argv.slice(2);
  const pool = [];
  for (let made = 0; Number(workers) > 1 && made < Number(workers); made++) {
    const { port1, port2 } = new MessageChannel();
    pool.push({ worker: new Worker(new URL(import.meta.url), { workerData: port1, transferList: [port1] }), port: portOf(port2), port2 });
  }
  const started = performance.now();
  const before = process.cpuUsage();
  const trust = { block: block.slice(2), validators: null, witnesses: null };
  const recover = verifier.recoverWith(pool.map(({ port }) => port));
  const { verdict } = await verifier.verifyBundle(new Uint8Array(readFileSync(file)), { trust, ledger: ledger.slice(2), recover });
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - started) / 1000;
  console.log(JSON.stringify({ seconds, cpuSeconds: (user + system) / 1e6, holds: verdict.holds, entries: verdict.entries, error: verdict.error }));
  for (const { worker, port2 } of pool) {
    port2.close();
    await worker.terminate();
  }
} else {
  const engine = new verifier.Engine((message) => workerData.postMessage(message));
  workerData.on("message", (question) => engine.handle(question));
}
