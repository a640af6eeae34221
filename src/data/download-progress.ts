import { barLook, loadProgressBars } from "../io/progress-bars.ts";
import type { OnBytes } from "./download.ts";

/** How a person sees a file come. */
export interface DownloadProgress {
  readonly onBytes: OnBytes;
  /** Gives the terminal back; also after an error. */
  stop(): void;
}

const megabyte = 1e6;

/** A bar where there is a terminal (and cli-progress is installed), otherwise a line before the file comes; nothing if silent. */
export async function progressOf(name: string, isSilent: boolean): Promise<DownloadProgress> {
  if (isSilent) return { onBytes: () => undefined, stop: () => undefined };
  const stream = typeof process === "undefined" ? undefined : process.stderr;
  const bars = stream?.isTTY ? await loadProgressBars() : undefined;
  if (bars === undefined || stream === undefined) {
    console.log(`downloading ${name}`);
    return { onBytes: () => undefined, stop: () => undefined };
  }
  const bar = new bars.SingleBar({ format: `${name} {bar} {value}/{total} MB`, stream, ...barLook });
  const rounded = (bytes: number): number => Math.round((10 * bytes) / megabyte) / 10;
  let isShown = false;
  return {
    onBytes: (received, total) => {
      const whole = Math.max(received, total);
      if (isShown) bar.update(rounded(received));
      else bar.start(rounded(whole), rounded(received));
      isShown = true;
    },
    stop: () => bar.stop(),
  };
}
