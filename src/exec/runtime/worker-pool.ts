import { poolAddresses } from "../../lang/kernel/machine.ts";
import { errorWordAddress } from "../../lang/kernel/rendered.ts";

/** The error word where a kernel was stopped by the engine on another thread. */
export const stoppedElsewhere = 0xffff_ffff;

/** Modules that a worker instantiates, in this order, as the runtime did. */
export type PoolMessage =
  | { readonly kind: "driver"; readonly module: WebAssembly.Module; readonly memory: WebAssembly.Memory }
  | { readonly kind: "shared"; readonly module: WebAssembly.Module }
  | {
      readonly kind: "kernels";
      readonly module: WebAssembly.Module;
      readonly first: number;
      readonly count: number;
    };

interface PoolWorker {
  postMessage(message: PoolMessage): void;
}

/**
 * Workers that take parts of kernels (render/wasm/pool.ts) on a memory that they share with the caller. They start when the
 * first kernel worth dividing is compiled. Nothing ever waits for them to start: until they have, the caller does all parts.
 */
export class WorkerPool {
  readonly #words: Int32Array;
  readonly #messages: PoolMessage[] = [];
  readonly #workers: PoolWorker[] = [];
  #threads = 1;
  #isNeeded = false;

  constructor(memory: WebAssembly.Memory, driver: WebAssembly.Module) {
    this.#words = new Int32Array(memory.buffer, 0, 64);
    // A page's main thread must not.
    this.#words[poolAddresses.maySleep / 4] = typeof document === "undefined" ? 1 : 0;
    this.send({ kind: "driver", module: driver, memory });
  }

  /** Sets how many threads take part, the caller's included. */
  useThreads(count: number): void {
    this.#threads = count;
    this.#words[poolAddresses.threads / 4] = count;
    this.#startWorkers();
  }

  /** There is work for several threads. */
  need(): void {
    this.#isNeeded = true;
    this.#startWorkers();
  }

  /** Gives all workers a module; those who have not read it take no part. */
  send(message: PoolMessage): void {
    this.#messages.push(message);
    Atomics.add(this.#words, poolAddresses.messages / 4, 1);
    Atomics.add(this.#words, poolAddresses.alarm / 4, 1);
    Atomics.notify(this.#words, poolAddresses.alarm / 4);
    for (const worker of this.#workers) worker.postMessage(message);
  }

  #startWorkers(): void {
    while (this.#isNeeded && this.#workers.length < this.#threads - 1) {
      const worker = startWorker();
      if (worker === undefined) return;
      this.#workers.push(worker);
      for (const message of this.#messages) worker.postMessage(message);
    }
  }
}

// A worker, which does not keep the process alive; undefined where there can be none.
function startWorker(): PoolWorker | undefined {
  try {
    if (typeof process !== "undefined" && typeof process.getBuiltinModule === "function") {
      const { Worker } = process.getBuiltinModule("node:worker_threads");
      const worker = new Worker(
        `const port = require("node:worker_threads").parentPort;\n${source}port.on("message", receive);`,
        { eval: true, execArgv: [] },
      );
      // One worker less: the others do its parts.
      worker.on("error", () => {});
      worker.unref();
      return worker;
    }
    const text = `${source}onmessage = ({ data }) => receive(data);`;
    const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    return new Worker(address, { type: "module" });
  } catch {
    return undefined;
  }
}

// Runs in the worker. A kernel that the engine stops counts as done, and as an error.
const source = `
let memory, table, serve, read = 0;
const shared = {};
function receive(message) {
  read++;
  if (message.kind === "driver") {
    memory = message.memory;
    table = new WebAssembly.Table({ element: "anyfunc", initial: 64 });
  }
  const imports = { env: { memory, table }, shared, host: { routine() {} } };
  const { exports } = new WebAssembly.Instance(message.module, imports);
  if (message.kind === "driver") serve = exports.serve;
  else if (message.kind === "shared") Object.assign(shared, exports);
  else {
    const end = message.first + message.count;
    if (end > table.length) table.grow(2 * end - table.length);
    for (let k = 0; k < message.count; k++) table.set(message.first + k, exports[k]);
  }
  for (;;) {
    try {
      serve(read);
      return;
    } catch (error) {
      const words = new Int32Array(memory.buffer, 0, 64);
      words[${errorWordAddress / 4}] = ${stoppedElsewhere | 0};
      Atomics.add(words, ${poolAddresses.done / 4}, 1);
      Atomics.notify(words, ${poolAddresses.done / 4});
    }
  }
}
`;
