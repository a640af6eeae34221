import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { sizeOf } from "../../src/base/shape.ts";
import { renderContraction as renderText } from "../../src/exec/render/c/contraction.ts";
import { renderContraction as renderWasm } from "../../src/exec/render/wasm/contraction.ts";
import { ModuleBuilder } from "../../src/exec/render/wasm/encoder.ts";
import { compileKernels, findTarget, layOut } from "../../test/native-kernels.ts";
import { type Case, groups } from "./contraction-cases.ts";
import { Probe } from "./probe.ts";

/** Runs a contraction once, on data of its own. */
type Run = () => void;

const shared: WebAssembly.ModuleImports = {};

function prepareWasm({ contraction, lengths }: Case): Run {
  const kernel = renderWasm(contraction);
  const arrays = lengths.map(randomNumbers);
  const { memory: laidOut, words } = layOut(
    kernel,
    arrays,
    lengths.map(() => "f32"),
  );
  const pages = Math.ceil((laidOut.byteLength + 4 * words.length) / 65536);
  const memory = new WebAssembly.Memory({ initial: pages });
  new Uint8Array(memory.buffer).set(new Uint8Array(laidOut));
  new Int32Array(memory.buffer, laidOut.byteLength, words.length).set(words);
  const imports = { env: { memory }, shared };
  const instantiate = (module: ModuleBuilder): WebAssembly.Exports =>
    new WebAssembly.Instance(new WebAssembly.Module(module.finish()), imports).exports;
  for (const needed of kernel.shared) {
    const module = new ModuleBuilder();
    needed.define(module, needed.key);
    Object.assign(shared, instantiate(module));
  }
  const module = new ModuleBuilder();
  kernel.define(module, "run");
  const { run } = instantiate(module);
  if (typeof run !== "function") throw new TypeError("no function");
  return () => run(laidOut.byteLength);
}

function prepareNative(cases: readonly Case[]): Run[] {
  const target = findTarget();
  if (target === undefined) throw new Error("no native code here");
  const kernels = cases.map(({ contraction }) => renderText(contraction, target));
  const distinct = [...new Map(kernels.map((kernel) => [kernel.key, kernel])).values()];
  const functions = compileKernels(distinct);
  return cases.map(({ lengths }, k) => {
    const call = functions[distinct.findIndex(({ key }) => key === kernels[k].key)];
    const { memory, words } = layOut(
      kernels[k],
      lengths.map(randomNumbers),
      lengths.map(() => "f32"),
    );
    return () => call(memory, words, 0, 1, 1);
  });
}

function randomNumbers(length: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length }, () => Math.random() - 0.5);
}

/** The least processor time of a call, in milliseconds: other programs may run beside this one. */
function measure(run: Run, milliseconds: number): number {
  const started = performance.now();
  run();
  const count = Math.max(1, Math.floor(2 / (performance.now() - started)));
  let best = Number.POSITIVE_INFINITY;
  for (let trial = 0; trial < 5 || performance.now() < started + milliseconds; trial++) {
    const start = process.cpuUsage();
    for (let k = 0; k < count; k++) run();
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / count);
  }
  return best / 1000;
}

/** Milliseconds of the same contractions in PyTorch; undefined where it is not installed. */
function measurePeer(cases: readonly Case[]): number[] | undefined {
  const script = fileURLToPath(new URL("../peers/pytorch_contractions.py", import.meta.url));
  const input = JSON.stringify(cases.map(({ peer }) => peer));
  for (const python of ["python3", "/usr/bin/python3"]) {
    const { status, stdout } = spawnSync(python, [script], { input, encoding: "utf8" });
    if (status === 0) return JSON.parse(stdout);
  }
  return undefined;
}

/** Times groups of contractions on one device and one thread, beside the machine's peak and PyTorch. */
export function contractions(names: readonly string[], args: readonly string[]): boolean {
  const { values } = parseArgs({
    args: [...args],
    options: { device: { type: "string", default: "native" }, peers: { type: "boolean", default: false } },
  });
  const target = findTarget();
  const probe = target === undefined ? undefined : new Probe(target);
  for (const name of names) {
    const cases = groups[name];
    const runs = values.device === "native" ? prepareNative(cases) : cases.map(prepareWasm);
    const peak = probe?.peak() ?? Number.NaN;
    const times = runs.map((run) => measure(run, 200));
    const peers = values.peers ? measurePeer(cases) : undefined;
    console.log(`${name}: peak of multiplications and additions ${peak.toFixed(0)} GFLOP/s`);
    cases.forEach((item, k) => {
      const { batch, rows, columns, depth } = item.contraction;
      const rate = (2 * sizeOf([...batch, ...rows, ...columns, ...depth])) / times[k] / 1e6;
      const cells = [
        item.name.padEnd(14),
        `${times[k].toFixed(4)} ms`.padStart(13),
        `${rate.toFixed(1)} GFLOP/s`.padStart(15),
        `${((100 * rate) / peak).toFixed(0)} %`.padStart(6),
        ...(peers === undefined
          ? []
          : [`PyTorch ${peers[k].toFixed(4)} ms`, `${(peers[k] / times[k]).toFixed(2)}×`]),
      ];
      console.log(cells.join("  "));
    });
  }
  return true;
}
