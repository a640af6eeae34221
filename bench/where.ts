import { getDevice, setDevice, setThreads } from "../src/index.ts";

/** The options that say where to measure. */
export const deviceOptions = { device: "string", threads: "string" } as const;

/** Where is measured. */
export interface Where {
  readonly device: string;
  readonly threads: number;
}

/** Sets device and threads for this process: by default the default device and one thread. Throws for what there is not. */
export function useDevice(options: { readonly device?: string; readonly threads?: string }): Where {
  const threads = Number(options.threads ?? "1");
  setThreads(threads);
  if (options.device !== undefined) setDevice(options.device);
  return { device: getDevice(), threads };
}
