// Runs the page's own scripts, as they are, and answers one JSON line for each JSON line: {"call": name, "with": [...]}.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import vm from "node:vm";

const scope = vm.createContext({ TextDecoder, TextEncoder, console, performance, setTimeout });
for (const path of process.argv.slice(2)) vm.runInContext(readFileSync(path, "utf8"), scope, { filename: path });

const calls = vm.runInContext(
  `({
    reading(text) {
      try {
        return { said: [...saidBy(readCanonical(text))].map(([name, [step, to]]) => [name, step, to]) };
      } catch (fault) {
        if (fault instanceof NoEvent) return { refused: fault.message };
        throw fault;
      }
    },
    canonical(hex) {
      const bytes = Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
      try {
        readCanonical(textOfUtf8(bytes));
        return true;
      } catch (fault) {
        if (fault instanceof NotCanonical) return false;
        throw fault;
      }
    },
    identifier(text) {
      try {
        return resolveIdentifier(text)[0];
      } catch (fault) {
        if (fault instanceof InvalidIdentifier) return null;
        throw fault;
      }
    },
  })`,
  scope,
);

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const { call, with: given } = JSON.parse(line);
  console.log(JSON.stringify(given.map((one) => calls[call](one))));
}
