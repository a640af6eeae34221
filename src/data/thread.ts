import type { DType, TypedArray } from "../base/dtype.ts";
import { NeuriteError } from "../base/error.ts";

/** A tensor between threads. */
export interface Parcel {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

/** What a worker answers: a batch for each "next", or that there are no more. */
export type Answer =
  | { readonly kind: "batch"; readonly batch: readonly Parcel[] }
  | { readonly kind: "end" }
  | { readonly kind: "error"; readonly message: string };

/** A worker, in Node and in browsers. */
export interface Thread {
  /** The module that makes batches with its argument, then "next" for each of them. */
  post(message: { readonly module: string; readonly argument: number } | "next"): void;
  stop(): Promise<unknown> | undefined;
}

// A text, so that bundlers need no settings. It packs what has dataSync, or data, with dtype and shape.
const program = `
let batches;
const pack = (tensor) => {
  const data = typeof tensor?.dataSync === "function" ? tensor.dataSync() : tensor?.data;
  if (!ArrayBuffer.isView(data) || !Array.isArray(tensor.shape) || typeof tensor.dtype !== "string") {
    throw new Error("a batch of something else");
  }
  return { dtype: tensor.dtype, shape: [...tensor.shape], data };
};
const answer = async (message) => {
  if (message !== "next") {
    const { default: begin } = await import(message.module);
    if (typeof begin !== "function") throw new Error("a module without a function as its default export");
    const made = begin(message.argument);
    batches = (made[Symbol.asyncIterator] ?? made[Symbol.iterator]).call(made);
    return undefined;
  }
  const { done, value } = await batches.next();
  if (done) return { kind: "end" };
  if (!Array.isArray(value) || (value.length !== 2 && value.length !== 3)) throw new Error("a batch of something else");
  return { kind: "batch", batch: value.map(pack) };
};
let turn = Promise.resolve();
const receive = (message, post) => {
  turn = turn.then(() => answer(message)).then((result) => result && post(result));
  turn.catch((error) => post({ kind: "error", message: String(error?.message ?? error) }));
};
`;

const inNode = `${program}
const { parentPort } = require("node:worker_threads");
parentPort.on("message", (message) => receive(message, (result) => parentPort.postMessage(result)));
`;

const inBrowser = `${program}
onmessage = ({ data }) => receive(data, (result) => postMessage(result));
`;

/** Starts a worker. Throws a NeuriteError where there are none. */
export async function openThread(onAnswer: (answer: Answer) => void): Promise<Thread> {
  const onError = (message: string): void => onAnswer({ kind: "error", message });
  if (typeof process !== "undefined" && typeof process.getBuiltinModule === "function") {
    const { Worker } = process.getBuiltinModule("node:worker_threads");
    const worker = new Worker(inNode, { eval: true });
    worker.on("message", onAnswer);
    worker.on("error", (error: Error) => onError(error.message));
    return { post: (message) => worker.postMessage(message), stop: () => worker.terminate() };
  }
  if (typeof Worker === "undefined") {
    throw new NeuriteError({
      operation: "batchesInWorker",
      got: "a runtime without workers",
      expected: "Node, Bun, Deno or a browser",
    });
  }
  const address = URL.createObjectURL(new Blob([inBrowser], { type: "text/javascript" }));
  const worker = new Worker(address, { type: "module" });
  worker.onmessage = ({ data }) => onAnswer(data);
  worker.onerror = ({ message }) => onError(message);
  return {
    post: (message) => worker.postMessage(message),
    stop: () => {
      worker.terminate();
      URL.revokeObjectURL(address);
      return undefined;
    },
  };
}
