import type { SpawnSyncOptionsWithStringEncoding } from "node:child_process";
import type { Target } from "../../lang/kernel/rendered.ts";
import type { NativeCache } from "./native-cache.ts";
import { type Host, hashOf, messageOf, NativeFailure } from "./native-host.ts";

const commonFlags = [
  ...["-std=gnu11", "-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off"],
  ...["-fno-strict-aliasing", "-fPIC", "-w", "-pipe"],
  // In a loop over so many arrays gcc spends more time on the choice of addresses than on all the rest.
  "--param=iv-max-considered-uses=96",
];

const compilerHint = "install gcc or clang, so that PATH has a cc";
const workingHint = "put a gcc or clang that works first in PATH as cc, or choose the device 'wasm'";

/** The system's C compiler: what it compiles for, and translation units as shared libraries. */
export class NativeCompiler {
  readonly target: Target;
  /** Everything that code depends on besides its source: compiler, flags and the processor's features. */
  readonly identity: string;
  private readonly host: Host;
  private readonly command: string;
  private readonly flags: readonly string[];
  private readonly timeLimit: number;
  private areToolsThere = false;

  /** A compiler that works for more than `timeLimit` milliseconds, and one more a character, counts as hanging. */
  constructor(host: Host, cache: NativeCache, timeLimit = 20_000) {
    this.host = host;
    this.timeLimit = timeLimit;
    const { arch } = host.process;
    // Left alone, gcc uses half of what AVX-512 offers.
    const machine = arch === "x64" ? ["-march=native", "-mprefer-vector-width=512"] : ["-mcpu=native"];
    this.flags = [...commonFlags, ...machine];
    this.command = findCompiler(host);
    const facts = [this.commandFacts(), ...this.flags, processorFeatures(host)].join(" ");
    const macros = this.macros(cache, facts);
    this.identity = hashOf(host, facts, macros);
    this.target = targetOf(macros);
  }

  /** Compiles translation units, several at a time; `use` gets the path of each library before they are removed. */
  compile<T>(cache: NativeCache, units: readonly string[], use: (libraries: readonly string[]) => T): T {
    const { fs, path } = this.host;
    return cache.withWorkplace((directory) => {
      const sources = units.map((unit, k) => {
        const source = path.join(directory, `${k}.c`);
        fs.writeFileSync(source, unit, { mode: 0o600 });
        return source;
      });
      const libraries = sources.map((_, k) => path.join(directory, `${k}.so`));
      this.requireTools(directory);
      // One shell for all: Node waits for one process only.
      const command = [this.command, ...this.flags, "-shared"].map(quoted).join(" ");
      const starts = sources.map(
        (source, k) => `${command} ${quoted(source)} -o ${quoted(libraries[k])} -lm & p${k}=$!`,
      );
      const waits = sources.map((_, k) => `wait $p${k} || status=1`);
      const script = `${starts.join("\n")}\nstatus=0\n${waits.join("\n")}\nexit $status`;
      const characters = units.reduce((sum, unit) => sum + unit.length, 0);
      this.run("/bin/sh", ["-c", script], directory, { characters });
      if (!libraries.every((library) => fs.existsSync(library))) throw this.failure("which wrote no library");
      return use(libraries);
    });
  }

  // The macros that the compiler defines for this machine: asked for once, then noted.
  private macros(cache: NativeCache, facts: string): string {
    const name = `${hashOf(this.host, facts)}.compiler`;
    const noted = cache.note(name);
    if (noted !== undefined) return noted;
    this.requireTools(cache.directory);
    const flags = [...this.flags, "-dM", "-E", "-x", "c", "/dev/null"];
    const macros = this.run(this.command, flags, cache.directory);
    if (!macros.includes("#define __GNUC__ ")) throw this.failure("which is neither gcc nor clang");
    cache.setNote(name, macros);
    return macros;
  }

  // Another compiler under the same name has other facts.
  private commandFacts(): string {
    const { fs } = this.host;
    try {
      const { mtimeMs, size } = fs.statSync(this.command);
      return [fs.realpathSync(this.command), mtimeMs, size].join(" ");
    } catch (error) {
      throw this.failure(`which cannot be read: ${messageOf(error)}`);
    }
  }

  // Without the command line tools /usr/bin/cc of macOS is a program that opens a dialog.
  private requireTools(directory: string): void {
    const { path, process } = this.host;
    const mayOpenDialog = process.platform === "darwin" && path.dirname(this.command) === "/usr/bin";
    if (this.areToolsThere || !mayOpenDialog) return;
    this.run("/usr/bin/xcode-select", ["-p"], directory, { hint: "xcode-select --install" });
    this.areToolsThere = true;
  }

  private run(
    command: string,
    flags: readonly string[],
    directory: string,
    { characters = 0, hint = workingHint }: { readonly characters?: number; readonly hint?: string } = {},
  ): string {
    const { childProcess, process } = this.host;
    const timeout = this.timeLimit + characters;
    const options: SpawnSyncOptionsWithStringEncoding & { detached: boolean } = {
      timeout,
      killSignal: "SIGKILL",
      encoding: "utf8",
      maxBuffer: 2 ** 24,
      stdio: ["ignore", "pipe", "pipe"],
      // Messages in English, and temporary files where only this user can write.
      env: { ...process.env, LC_ALL: "C", TMPDIR: directory },
      // A process group of its own, so that all of it can be stopped.
      detached: true,
    };
    const { error, pid, status, stdout, stderr } = childProcess.spawnSync(command, flags, options);
    if (error !== undefined) {
      this.stop(pid);
      const isLate = error.message.includes("ETIMEDOUT");
      const reason = isLate ? `did not end within ${timeout / 1000} s` : `cannot be run: ${messageOf(error)}`;
      throw this.failure(`which ${reason}`, hint);
    }
    if (status === 0) return stdout;
    const lines = stderr.split("\n").filter((line) => line.trim() !== "");
    const line = lines.find((text) => /error|failed/.test(text)) ?? lines.at(-1) ?? `status ${status}`;
    throw this.failure(`which failed: ${line.slice(0, 300)}`, hint);
  }

  // Whatever the shell or the compiler started: it would go on.
  private stop(group: number): void {
    try {
      if (group > 0) this.host.process.kill(-group, "SIGKILL");
    } catch {
      // Nothing of it is left.
    }
  }

  private failure(problem: string, hint: string = workingHint): NativeFailure {
    return new NativeFailure(`the C compiler '${this.host.path.basename(this.command)}', ${problem}`, hint);
  }
}

function findCompiler({ fs, path, process }: Host): string {
  for (const name of ["cc", "gcc", "clang"]) {
    for (const directory of (process.env.PATH ?? "").split(path.delimiter)) {
      if (!path.isAbsolute(directory)) continue;
      const file = path.join(directory, name);
      try {
        fs.accessSync(file, fs.constants.X_OK);
        if (fs.statSync(file).isFile()) return file;
      } catch {
        // Not here.
      }
    }
  }
  throw new NativeFailure("no C compiler", compilerHint);
}

// Two machines with one home directory differ in these, whatever they are called.
function processorFeatures({ fs, os }: Host): string {
  try {
    const lines = fs.readFileSync("/proc/cpuinfo", "latin1").split("\n");
    const first = ["model name", "flags", "Features", "CPU part"].map((key) =>
      lines.find((line) => line.startsWith(key)),
    );
    return first.join("\n");
  } catch {
    return os.cpus()[0]?.model ?? os.arch();
  }
}

function targetOf(macros: string): Target {
  const has = (name: string): boolean => macros.includes(`#define ${name} `);
  return {
    architecture: has("__x86_64__") ? "x86_64" : has("__aarch64__") ? "aarch64" : "other",
    vectorBytes: has("__AVX512F__") ? 64 : has("__AVX2__") ? 32 : 16,
    fma: has("__FMA__") || has("__aarch64__"),
  };
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
