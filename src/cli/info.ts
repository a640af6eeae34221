import { devices, getDevice } from "../tensor/index.ts";
import type { Terminal } from "./terminal.ts";

/** Prints the versions of what runs here, and every device with the reason why it cannot be used, if it cannot. */
export function info(version: string, asJson: boolean, terminal: Terminal): void {
  const { node = "none", v8 = "none" } = process.versions;
  const platform = `${process.platform} ${process.arch}`;
  const [current, found] = [getDevice(), devices()];
  if (asJson) {
    const versions = { neurite: version, node, v8, platform };
    terminal.print(JSON.stringify({ versions, device: current, devices: found }));
    return;
  }
  terminal.print(`neurite ${version}, Node ${node}, V8 ${v8}, ${platform}`);
  const width = Math.max(...found.map(({ name }) => name.length));
  for (const { name, available, reason } of found) {
    const state = available ? `available${name === current ? ", in use" : ""}` : `not available: ${reason}`;
    terminal.print(`${name.padEnd(width)}  ${state}`);
  }
}
