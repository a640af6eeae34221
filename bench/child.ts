import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

/** The command that runs a TypeScript file of this folder in a fresh Node. */
export function typeScript(file: string, ...args: readonly string[]): string[] {
  return [process.execPath, "--import", "tsx", fileURLToPath(new URL(file, import.meta.url)), ...args];
}

/** A program that prints one line of JSON, then waits for a line, which may say what is wanted, before it prints the next. */
export class PacedChild {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  readonly #closed: Promise<void>;
  #started = false;

  constructor([program, ...args]: readonly string[]) {
    this.#child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#closed = new Promise((resolve) => this.#child.once("close", () => resolve()));
    // A child that ends early shows in the missing line.
    this.#child.stdin.on("error", () => undefined);
    this.#child.on("error", () => undefined);
  }

  /** Lets the child do the next part; undefined when it has ended. The first line comes without a request. */
  async next(request = ""): Promise<unknown> {
    if (this.#started) this.#child.stdin.write(`${request}\n`);
    this.#started = true;
    const line = await this.#lines.next();
    return line.done === true ? undefined : JSON.parse(line.value);
  }

  /** Tells the child that nothing more is wanted, and waits until it has ended. */
  async end(): Promise<void> {
    this.#child.stdin.end();
    await this.#closed;
  }
}
