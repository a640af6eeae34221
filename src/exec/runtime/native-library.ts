import { type Host, messageOf, NativeFailure } from "./native-host.ts";

/** What is used of koffi. */
interface Koffi {
  load(path: string): { func(definition: string): (...args: unknown[]) => unknown };
  proto(definition: string): object;
  pointer(type: object): object;
  register(callback: (number: number) => void, type: object): bigint;
}

/** The functions of the driver (render/c/driver.ts). */
export interface Driver {
  attach(memory: ArrayBufferLike): void;
  /** Puts the functions of a library into the table; the result is what went wrong. */
  load(path: string, symbols: readonly string[], indices: readonly number[]): string | undefined;
  /** Makes a variable of one library point at a function of another; the result is what went wrong. */
  link(path: string, variable: string, library: string, name: string): string | undefined;
  /** Sets how many threads the process uses at most, the caller's included. */
  useThreads(count: number): void;
  /** Runs the commands at an address; the result is the error word. */
  run(commands: number): number;
}

type DriverFunction = "open" | "attach" | "load" | "link" | "threads" | "run";

/** Loads the package that calls native functions; throws where it is not installed. */
export function loadKoffi({ module }: Host): Koffi {
  try {
    const koffi: Koffi = module.createRequire(import.meta.url)("koffi");
    return koffi;
  } catch (error) {
    const [reason] = messageOf(error).split("\n");
    throw new NativeFailure(`no package koffi (${reason})`, "npm install koffi@3.3.4");
  }
}

/** Opens the library of the driver; `routine` runs the host function of a number. */
export function openDriver(koffi: Koffi, path: string, routine: (number: number) => void): Driver {
  const { open, attach, load, link, threads, run } = functionsOf(koffi, path);
  const runtime = open(koffi.register(routine, koffi.pointer(koffi.proto("void (int32_t)"))));
  if (runtime === 0) throw new NativeFailure("no memory");
  return {
    attach: (memory) => void attach(runtime, memory, memory.byteLength),
    load: (library, symbols, indices) => {
      const message = load(runtime, library, symbols.join("\n"), Int32Array.from(indices));
      return typeof message === "string" ? message : undefined;
    },
    link: (path, variable, library, name) => {
      const message = link(path, variable, library, name);
      return typeof message === "string" ? message : undefined;
    },
    useThreads: (count) => void threads(count),
    run: (commands) => Number(run(runtime, commands)),
  };
}

function functionsOf(koffi: Koffi, path: string): Record<DriverFunction, (...args: unknown[]) => unknown> {
  try {
    const library = koffi.load(path);
    return {
      open: library.func("uint64_t neurite_open(void *routine)"),
      attach: library.func("void neurite_attach(uint64_t runtime, void *memory, double bytes)"),
      load: library.func(
        "const char *neurite_load(uint64_t runtime, const char *path, const char *symbols, const int32_t *indices)",
      ),
      link: library.func(
        "const char *neurite_link(const char *path, const char *variable, const char *library, const char *function)",
      ),
      threads: library.func("void neurite_threads(int32_t count)"),
      run: library.func("uint32_t neurite_run(uint64_t runtime, uint32_t commands)"),
    };
  } catch (error) {
    // On a file system that forbids it, for instance, code cannot be loaded.
    throw new NativeFailure(
      `a library that cannot be loaded: ${messageOf(error)}`,
      "set XDG_CACHE_HOME to a directory from which programs may run",
    );
  }
}
