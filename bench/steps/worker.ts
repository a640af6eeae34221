/** One standard step in a process of its own: `worker.ts step device`; see PacedChild for its manners. */
import { createInterface } from "node:readline";
import { setDevice } from "../../src/index.ts";
import { measure } from "./measure.ts";
import { isStepName, prepareStep } from "./standard.ts";

const [, , step, device] = process.argv;
const about = { step, device, threads: 1 };
setDevice(device);

if (isStepName(step)) {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  for (const result of measure(prepareStep(step))) {
    console.log(JSON.stringify({ ...about, ...result }));
    if ((await lines.next()).done === true) break;
  }
  process.stdin.destroy();
} else {
  console.log(JSON.stringify({ ...about, error: `no step ${step}` }));
}
