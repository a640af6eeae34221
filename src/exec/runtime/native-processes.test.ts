import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testedRuntimes } from "../../../test/compiled-runtimes.ts";
import { NativeCache } from "./native-cache.ts";
import { nodeHost } from "./native-host.ts";

const hasNative = testedRuntimes().some(({ name }) => name === "native");
const root = mkdtempSync(join(tmpdir(), "neurite-processes-"));
const script = join(root, "child.mjs");
beforeAll(() =>
  build({
    entryPoints: [fileURLToPath(new URL("../../../test/native-child.ts", import.meta.url))],
    outfile: script,
    bundle: true,
    platform: "node",
    format: "esm",
    // Found from the folder of this package.
    banner: { js: `import.meta.url = ${JSON.stringify(import.meta.url)};` },
    logLevel: "error",
  }),
);
afterAll(() => rmSync(root, { recursive: true, force: true }));

type Environment = Readonly<Record<string, string>>;
type Line = { device: string; values: number[] } | { error: string };

interface End {
  readonly lines: readonly Line[];
  readonly warnings: string;
}

/** A home for a cache of its own. */
function freshHome(): string {
  return mkdtempSync(join(root, "home-"));
}

/** A directory with a C compiler of this script. */
function compilerOf(text: string): string {
  const directory = mkdtempSync(join(root, "bin-"));
  writeFileSync(join(directory, "cc"), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return directory;
}

/** A directory with the C compiler as it is here, behind a line of shell. */
function compilerBehind(line: string): string {
  const { error, stdout } = spawnSync("/bin/sh", [
    "-c",
    "command -v cc || command -v gcc || command -v clang",
  ]);
  if (error !== undefined) throw error;
  return compilerOf(`${line}\nexec ${String(stdout).trim()} "$@"`);
}

/** A process that computes; by default natively. */
function start(home: string, args: readonly string[], environment: Environment = {}): ChildProcess {
  return spawn(process.execPath, [script, ...args], {
    env: { ...process.env, NEURITE_DEVICE: "native", XDG_CACHE_HOME: home, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** What a process printed. */
function compute(home: string, args: readonly string[], environment?: Environment): Promise<End> {
  const child = start(home, args, environment);
  const text = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.on("data", (data) => {
      text[name] += String(data);
    });
  }
  return new Promise((resolve, reject) =>
    child.on("close", (status) => {
      if (status !== 0) return reject(new Error(`status ${status}: ${text.stderr}`));
      const lines = text.stdout
        .trim()
        .split("\n")
        .map((line): Line => JSON.parse(line));
      resolve({ lines, warnings: text.stderr });
    }),
  );
}

// x x + ½ for x = [0.5, −1; 0.25, 2].
const rows = [
  [0.5, -2],
  [1.125, 4.25],
];

/** What a process prints that computed on a device. */
function result(operation: "exp" | "sin" | "cos" | "tanh", device: string): object {
  const values = rows.map((row) => row.reduce((sum, x) => sum + Math[operation](x), 0));
  return { device, values: values.map((x) => expect.closeTo(x, 4)) };
}

function namesOf(home: string): string[] {
  return readdirSync(join(home, "neurite")).sort();
}

function objectsOf(home: string): string[] {
  return namesOf(home)
    .filter((name) => name.endsWith(".so"))
    .map((name) => join(home, "neurite", name));
}

describe.runIf(hasNative)("the cache of compiled kernels", () => {
  test("processes that compile the same and different programs at once all get theirs", async () => {
    const home = freshHome();
    const operations = ["exp", "exp", "tanh", "sin", "cos"] as const;
    const ends = await Promise.all(operations.map((operation) => compute(home, [operation])));
    operations.forEach((operation, k) => {
      expect(ends[k]).toEqual({ lines: [result(operation, "native")], warnings: "" });
    });
    expect(ends[0]).toEqual(ends[1]);
    expect(statSync(join(home, "neurite")).mode & 0o777).toBe(0o700);
    const before = namesOf(home);
    expect(before.filter((name) => name.startsWith("tmp-"))).toEqual([]);
    for (const operation of operations) await compute(home, [operation]);
    expect(namesOf(home)).toEqual(before);
  }, 60_000);

  test("truncated objects, flipped bytes and damaged notes are compiled again", async () => {
    const home = freshHome();
    const first = await compute(home, ["exp"]);
    expect(first.lines).toEqual([result("exp", "native")]);
    const damages: ((path: string) => void)[] = [
      (path) => truncateSync(path, 1000),
      (path) => truncateSync(path, 0),
      (path) => {
        const bytes = readFileSync(path);
        bytes[bytes.length >> 1] ^= 1;
        writeFileSync(path, bytes);
      },
    ];
    for (const damage of damages) {
      const objects = objectsOf(home);
      expect(objects.length).toBeGreaterThan(0);
      for (const path of objects) damage(path);
      expect(await compute(home, ["exp"])).toEqual(first);
    }
    for (const name of namesOf(home)) appendFileSync(join(home, "neurite", name), "x");
    expect(await compute(home, ["exp"])).toEqual(first);
  }, 60_000);

  test("what kernels link to is compiled again when it is gone", async () => {
    const home = freshHome();
    const first = await compute(home, ["exp"]);
    const cache = new NativeCache(nodeHost(), join(home, "neurite"));
    const libraries = namesOf(home).filter((name) => /^l[0-9a-f]+$/.test(name));
    expect(libraries).toHaveLength(1);
    const before = namesOf(home);
    cache.removeObject(String(cache.note(libraries[0])));
    expect(namesOf(home)).not.toEqual(before);
    expect(await compute(home, ["exp"])).toEqual(first);
    expect(namesOf(home)).toEqual(before);
    expect((await compute(home, ["cos"])).lines).toEqual([result("cos", "native")]);
    expect(namesOf(home).filter((name) => /^l[0-9a-f]+$/.test(name))).toEqual(libraries);
  }, 60_000);

  test("a note that names another object is not believed", async () => {
    const home = freshHome();
    const first = await compute(home, ["exp"]);
    const host = nodeHost();
    const cache = new NativeCache(host, join(home, "neurite"));
    const names = namesOf(home);
    const driver = names.filter((name) => /^u[0-9a-f]+$/.test(name));
    const kernels = names.filter((name) => /^k[0-9a-f]+$/.test(name));
    const objects = [driver, kernels].map(([name]) => cache.note(name));
    expect([driver.length, objects.includes(undefined)]).toEqual([1, false]);
    for (const name of kernels) cache.setNote(name, String(objects[0]));
    expect(await compute(home, ["exp"])).toEqual(first);
    for (const name of driver) cache.setNote(name, String(objects[1]));
    expect(await compute(home, ["exp"])).toEqual(first);
  }, 60_000);

  test("a process that is killed while it compiles leaves nothing that hurts, and not for long", async () => {
    const home = freshHome();
    await compute(home, ["exp"]);
    const begun = join(root, "begun");
    const slow = compilerBehind(`case "$*" in *-shared*) echo > '${begun}'; exec sleep 1; esac`);
    const child = start(home, ["cos"], { PATH: `${slow}${delimiter}${process.env.PATH}` });
    const closed = new Promise((resolve) => child.on("exit", resolve));
    await expect.poll(() => existsSync(begun), { timeout: 20_000 }).toBe(true);
    child.kill("SIGKILL");
    await closed;
    const left = namesOf(home).filter((name) => name.startsWith("tmp-"));
    expect(left).toHaveLength(1);
    expect((await compute(home, ["tanh"])).lines).toEqual([result("tanh", "native")]);
    expect(namesOf(home)).toContain(left[0]);
    const old = new Date(Date.now() - 2 * 3_600_000);
    utimesSync(join(home, "neurite", left[0]), old, old);
    expect((await compute(home, ["sin"])).lines).toEqual([result("sin", "native")]);
    expect(namesOf(home)).not.toContain(left[0]);
  }, 60_000);
});

describe("without native code", () => {
  const byDefault: Environment = { NEURITE_DEVICE: "" };
  const troubles: Readonly<Record<string, () => Environment>> = {
    "no compiler": () => ({ PATH: "" }),
    "a compiler that fails": () => ({ PATH: compilerOf("exit 1") }),
    "a disk that fills while it compiles": () => ({ PATH: compilerBehind("ulimit -f 1") }),
    "no place for the cache": () => ({ XDG_CACHE_HOME: "/dev/null" }),
  };

  test.each(Object.keys(troubles))(
    "%s: WebAssembly computes, or an error says what to do if native was asked for",
    async (trouble) => {
      const environment = troubles[trouble]();
      const end = await compute(freshHome(), ["exp"], { ...byDefault, ...environment });
      expect(end).toEqual({ lines: [result("exp", "wasm")], warnings: "" });
      const { lines } = await compute(freshHome(), ["exp"], environment);
      const error = expect.stringMatching(
        /NEURITE_DEVICE: got 'native', which is not available here: .*; \w+/,
      );
      expect(lines).toEqual([{ error }]);
    },
  );

  test.runIf(hasNative)("a compiler that disappears: WebAssembly goes on, and says so", async () => {
    const bin = compilerBehind("");
    const environment = { PATH: `${bin}${delimiter}${process.env.PATH}` };
    const end = await compute(freshHome(), ["exp", join(bin, "cc")], { ...byDefault, ...environment });
    expect(end.lines).toEqual([result("exp", "native"), result("cos", "wasm"), result("exp", "wasm")]);
    expect(end.warnings).toMatch(/^neurite: native device: .*C compiler 'cc'.*'wasm' computes\n$/);
  });

  test.runIf(hasNative)("a compiler that disappears is an error if native was asked for", async () => {
    const bin = compilerBehind("");
    const environment = { PATH: `${bin}${delimiter}${process.env.PATH}` };
    const { lines } = await compute(freshHome(), ["exp", join(bin, "cc")], environment);
    const error = expect.stringMatching(/NeuriteError: native device: got the C compiler 'cc'.*; put a gcc/);
    expect(lines).toEqual([result("exp", "native"), { error }, result("exp", "native")]);
  });

  test.runIf(hasNative)("a cache that is removed is made again", async () => {
    const home = freshHome();
    const end = await compute(home, ["exp", join(home, "neurite")]);
    expect(end.lines).toEqual([result("exp", "native"), result("cos", "native"), result("exp", "native")]);
    expect(objectsOf(home)).toHaveLength(1);
  });
});
