/** One standard step in a process of its own: `worker.ts step device [threads]`; see PacedChild for its manners. */
import { createInterface } from "node:readline";
import { setDevice, setThreads } from "../../src/index.ts";
import { measure } from "./measure.ts";
import { isStepName, prepareStep } from "./standard.ts";

const [, , step, device, threads = "1"] = process.argv;
const about = { step, device, threads: Number(threads) };
setThreads(about.threads);
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
