import { NeuriteError } from "../../src/base/error.ts";
import { getDevice, setDevice } from "../../src/index.ts";
import { typeScript } from "../child.ts";
import { readNames, readOptions } from "../options.ts";
import { contest, isFailure } from "./contest.ts";
import { findPeers } from "./peers.ts";
import type { StepFailure, StepResult } from "./result.ts";
import { stepNames } from "./standard.ts";

const titles: Readonly<Record<string, string>> = { pytorch: "PyTorch", "tfjs-wasm": "TensorFlow.js" };

/** Measures the standard training steps; false if one of them could not be measured on Neurite's device. */
export async function steps(args: readonly string[]): Promise<boolean> {
  const options = readOptions("bench steps", args, {
    device: "string",
    threads: "string",
    only: "string",
    peers: "boolean",
    json: "boolean",
  });
  const names = readNames("bench steps --only", options.only, stepNames);
  if (options.device !== undefined) setDevice(options.device);
  const device = getDevice();
  const threads = readThreads(options.threads ?? "1", device);
  const { found, missing } = options.peers === true ? findPeers() : { found: [], missing: [] };
  for (const line of missing) console.error(line);
  if (options.json !== true) console.log(header([device, ...found.map((peer) => peer.device)]));
  let succeeded = true;
  for (const step of names) {
    const results = await contest(step, threads, [
      { device, command: typeScript("steps/worker.ts", step, device, String(threads)) },
      ...found.map((peer) => ({ device: peer.device, command: peer.command(step, threads) })),
    ]);
    if (isFailure(results[0])) succeeded = false;
    if (options.json === true) for (const result of results) console.log(JSON.stringify(result));
    else console.log(row(results));
  }
  return succeeded;
}

function readThreads(text: string, device: string): number {
  const threads = Number(text);
  if (threads === 1 || (device === "native" && Number.isInteger(threads) && threads > 1)) return threads;
  throw new NeuriteError({
    operation: `bench steps --threads on ${device}`,
    got: text,
    expected: device === "native" ? "a whole number from 1" : "1",
    ...(device === "native" ? {} : { hint: "the native device has threads: --device native" }),
  });
}

function header(names: readonly string[]): string {
  const [own, ...peers] = names.map((name) => titles[name] ?? name);
  const columns = ["step".padEnd(12), `${own} ms`.padStart(12), "first ms".padStart(10), "loss".padStart(19)];
  return [...columns, ...peers.map((peer) => `${peer} ms (ratio)`.padStart(28))].join("");
}

function row([own, ...peers]: readonly (StepResult | StepFailure)[]): string {
  if (isFailure(own)) return `${own.step.padEnd(12)}${own.error}`;
  const losses = `${own.loss0.toFixed(4)} → ${own.loss50.toFixed(4)}`;
  const columns = [
    own.step.padEnd(12),
    String(own.ms).padStart(12),
    own.compileMs.toFixed(0).padStart(10),
    losses.padStart(20),
  ];
  const others = peers.map((peer) =>
    isFailure(peer) ? "cannot" : `${peer.ms} (${(peer.ms / own.ms).toPrecision(3)}×)`,
  );
  return [...columns, ...others.map((text) => text.padStart(28))].join("");
}
