// Runs the page's own script, as it stands in the page, and answers a JSON line: {"call": name, "with": [...]}.
import { readFileSync } from "node:fs";
import vm from "node:vm";

const page = readFileSync(process.argv[2], "utf8");
const script = page.slice(page.lastIndexOf("<script>") + 8, page.lastIndexOf("</script>"));
// In this context, because a context of its own would make every look-up of a global slow.
const verifier = vm.runInThisContext(`${script}\nTrailsealVerifier;`, { filename: "verify.html" });

const bytesOf = (base64) => new Uint8Array(Buffer.from(base64, "base64"));
const hexOf = (text) => (text === null ? null : text.slice(2));

function instead(kinds, told) {
  return (call) => (given) => {
    try {
      return call(given);
    } catch (fault) {
      if (kinds.some((kind) => fault instanceof verifier[kind])) return told(fault);
      throw fault;
    }
  };
}

const calls = {
  reading: instead(["NoEvent"], (fault) => ({ refused: fault.message }))((text) => ({
    said: [...verifier.saidBy(verifier.readCanonical(text))].map(([name, [step, to]]) => [name, step, to]),
  })),
  canonical: instead(["NotCanonical"], () => false)((base64) => {
    verifier.readCanonical(verifier.textOfUtf8(bytesOf(base64)));
    return true;
  }),
  identifier: instead(["InvalidIdentifier"], () => null)((text) => verifier.resolveIdentifier(text)[0]),
  printable: verifier.printable,
  checkpoints: instead(["BadCheckpoint"], (fault) => ({ refused: fault.message }))((base64) =>
    verifier.readCheckpoints(bytesOf(base64)).map((one) => one.witness),
  ),
  recover: ({ digests, signatures, parties }) => {
    const [ahead, alone] = [new verifier.KeyRing().recover(digests, signatures, parties), verifier.recoverHere(digests, signatures)];
    return digests.map((_, index) => [ahead(index), alone(index)]);
  },
  verify: async ({ file, block, validators, witnesses, ledger }) => {
    const checkpoints = witnesses && verifier.readCheckpoints(bytesOf(witnesses.lines));
    const trust = {
      block: hexOf(block),
      validators: validators && validators.map(hexOf),
      witnesses: witnesses && { addresses: witnesses.addresses.map(hexOf), required: witnesses.required, checkpoints },
    };
    const given = { trust, ledger: hexOf(ledger), recover: verifier.recoverWith([]) };
    const { verdict } = await verifier.verifyBundle(bytesOf(file), given);
    return { ...verdict, notes: verdict.holds ? verifier.notesOf(verdict) : [] };
  },
};

const { call, with: given } = JSON.parse(readFileSync(0, "utf8"));
const answers = [];
for (const one of given) answers.push(await calls[call](one));
console.log(JSON.stringify(answers));
