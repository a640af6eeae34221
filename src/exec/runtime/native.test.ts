import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
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
    platform?: string;
    fs?: Partial<Host["fs"]>;
    os?: Partial<Host["os"]>;
    childProcess?: Partial<Host["childProcess"]>;
    module?: Host["module"];
  } = {},
): Host {
  const host = nodeHost();
  const process: NodeJS.Process = Object.create(host.process, {
    env: { value: { ...host.process.env, XDG_CACHE_HOME: freshHome(), ...facts.env } },
    ...(facts.uid === undefined ? {} : { getuid: { value: () => facts.uid } }),
    ...(facts.platform === undefined ? {} : { platform: { value: facts.platform } }),
  });
  return {
    ...host,
    process,
    fs: { ...host.fs, ...facts.fs },
    os: { ...host.os, ...facts.os },
    childProcess: { ...host.childProcess, ...facts.childProcess },
    module: facts.module ?? host.module,
  };
}

describe.runIf(hasNative)("the identity of a compiler", () => {
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

/** A system error. */
function failing(message: string): () => never {
  return () => {
    throw new Error(message);
  };
}

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

  test("that is read only, or of a user without a home, cannot be used", () => {
    const readOnly = hostWith({ fs: { accessSync: failing("EROFS: read-only file system, access") } });
    expect(() => new NativeCache(readOnly)).toThrow(/no usable cache.*read-only file system.*XDG_CACHE_HOME/);
    const homeless = hostWith({
      env: { XDG_CACHE_HOME: "" },
      os: { homedir: failing("ENOENT: no such user") },
    });
    expect(() => new NativeCache(homeless)).toThrow(/got no home directory: .*; set HOME or XDG_CACHE_HOME/);
  });

  test("is not cleared of what another process is compiling", () => {
    const cache = new NativeCache(hostWith());
    cache.setNote("one", "text");
    const kept = cache.withWorkplace((directory) => {
      writeFileSync(join(directory, "0.c"), "x");
      cache.clear();
      cache.tidy();
      return readdirSync(cache.directory).length === 1 && readdirSync(directory).length === 1;
    });
    expect(kept).toBe(true);
    expect(readdirSync(cache.directory)).toEqual([]);
  });

  test("keeps no half of a note, and is made again when somebody removed it", () => {
    const host = hostWith();
    const cache = new NativeCache({
      ...host,
      fs: { ...host.fs, renameSync: failing("ENOSPC: no space left on device, rename") },
    });
    expect(() => cache.setNote("one", "text")).toThrow(/no usable cache .*no space left.*with free space/);
    expect(readdirSync(cache.directory)).toEqual([]);
    rmSync(cache.directory, { recursive: true });
    expect(() => cache.setNote("one", "text")).toThrow(NativeFailure);
    cache.tidy();
    cache.withWorkplace(() => undefined);
    expect(statSync(cache.directory).mode & 0o777).toBe(0o700);
  });
});

describe("native code that cannot be had", () => {
  const open = (host: Host): NativeRuntime => new NativeRuntime(textRenderer, host);
  const compiling = (script: string): Host => {
    const directory = mkdtempSync(join(root, "bin-"));
    writeFileSync(join(directory, "cc"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return hostWith({ env: { PATH: `${directory}${delimiter}${process.env.PATH}` } });
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

  test.runIf(hasNative)("no compiler, one that fails, one of another kind", () => {
    expect(() => open(hostWith({ env: { PATH: "" } }))).toThrow(/got no C compiler; install gcc or clang/);
    expect(() => open(compiling("echo 'cc: fatal error: no cc1' >&2\nexit 1"))).toThrow(
      /C compiler 'cc', which failed: cc: fatal error: no cc1; put a gcc or clang that works first in PATH/,
    );
    expect(() => open(compiling("echo '#define __TINYC__ 928'"))).toThrow(/neither gcc nor clang/);
    expect(() => open(compiling("echo '#define __GNUC__ 12'"))).toThrow(/wrote no library/);
  });

  test.runIf(hasNative)("a compiler that hangs is stopped, with all that it started", async () => {
    const survived = join(root, "survived");
    const asleep = `/bin/sh -c 'sleep 1; echo > "${survived}"'`;
    const questions = compiling(`${asleep}; exit 0`);
    expect(() => new NativeCompiler(questions, new NativeCache(questions), 200)).toThrow(
      /C compiler 'cc', which did not end within 0.2 s/,
    );
    const units = compiling(`case "$*" in *-shared*) ${asleep};; esac\necho '#define __GNUC__ 12'`);
    const cache = new NativeCache(units);
    const compiler = new NativeCompiler(units, cache, 200);
    expect(() => compiler.compile(cache, ["", ""], () => 0)).toThrow(/did not end within 0.2 s/);
    expect(readdirSync(cache.directory).filter((name) => name.startsWith("tmp-"))).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(existsSync(survived)).toBe(false);
  });

  test.runIf(hasNative)("a full disk", () => {
    const host = hostWith({ fs: { writeFileSync: failing("ENOSPC: no space left on device, write") } });
    expect(() => open(host)).toThrow(/native device: .*no space left on device.*with free space/);
  });

  // There /usr/bin/cc opens a dialog where its tools are missing.
  test.runIf(existsSync("/usr/bin/cc"))("on macOS xcode-select is asked before /usr/bin/cc", () => {
    const commands: string[] = [];
    const answering = (status: number): Host =>
      hostWith({
        env: { PATH: "/usr/bin" },
        platform: "darwin",
        childProcess: {
          spawnSync: new Proxy(nodeHost().childProcess.spawnSync, {
            apply: (target, self, args) => {
              commands.push(args[0]);
              if (args[0] !== "/usr/bin/xcode-select") return Reflect.apply(target, self, args);
              return { status, pid: 0, stdout: "", stderr: "xcode-select: error: unable to get it\n" };
            },
          }),
        },
      });
    const without = answering(2);
    expect(() => new NativeCompiler(without, new NativeCache(without))).toThrow(
      /which failed: xcode-select: error: unable to get it; xcode-select --install/,
    );
    expect(commands).toEqual(["/usr/bin/xcode-select"]);
    const host = answering(0);
    const cache = new NativeCache(host);
    new NativeCompiler(host, cache);
    expect(commands.slice(1)).toEqual(["/usr/bin/xcode-select", "/usr/bin/cc"]);
    // The second process knows the compiler, but not whether its tools are still there.
    const compiler = new NativeCompiler(host, cache);
    expect(commands).toHaveLength(3);
    for (let k = 0; k < 2; k++) expect(compiler.compile(cache, ["int x;"], ({ length }) => length)).toBe(1);
    expect(commands.slice(3)).toEqual(["/usr/bin/xcode-select", "/bin/sh", "/bin/sh"]);
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
