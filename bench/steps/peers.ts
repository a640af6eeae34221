import { findPackage, findPyTorch, installation, newerNode, type Peer, peerFile } from "../peers.ts";

/** Another library, and the command that measures a step with it. */
export interface StepPeer {
  readonly device: string;
  readonly peer: Peer;
  readonly command: (step: string, threads: number) => readonly string[];
}

/** The peers that are installed here, and for the others how to install them. */
export function findPeers(): { readonly found: readonly StepPeer[]; readonly missing: readonly string[] } {
  const candidates: readonly (StepPeer | string)[] = [
    stepPeer("pytorch", findPyTorch(), "pytorch_steps.py", installation.pytorch),
    stepPeer(
      "tfjs-wasm",
      findPackage("TensorFlow.js", "@tensorflow/tfjs-backend-wasm"),
      "tfjs-steps.mjs",
      installation.packages("TensorFlow.js"),
    ),
    stepPeer(
      "jax-js-wasm",
      findPackage("jax-js", "@jax-js/jax", newerNode),
      "jax-js-steps.mjs",
      installation.packages("jax-js with a newer Node.js (Linux on x64)"),
    ),
  ];
  return {
    found: candidates.filter((candidate) => typeof candidate !== "string"),
    missing: candidates.filter((candidate) => typeof candidate === "string"),
  };
}

function stepPeer(
  device: string,
  peer: Peer | undefined,
  script: string,
  install: string,
): StepPeer | string {
  if (peer === undefined) return install;
  return {
    device,
    peer,
    command: (step, threads) => [
      peer.program,
      peerFile(script),
      "--only",
      step,
      "--threads",
      String(threads),
      "--paced",
    ],
  };
}
