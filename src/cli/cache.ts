import { cacheStatus, clearCache } from "../tensor/index.ts";
import type { Terminal } from "./terminal.ts";

/** Options of `neurite cache`. */
export interface CacheOptions {
  readonly clear?: boolean;
  readonly json?: boolean;
}

/** Prints where compiled kernels are kept and how much room they take, or removes them. */
export function cache({ clear, json }: CacheOptions, terminal: Terminal): void {
  const before = cacheStatus();
  if (clear === true) clearCache();
  const { directory, files, bytes } = clear === true ? cacheStatus() : before;
  if (json === true) {
    terminal.print(JSON.stringify({ directory, files, bytes }));
    return;
  }
  if (clear === true) {
    terminal.print(`removed ${before.files - files} files, ${megabytes(before.bytes - bytes)}`);
  } else terminal.print(`${files} files, ${megabytes(bytes)} of compiled kernels`);
  terminal.print(directory);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
