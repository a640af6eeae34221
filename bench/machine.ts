import { arch, availableParallelism, cpus } from "node:os";
import { clockOf, leastTime } from "./clock.ts";
import type { Limit, Probe } from "./probe.ts";

const copyElements = 2 ** 23;

/** The rate of the probe in billions a second: GFLOP/s or GB/s. */
export function rateOf({ work, amount }: Limit, threads: number): number {
  return amount / leastTime(work, clockOf(threads)) / 1e6;
}

/** One line: the processor, what it can do at most on so many threads, Node and the peers. */
export function describeMachine(threads: number, probe: Probe | undefined, peers: readonly string[]): string {
  const limits =
    probe === undefined
      ? []
      : [
          `peak ${rateOf(probe.peak(), threads).toFixed(0)} GFLOP/s`,
          `memory ${rateOf(probe.bandwidth("map", copyElements), threads).toFixed(0)} GB/s`,
        ];
  return [
    `${cpus()[0]?.model ?? arch()}, ${availableParallelism()} processors`,
    `${threads} ${threads === 1 ? "thread" : "threads"}`,
    ...limits,
    `Node.js ${process.versions.node}`,
    ...peers,
  ].join(" · ");
}
