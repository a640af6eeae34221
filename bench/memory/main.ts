import { spawnSync } from "node:child_process";
import { typeScript } from "../child.ts";
import { readNames, readOptions } from "../options.ts";
import { loops } from "./loops.ts";

const allowedGrowth = 0.1;

/**
 * Resident plus external memory after a collection: after a thousand steps, and after the loop. False where it grew by
 * a tenth or more. The loops are synchronous, so that no finalizer runs inside them.
 */
export async function memory(args: readonly string[]): Promise<boolean> {
  const { only } = readOptions("bench memory", args, { only: "string" });
  let held = true;
  for (const name of readNames("bench memory --only", only, Object.keys(loops))) {
    const [program, ...rest] = typeScript("memory/worker.ts", name);
    const { stdout, stderr } = spawnSync(program, ["--expose-gc", ...rest], { encoding: "utf8" });
    const reading = /\{"before":(.*),"after":(.*)\}/.exec(stdout);
    if (reading === null) {
      console.log(`${name.padEnd(12)} failed\n${stderr}`);
      held = false;
      continue;
    }
    const [before, after] = [Number(reading[1]), Number(reading[2])];
    const growth = after / before - 1;
    held &&= growth < allowedGrowth;
    const sizes = `${before.toFixed(0).padStart(5)} MB → ${after.toFixed(0).padStart(5)} MB`;
    const steps = `${loops[name].steps} steps`.padStart(12);
    console.log(
      `${name.padEnd(12)}${steps}  ${sizes}  ${(100 * growth).toFixed(1).padStart(5)} %  limit 10 %`,
    );
  }
  return held;
}
