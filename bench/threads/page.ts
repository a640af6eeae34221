/** The program of the page that the benchmark of threads opens: it logs one line of JSON. */
import { setDevice } from "../../src/index.ts";
import { isStepName } from "../steps/standard.ts";
import { measureThreads, type ThreadTimes } from "./turns.ts";

const parameters = new URLSearchParams(location.hash.slice(1));
setDevice("wasm");
const results: ThreadTimes[] = [];
for (const step of (parameters.get("steps") ?? "").split(",")) {
  if (isStepName(step)) results.push(await measureThreads(step, Number(parameters.get("threads"))));
}
console.log(JSON.stringify(results));
