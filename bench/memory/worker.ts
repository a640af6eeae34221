/** One loop in a process of its own: `node --expose-gc … worker.ts name` prints its memory before and after as JSON. */
import { setImmediate } from "node:timers/promises";
import { loops } from "./loops.ts";

const warmUpSteps = 1000;
const { steps, prepare } = loops[process.argv[2]];
const step = prepare();

for (let i = 1; i <= warmUpSteps; i++) step(i);
const before = await megabytes();
for (let i = 1; i <= steps; i++) step(warmUpSteps + i);
const after = await megabytes();
console.log(JSON.stringify({ before, after }));

/** Resident and external memory after a collection and its finalizers. */
async function megabytes(): Promise<number> {
  globalThis.gc?.();
  await setImmediate();
  globalThis.gc?.();
  const { rss, external } = process.memoryUsage();
  return (rss + external) / 2 ** 20;
}
