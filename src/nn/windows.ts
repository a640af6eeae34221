import type { Shape } from "../tensor/index.ts";
import { unfitInput } from "./single.ts";

/** How a window moves over height and width. */
export interface Windows {
  readonly size: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly padding: PaddingName;
  /** The distance of neighbours in the window; default 1. */
  readonly dilation?: readonly [number, number];
}

/** `valid`: windows lie inside the input; `same`: ⌈input / stride⌉ windows, with zeros around the input. */
export type PaddingName = "valid" | "same";

export const paddingNames: readonly PaddingName[] = ["valid", "same"];

/** Height, width and channels of an image; throws for other shapes. */
export function imageShape(type: string, input: Shape): readonly [number, number, number] {
  if (input.length === 3) return [input[0], input[1], input[2]];
  throw unfitInput(type, input, "[height, width, channels]", imageHint(input));
}

/** The number of windows along height and width; throws when none fits. */
export function countWindows(type: string, input: Shape, windows: Windows): [number, number] {
  const [height, width] = imageShape(type, input);
  const { size, strides, padding, dilation = [1, 1] } = windows;
  const along = (axis: 0 | 1, extent: number): number => {
    const span = (size[axis] - 1) * dilation[axis] + 1;
    return padding === "same"
      ? Math.ceil(extent / strides[axis])
      : Math.floor((extent - span) / strides[axis]) + 1;
  };
  const counts: [number, number] = [along(0, height), along(1, width)];
  if (counts.every((count) => count >= 1)) return counts;
  throw unfitInput(
    type,
    input,
    `at least the window, [${size.map((extent, axis) => (extent - 1) * dilation[axis] + 1).join(", ")}]`,
    "use padding 'same', or fewer layers that shrink the image",
  );
}

function imageHint(input: Shape): string | undefined {
  return input.length === 2
    ? "give grey images a last axis of 1: reshape them to [n, height, width, 1]"
    : undefined;
}
