import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { NeuriteError } from "../src/base/error.ts";
import { PacedChild, typeScript } from "./child.ts";
import { readOptions } from "./options.ts";
import { isPrepared } from "./steps/contest.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const processes = 5;
const timedImport = `
  const start = performance.now();
  await import("neurite");
  console.log(performance.now() - start);
`;

/** Times fresh processes, the best of five: importing the built package, and the first step of the cnn from `src/`. */
export async function startup(args: readonly string[]): Promise<boolean> {
  readOptions("bench startup", args, {});
  if (!existsSync(new URL("../dist/index.js", import.meta.url))) {
    throw new NeuriteError({
      operation: "bench startup",
      got: "no dist/",
      expected: "the built package",
      hint: "npm run build",
    });
  }
  const imports = Array.from({ length: processes }, importTime);
  const firstSteps: number[] = [];
  for (let i = 0; i < processes; i++) firstSteps.push(await firstStepTime("cnn", "wasm"));
  const reports = [report('import "neurite"', imports, 50), report("first step of cnn", firstSteps, 400)];
  return reports.every((held) => held);
}

function importTime(): number {
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", timedImport], {
    cwd: root,
    encoding: "utf8",
  });
  return Number(stdout);
}

async function firstStepTime(step: string, device: string): Promise<number> {
  const child = new PacedChild(typeScript("steps/worker.ts", step, device));
  const prepared = await child.next();
  await child.end();
  return isPrepared(prepared) ? prepared.compileMs : Number.POSITIVE_INFINITY;
}

function report(name: string, times: readonly number[], limit: number): boolean {
  const best = Math.min(...times);
  console.log(`${name.padEnd(20)} ${best.toFixed(1).padStart(7)} ms  limit ${limit} ms`);
  return best < limit;
}
