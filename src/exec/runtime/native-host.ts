import { NeuriteError } from "../../base/error.ts";

/** The operating system as Node shows it. */
export interface Host {
  readonly process: NodeJS.Process;
  readonly fs: typeof import("node:fs");
  readonly os: typeof import("node:os");
  readonly path: typeof import("node:path");
  readonly crypto: typeof import("node:crypto");
  readonly childProcess: typeof import("node:child_process");
  readonly module: Pick<typeof import("node:module"), "createRequire">;
}

/** Why native code cannot be compiled or loaded: another device can take over. */
export class NativeFailure extends NeuriteError {
  constructor(got: string, hint?: string) {
    super({ operation: "native device", got, ...(hint === undefined ? {} : { hint }) });
  }
}

/** Why there is no native code outside Node. */
export function withoutNode(): NativeFailure {
  return new NativeFailure("no Node.js", "it compiles and loads C, which a page cannot do");
}

/** Node's own modules, without an import that a browser or a bundler would follow; throws where there is no Node. */
export function nodeHost(): Host {
  if (typeof process === "undefined" || process.versions?.node === undefined) throw withoutNode();
  if (process.versions.bun !== undefined || process.versions.deno !== undefined) throw withoutNode();
  if (process.platform !== "linux" && process.platform !== "darwin") {
    throw new NativeFailure(`the platform ${process.platform}`, "Linux and macOS are supported");
  }
  if (typeof process.getBuiltinModule !== "function") {
    throw new NativeFailure(
      `Node.js ${process.versions.node}`,
      "20.16 and 22.3 are the first with what it needs",
    );
  }
  return {
    process,
    fs: process.getBuiltinModule("node:fs"),
    os: process.getBuiltinModule("node:os"),
    path: process.getBuiltinModule("node:path"),
    crypto: process.getBuiltinModule("node:crypto"),
    childProcess: process.getBuiltinModule("node:child_process"),
    module: process.getBuiltinModule("node:module"),
  };
}

/** SHA-256 as hexadecimal digits. */
export function hashOf(host: Host, ...parts: readonly (string | Uint8Array)[]): string {
  const hash = host.crypto.createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

/** What an exception says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
