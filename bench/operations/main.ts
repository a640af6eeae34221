import { PacedChild } from "../child.ts";
import { clockOf, leastTime } from "../clock.ts";
import { describeMachine } from "../machine.ts";
import { readNames, readOptions } from "../options.ts";
import { describePeer, findPyTorch, installation, peerFile } from "../peers.ts";
import { bytesOf, type Limit, Probe } from "../probe.ts";
import { leastTimes } from "../rounds.ts";
import { digits, duration, ratio, tableRow } from "../table.ts";
import { deviceOptions, useDevice, type Where } from "../where.ts";
import { networkContractions, residualLayers, squareProducts } from "./contractions.ts";
import { elementwise } from "./elementwise.ts";
import type { Operation } from "./operation.ts";

/** The benchmarks of operations. */
export type OperationBench = "matmul" | "conv" | "networks" | "elementwise";

const benches: Readonly<Record<OperationBench, readonly Operation[]>> = {
  matmul: squareProducts,
  conv: residualLayers,
  networks: networkContractions,
  elementwise,
};

const widths = [24, 12, 16, 8, 12, 8];

interface Result {
  readonly operation: string;
  readonly device: string;
  readonly threads: number;
  readonly ms: number;
  /** GFLOP/s or GB/s, and what part that is of the probe's in the same rounds. */
  readonly rate: number;
  readonly share?: number;
}

/**
 * Times operations on one device beside what bounds them and PyTorch: all take turns, round by round, and the least time of
 * each counts.
 */
export async function operations(name: OperationBench, args: readonly string[]): Promise<boolean> {
  const bench = `bench ${name}`;
  const operations = benches[name];
  const options = readOptions(bench, args, {
    ...deviceOptions,
    only: "string",
    peers: "boolean",
    json: "boolean",
  });
  const groups = [...new Set(operations.map(({ group }) => group))];
  const wanted = readNames(`${bench} --only`, options.only, groups);
  const where = useDevice(options);
  const probe = Probe.open(where.threads);
  const peer = options.peers === true ? findPyTorch() : undefined;
  if (options.peers === true && peer === undefined) console.error(installation.pytorch);
  const child =
    peer && new PacedChild([peer.program, peerFile("pytorch_operations.py"), String(where.threads)]);
  // It says that it is ready.
  await child?.next();
  const header = describeMachine(where.threads, probe, peer === undefined ? [] : [describePeer(peer)]);
  if (options.json === true) console.error(header);
  else {
    console.log(header);
    console.log(
      tableRow(widths, ["", where.device, "", "share", ...(peer === undefined ? [] : [peer.name])]),
    );
  }
  for (const operation of operations.filter(({ group }) => wanted.includes(group))) {
    const [own, other] = await measure(operation, where, probe, child);
    if (options.json === true) {
      for (const result of [own, other]) if (result !== undefined) console.log(JSON.stringify(result));
    } else console.log(row(operation, own, other));
  }
  await child?.end();
  return true;
}

async function measure(
  operation: Operation,
  { device, threads }: Where,
  probe: Probe | undefined,
  child: PacedChild | undefined,
): Promise<[own: Result, other: Result | undefined]> {
  const { bound, name, peer } = operation;
  const clock = clockOf(threads);
  const work = operation.prepare();
  const limit = probe === undefined ? undefined : limitOf(operation, probe);
  const [own = Number.NaN, least, other] = await leastTimes([
    () => leastTime(work, clock),
    () => limit && leastTime(limit.work, clock),
    () => child?.next(JSON.stringify(peer)),
  ]);
  const amount = "operations" in bound ? bound.operations : bound.passes * bytesOf(bound.mix, bound.elements);
  const resultOf = (device: string, ms: number): Result => ({
    operation: name,
    device,
    threads,
    ms: digits(ms),
    rate: digits(amount / ms / 1e6),
    ...(limit === undefined || least === undefined
      ? {}
      : { share: digits((amount * least) / (limit.amount * ms)) }),
  });
  return [resultOf(device, own), other === undefined ? undefined : resultOf("pytorch", other)];
}

function limitOf({ bound }: Operation, probe: Probe): Limit {
  return "operations" in bound ? probe.peak() : probe.bandwidth(bound.mix, bound.elements);
}

function row({ bound }: Operation, own: Result, other: Result | undefined): string {
  const unit = "operations" in bound ? "GFLOP/s" : "GB/s";
  return tableRow(widths, [
    own.operation,
    duration(own.ms),
    `${own.rate.toFixed(1)} ${unit}`,
    own.share === undefined ? "" : `${(100 * own.share).toFixed(0)} %`,
    ...(other === undefined ? [] : [duration(other.ms), ratio(other.ms, own.ms)]),
  ]);
}
