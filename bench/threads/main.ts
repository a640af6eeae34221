import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "tsdown";
import { setDevice } from "../../src/index.ts";
import { readNames, readOptions } from "../options.ts";
import { type StepName, stepNames } from "../steps/standard.ts";
import { measureThreads, type ThreadTimes } from "./turns.ts";

const runtimes = fileURLToPath(new URL("../../test/runtimes/", import.meta.url));

/** Measures the standard steps on one and on several threads, in this Node or in a browser. */
export async function threads(args: readonly string[]): Promise<boolean> {
  const options = readOptions("bench threads", args, {
    device: "string",
    threads: "string",
    only: "string",
    browser: "string",
    json: "boolean",
  });
  const { device = "wasm", browser } = options;
  const count = Number(options.threads ?? 2);
  const steps = readNames("bench threads", options.only, stepNames);
  const results = browser === undefined ? here(device, steps, count) : inBrowser(browser, steps, count);
  const place = browser === undefined ? `${device} in Node ${process.versions.node}` : "wasm in a browser";
  if (options.json !== true) console.log(`${place}, 1 and ${count} threads in turn\n${row(headings)}`);
  let agree = true;
  for await (const result of results) {
    agree &&= result.sameLosses;
    console.log(options.json === true ? JSON.stringify(result) : row(cells(result)));
  }
  return agree;
}

async function* here(device: string, steps: readonly StepName[], count: number): AsyncGenerator<ThreadTimes> {
  setDevice(device);
  for (const step of steps) yield await measureThreads(step, count);
}

async function* inBrowser(
  program: string,
  steps: readonly StepName[],
  count: number,
): AsyncGenerator<ThreadTimes> {
  const folder = await mkdtemp(join(tmpdir(), "neurite-threads-"));
  try {
    await build({
      config: false,
      entry: { page: fileURLToPath(new URL("page.ts", import.meta.url)) },
      outDir: folder,
      format: "esm",
      platform: "browser",
      target: "es2022",
      define: { process: "undefined" },
      deps: { neverBundle: [/^node:/] },
      dts: false,
      logLevel: "error",
      fixedExtension: false,
    });
    const script = `location.hash = "steps=${steps.join()}&threads=${count}"; import("./page.js");`;
    await writeFile(
      join(folder, "index.html"),
      `<!doctype html><meta charset="utf-8" /><link rel="icon" href="data:," /><script type="module">${script}</script>`,
    );
    const command = [join(runtimes, "browser.mjs"), program, folder];
    const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: runtimes });
    const results: ThreadTimes[] = JSON.parse(stdout);
    yield* results;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const headings = ["step", "1 thread ms", "several ms", "ratio", "same losses"];

function cells({ step, oneMs, severalMs, sameLosses }: ThreadTimes): string[] {
  const ratio = `${(oneMs / severalMs).toFixed(2)}×`;
  return [step, oneMs.toPrecision(4), severalMs.toPrecision(4), ratio, sameLosses ? "yes" : "NO"];
}

function row(texts: readonly string[]): string {
  return texts.map((text, k) => (k === 0 ? text.padEnd(10) : text.padStart(13))).join("");
}
