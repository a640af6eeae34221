import { typeScript } from "../child.ts";
import { describeMachine } from "../machine.ts";
import { readNames, readOptions } from "../options.ts";
import { describePeer } from "../peers.ts";
import { Probe } from "../probe.ts";
import { duration, ratio, tableRow } from "../table.ts";
import { deviceOptions, useDevice } from "../where.ts";
import { contest, isFailure } from "./contest.ts";
import { findPeers } from "./peers.ts";
import type { StepFailure, StepResult } from "./result.ts";
import { stepNames } from "./standard.ts";

const widths = [12, 12, 10, 18, 20, 20, 20];

/** Measures the standard training steps; false if one of them could not be measured on Neurite's device. */
export async function steps(args: readonly string[]): Promise<boolean> {
  const options = readOptions("bench steps", args, {
    ...deviceOptions,
    only: "string",
    peers: "boolean",
    json: "boolean",
  });
  const names = readNames("bench steps --only", options.only, stepNames);
  const { device, threads } = useDevice(options);
  const { found, missing } = options.peers === true ? findPeers() : { found: [], missing: [] };
  for (const line of missing) console.error(line);
  const described = found.map(({ peer }) => describePeer(peer));
  const header = describeMachine(threads, Probe.open(threads), described);
  if (options.json === true) console.error(header);
  else {
    console.log(header);
    console.log(tableRow(widths, ["step", device, "first", "loss", ...found.map(({ peer }) => peer.name)]));
  }
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

function row([own, ...peers]: readonly (StepResult | StepFailure)[]): string {
  if (isFailure(own)) return `${own.step}: ${own.error}`;
  return tableRow(widths, [
    own.step,
    duration(own.ms),
    `${own.compileMs.toFixed(0)} ms`,
    `${own.loss0.toFixed(4)} → ${own.loss50.toFixed(4)}`,
    ...peers.map((peer) => (isFailure(peer) ? "cannot" : `${duration(peer.ms)} (${ratio(peer.ms, own.ms)})`)),
  ]);
}
