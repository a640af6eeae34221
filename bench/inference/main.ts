import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PacedChild } from "../child.ts";
import { clockOf, leastTime } from "../clock.ts";
import { describeMachine } from "../machine.ts";
import { readNames, readOptions } from "../options.ts";
import { describePeer, findPackage, findPyTorch, installation, type Peer, peerFile } from "../peers.ts";
import { Probe } from "../probe.ts";
import { leastTimes } from "../rounds.ts";
import { batchOf, prepareInference, type StepName } from "../steps/standard.ts";
import { digits, duration, ratio, tableRow } from "../table.ts";
import { deviceOptions, useDevice } from "../where.ts";

const networks: readonly StepName[] = ["mlp", "mlp-wide", "cnn"];
const widths = [16, 12, 22, 22];

interface Rival {
  readonly device: string;
  readonly peer: Peer;
  readonly child: PacedChild;
}

/** Times the networks of the standard steps without training, at batch 1 and at the batch of the step. */
export async function inference(args: readonly string[]): Promise<boolean> {
  const options = readOptions("bench inference", args, {
    ...deviceOptions,
    only: "string",
    peers: "boolean",
    json: "boolean",
  });
  const names = readNames("bench inference --only", options.only, networks);
  const { device, threads } = useDevice(options);
  const directory = mkdtempSync(join(tmpdir(), "neurite-inference-"));
  try {
    const rivals = options.peers === true ? await startRivals(threads, directory) : [];
    const described = rivals.map(({ peer }) => describePeer(peer));
    const header = describeMachine(threads, Probe.open(threads), described);
    if (options.json === true) console.error(header);
    else {
      console.log(header);
      console.log(tableRow(widths, ["network, batch", device, ...rivals.map(({ peer }) => peer.name)]));
    }
    for (const name of names) {
      for (const batch of [1, batchOf(name)]) {
        const { predict, shape } = prepareInference(name, batch);
        const clock = clockOf(threads);
        const work = (count: number): void => {
          for (let k = 0; k < count; k++) predict();
        };
        const [own = Number.NaN, ...others] = await leastTimes([
          () => leastTime(work, clock),
          ...rivals.map(
            ({ child }) =>
              () =>
                child.next(JSON.stringify([name, shape])),
          ),
        ]);
        if (options.json === true) {
          for (const [k, ms] of [own, ...others].entries()) {
            if (ms === undefined) continue;
            const where = k === 0 ? device : rivals[k - 1].device;
            console.log(JSON.stringify({ network: name, batch, device: where, threads, ms: digits(ms) }));
          }
        } else {
          const cells = others.map((ms) =>
            ms === undefined ? "cannot" : `${duration(ms)} (${ratio(ms, own)})`,
          );
          console.log(tableRow(widths, [`${name}, ${batch}`, duration(own), ...cells]));
        }
      }
    }
    for (const { child } of rivals) await child.end();
  } finally {
    rmSync(directory, { recursive: true });
  }
  return true;
}

// PyTorch writes the networks that onnxruntime reads.
async function startRivals(threads: number, directory: string): Promise<Rival[]> {
  const pytorch = findPyTorch();
  if (pytorch === undefined) {
    console.error(`${installation.pytorch}; onnxruntime takes the networks from it`);
    return [];
  }
  const start = async (device: string, peer: Peer, script: string): Promise<Rival> => {
    const child = new PacedChild([peer.program, peerFile(script), String(threads), directory]);
    await child.next();
    return { device, peer, child };
  };
  const rivals = [await start("pytorch", pytorch, "pytorch_inference.py")];
  const onnxruntime = findPackage("onnxruntime", "onnxruntime-node");
  if (onnxruntime === undefined) console.error(installation.packages("onnxruntime"));
  else rivals.push(await start("onnxruntime", onnxruntime, "onnxruntime-inference.mjs"));
  return rivals;
}
