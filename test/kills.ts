import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** What became of a training that was killed again and again. */
export interface Kills {
  /** What a training that nobody killed ended with. */
  readonly expected: string;
  /** What the trainings ended with that were killed on the way. */
  readonly ends: readonly string[];
  /** How often the newest checkpoint could not be used and the one before it was. */
  readonly previousUsed: number;
  /** The most files that were left behind at any moment. */
  readonly mostFiles: number;
}

interface Life {
  /** What was printed at the end; undefined: it was killed. */
  readonly bits: string | undefined;
  readonly learnedFor: number;
  readonly warnings: string;
}

/**
 * Kills a training process so many times, each time at a random moment after it begins to learn, and starts it again; where it
 * ends before, another one begins. Throws where a process fails by itself.
 */
export async function killTraining(kills: number): Promise<Kills> {
  const folder = mkdtempSync(join(tmpdir(), "neurite-kills-"));
  try {
    const script = join(folder, "training.mjs");
    await build({
      entryPoints: [fileURLToPath(new URL("killed-training.ts", import.meta.url))],
      outfile: script,
      bundle: true,
      platform: "node",
      format: "esm",
      external: ["koffi", "cli-progress", "papaparse"],
      logLevel: "error",
    });
    const makeState = (): string => mkdtempSync(join(folder, "state-"));
    const whole = await liveOnce(script, makeState());
    if (whole.bits === undefined) throw new Error("a training that nobody killed did not end");
    const ends: string[] = [];
    let previousUsed = 0;
    let mostFiles = 0;
    let killed = 0;
    let state = makeState();
    while (killed < kills || ends.length === 0) {
      const moment = killed < kills ? Math.random() * whole.learnedFor : undefined;
      const life = await liveOnce(script, state, moment);
      mostFiles = Math.max(mostFiles, readdirSync(state).length);
      if (life.warnings !== "") previousUsed++;
      if (life.bits === undefined) killed++;
      else {
        ends.push(life.bits);
        state = makeState();
      }
    }
    return { expected: whole.bits, ends, previousUsed, mostFiles };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs the training until its end, or until it has learned for so many milliseconds. */
function liveOnce(script: string, folder: string, milliseconds?: number): Promise<Life> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, folder], { stdio: ["ignore", "pipe", "pipe"] });
    let [output, warnings] = ["", ""];
    let begun = 0;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (begun > 0 || !output.includes("begun")) return;
      begun = performance.now();
      if (milliseconds !== undefined) setTimeout(() => child.kill("SIGKILL"), milliseconds);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      warnings += text;
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      const [, bits] = /bits (\w+)/.exec(output) ?? [];
      if (bits === undefined && signal !== "SIGKILL")
        reject(new Error(`training ended with ${code}: ${warnings}`));
      else resolve({ bits, learnedFor: performance.now() - begun, warnings });
    });
  });
}
