// Verifies a bundle with the script of the page that auditors open: node bench/verify.mjs PAGE FILE BLOCK LEDGER
import { readFileSync } from "node:fs";
import vm from "node:vm";

const [page, file, block, ledger] = process.argv.slice(2);
const text = readFileSync(page, "utf8");
const script = text.slice(text.lastIndexOf("<script>") + 8, text.lastIndexOf("</script>"));
const verifier = vm.runInThisContext(`${script}\nTrailsealVerifier;`, { filename: "verify.html" });
const bytes = new Uint8Array(readFileSync(file));
const trust = { block: block.slice(2), validators: null, witnesses: null };
const begin = process.cpuUsage();
const { verdict } = await verifier.verifyBundle(bytes, { trust, ledger: ledger.slice(2), recover: verifier.recoverWith([]) });
const used = process.cpuUsage(begin);
console.log(JSON.stringify({
  holds: verdict.holds,
  seconds: (used.user + used.system) / 1e6,
  megabytes: process.resourceUsage().maxRSS / 1024,
}));
