import { spawn } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { testedRuntimes } from "../../../test/compiled-runtimes.ts";
import { textRenderer } from "../render/c/kernels.ts";
import { NativeRuntime } from "./native.ts";
import { NativeCache } from "./native-cache.ts";
import { NativeCompiler } from "./native-compiler.ts";
import { type Host, NativeFailure, nodeHost } from "./native-host.ts";
import { loadKoffi } from "./native-library.ts";

const hasNative = testedRuntimes().some(({ name }) => name === "native");
const root = mkdtempSync(join(tmpdir(), "neurite-test-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let made = 0;

/** A home for a cache of its own. */
function freshHome(): string {
  return join(root, String(made++));
}

/** This system with other facts. */
function hostWith(
  facts: {
    env?: Record<string, string>;
    uid?: number;
    fs?: Partial<Host["fs"]>;
    module?: Host["module"];
  } = {},
): Host {
  const host = nodeHost();
  const process: NodeJS.Process = Object.create(host.process, {
    env: { value: { ...host.process.env, XDG_CACHE_HOME: freshHome(), ...facts.env } },
    ...(facts.uid === undefined ? {} : { getuid: { value: () => facts.uid } }),
  });
  return { ...host, process, fs: { ...host.fs, ...facts.fs }, module: facts.module ?? host.module };
}

/** Starts a process that computes on the native device; gives what it printed. */
function compute(home: string): Promise<string> {
  const script = fileURLToPath(new URL("../../../test/native-child.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", script], {
    env: { ...process.env, XDG_CACHE_HOME: home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (text) => {
    output += String(text);
  });
  child.stderr.on("data", (text) => {
    output += String(text);
  });
  return new Promise((resolve) =>
    child.on("close", (status) => resolve(status === 0 ? output : `${status}: ${output}`)),
  );
}

const rows = [[0.5, -1, 0.25, 2]].map(([a, b, c, d]) => [
  [a * a + b * c, a * b + b * d],
  [c * a + d * c, c * b + d * d],
])[0];
const expected = rows.map((row) => row.reduce((sum, x) => sum + Math.exp(x + 0.5), 0));

function expectComputed(output: string): void {
  const got: unknown = JSON.parse(output);
  expect(got).toEqual(expected.map((x) => expect.closeTo(x, 4)));
}

function objectsOf(home: string): string[] {
  const directory = join(home, "neurite");
  return readdirSync(directory)
    .filter((name) => name.endsWith(".so"))
    .map((name) => join(directory, name));
}

describe.runIf(hasNative)("the cache of compiled kernels", () => {
  test("two processes that compile the same program at once both get it", async () => {
    const home = freshHome();
    const outputs = await Promise.all([compute(home), compute(home)]);
    for (const output of outputs) expectComputed(output);
    expect(outputs[0]).toBe(outputs[1]);
    const names = readdirSync(join(home, "neurite"));
    expect(names.filter((name) => name.startsWith("tmp-"))).toEqual([]);
    expect(statSync(join(home, "neurite")).mode & 0o777).toBe(0o700);
    const before = objectsOf(home).sort();
    expectComputed(await compute(home));
    expect(objectsOf(home).sort()).toEqual(before);
  }, 60_000);

  test("truncated objects, flipped bytes and damaged notes are compiled again", async () => {
    const home = freshHome();
    expectComputed(await compute(home));
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
      expectComputed(await compute(home));
    }
    const directory = join(home, "neurite");
    for (const name of readdirSync(directory)) appendFileSync(join(directory, name), "x");
    expectComputed(await compute(home));
  }, 60_000);

  test("a note that names an object without its kernel is not believed", async () => {
    const home = freshHome();
    expectComputed(await compute(home));
    const cache = new NativeCache(hostWith({ env: { XDG_CACHE_HOME: home } }));
    const notes = readdirSync(cache.directory).filter((name) => /^k[0-9a-f]+$/.test(name));
    const driver = readdirSync(cache.directory).find((name) => name.startsWith("u"));
    const other = driver === undefined ? undefined : cache.note(driver);
    expect(notes.length).toBeGreaterThan(0);
    if (other === undefined) throw new Error("the driver has no note");
    for (const name of notes) cache.setNote(name, other);
    expectComputed(await compute(home));
  }, 60_000);

  test("another compiler, other flags or another processor share nothing", () => {
    const identity = (host: Host): string => new NativeCompiler(host, new NativeCache(host)).identity;
    const host = hostWith();
    const other = hostWith({
      fs: {
        readFileSync: new Proxy(host.fs.readFileSync, {
          apply: (target, self, [path, ...rest]) =>
            path === "/proc/cpuinfo" ? "flags\t\t: fpu\n" : Reflect.apply(target, self, [path, ...rest]),
        }),
      },
    });
    expect(identity(host)).toBe(identity(hostWith()));
    if (process.platform === "linux") expect(identity(other)).not.toBe(identity(host));
  });
});

describe("the directory of the cache", () => {
  test("belongs to this user, is no link, and is closed to others", () => {
    const host = hostWith();
    const { directory } = new NativeCache(host);
    chmodSync(directory, 0o755);
    new NativeCache(host);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    const uid = (process.getuid?.() ?? 0) + 1;
    const foreign = hostWith({ env: { XDG_CACHE_HOME: host.process.env.XDG_CACHE_HOME ?? "" }, uid });
    expect(() => new NativeCache(foreign)).toThrow(
      /native device: .*belongs to another user.*XDG_CACHE_HOME/,
    );
    const link = join(root, "link");
    symlinkSync(directory, link);
    expect(() => new NativeCache(host, link)).toThrow(/is no directory/);
    expect(() => new NativeCache(host, "/dev/null/neurite")).toThrow(NativeFailure);
  });

  test("is seen, cleared and kept small", () => {
    const cache = new NativeCache(hostWith());
    expect(cache.status()).toEqual({ directory: cache.directory, files: 0, bytes: 0 });
    cache.setNote("one", "text");
    expect(cache.note("one")).toBe("text");
    expect(cache.status()).toMatchObject({ files: 1, bytes: 69 });
    const old = new Date(Date.now() - 2 * 86_400_000);
    const leftOver = join(cache.directory, "tmp-1-abc");
    writeFileSync(leftOver, "x");
    utimesSync(leftOver, old, old);
    const large = [1, 2, 3].map((k) => {
      const path = join(cache.directory, `${k}`);
      writeFileSync(path, "");
      truncateSync(path, 100 * 2 ** 20);
      utimesSync(path, old, new Date(old.getTime() + 1000 * k));
      return path;
    });
    cache.tidy();
    const kept = readdirSync(cache.directory);
    expect(kept).not.toContain("tmp-1-abc");
    expect(large.map((path) => kept.includes(path.slice(-1)))).toEqual([false, false, true]);
    expect(cache.note("one")).toBe("text");
    cache.clear();
    expect(cache.status().files).toBe(0);
  });
});

describe("native code that cannot be had", () => {
  const open = (host: Host): NativeRuntime => new NativeRuntime(textRenderer, host);
  const failing = (script: string): Host => {
    const directory = mkdtempSync(join(root, "bin-"));
    writeFileSync(join(directory, "cc"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return hostWith({ env: { PATH: directory } });
  };

  test("no koffi", () => {
    const { module } = nodeHost();
    const createRequire: typeof module.createRequire = () => {
      const require = module.createRequire(import.meta.url);
      return Object.assign(() => {
        throw new Error("Cannot find package 'koffi'\nRequire stack");
      }, require);
    };
    const host = hostWith({ module: { createRequire } });
    expect(() => loadKoffi(host)).toThrow(
      /got no package koffi \(Cannot find package 'koffi'\); npm install/,
    );
  });

  test.runIf(hasNative)("no compiler, one that fails, one that hangs", () => {
    expect(() => open(hostWith({ env: { PATH: "" } }))).toThrow(/got no C compiler; install gcc or clang/);
    expect(() => open(failing("echo 'cc: fatal error: no cc1' >&2\nexit 1"))).toThrow(
      /C compiler 'cc', which failed: cc: fatal error: no cc1/,
    );
    const hanging = failing("exec /bin/sleep 100");
    expect(() => new NativeCompiler(hanging, new NativeCache(hanging), 200)).toThrow(
      /did not end within 0.2 s/,
    );
    expect(() => open(failing("exit 0"))).toThrow(NativeFailure);
  });

  test.runIf(hasNative)("a full disk", () => {
    const writeFileSync = (): void => {
      throw new Error("ENOSPC: no space left on device, write");
    };
    expect(() => open(hostWith({ fs: { writeFileSync } }))).toThrow(
      /native device: .*no space left on device/,
    );
  });

  test.runIf(hasNative)("arrays of 2 GiB are refused before anything runs", () => {
    const plan = {
      buffers: [{ dtype: "f32", length: 2 ** 29, place: { kind: "arena", byteOffset: 0 } } as const],
      arenaBytes: 2 ** 31,
      commands: [],
      outputs: [],
      checks: [],
    };
    expect(() => open(hostWith()).load(plan)).toThrow(/f32\[536870912\] in one array.*less than 2 GiB/);
  });
});
