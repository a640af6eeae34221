/** The part of cli-progress that is used. */
export type ProgressBars = typeof import("cli-progress");

/** How every bar looks. */
export const barLook = {
  barsize: 20,
  barCompleteChar: "█",
  barIncompleteChar: "░",
  hideCursor: true,
} as const;

/** Loads cli-progress; undefined where it is not installed, for a bar is never needed. */
export async function loadProgressBars(): Promise<ProgressBars | undefined> {
  // In a variable, so that the package, which is only for terminals, stays out of bundles for browsers.
  const name = "cli-progress";
  try {
    const bars: ProgressBars & { readonly default?: ProgressBars } = await import(/* @vite-ignore */ name);
    return bars.default ?? bars;
  } catch {
    return undefined;
  }
}
