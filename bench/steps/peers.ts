import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Another library, and the command that measures a step with it. */
export interface Peer {
  readonly device: string;
  readonly command: (step: string, threads: number) => readonly string[];
}

/** The peers that are installed here, and for the others how to install them. */
export function findPeers(): { readonly found: readonly Peer[]; readonly missing: readonly string[] } {
  const python = ["python3", "/usr/bin/python3"].find(
    (program) => spawnSync(program, ["-c", "import torch"]).status === 0,
  );
  const candidates: readonly { readonly peer: Peer | undefined; readonly install: string }[] = [
    {
      peer: python === undefined ? undefined : peer("pytorch", [python, peerFile("pytorch_steps.py")]),
      install: "PyTorch is not installed: apt-get install python3-torch, or pip install torch",
    },
    {
      peer: existsSync(peerFile("node_modules/@tensorflow/tfjs-backend-wasm"))
        ? peer("tfjs-wasm", [process.execPath, peerFile("tfjs-steps.mjs")])
        : undefined,
      install: "TensorFlow.js is not installed: npm ci --prefix bench/peers",
    },
  ];
  return {
    found: candidates.flatMap((candidate) => candidate.peer ?? []),
    missing: candidates.flatMap((candidate) => (candidate.peer === undefined ? [candidate.install] : [])),
  };
}

function peer(device: string, start: readonly string[]): Peer {
  return {
    device,
    command: (step, threads) => [...start, "--only", step, "--threads", String(threads), "--paced"],
  };
}

function peerFile(name: string): string {
  return fileURLToPath(new URL(`../peers/${name}`, import.meta.url));
}
