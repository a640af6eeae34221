import { describe, expect, test } from "vitest";
import { tensor } from "../tensor/index.ts";
import { padSequences } from "./pad-sequences.ts";

const sequences = [[1, 2, 3], [4], [], [5, 6, 7, 8, 9]];

describe("padSequences", () => {
  // The values of tf.keras.utils.pad_sequences for the same arguments.
  test.each([
    [
      {},
      [
        [0, 0, 1, 2, 3],
        [0, 0, 0, 0, 4],
        [0, 0, 0, 0, 0],
        [5, 6, 7, 8, 9],
      ],
    ],
    [
      { padding: "post" },
      [
        [1, 2, 3, 0, 0],
        [4, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
        [5, 6, 7, 8, 9],
      ],
    ],
    [
      { maxLength: 2, value: -1 },
      [
        [2, 3],
        [-1, 4],
        [-1, -1],
        [8, 9],
      ],
    ],
    [
      { maxLength: 2, truncating: "post", padding: "post" },
      [
        [1, 2],
        [4, 0],
        [0, 0],
        [5, 6],
      ],
    ],
    [
      { maxLength: 6 },
      [
        [0, 0, 0, 1, 2, 3],
        [0, 0, 0, 0, 0, 4],
        [0, 0, 0, 0, 0, 0],
        [0, 5, 6, 7, 8, 9],
      ],
    ],
  ] as const)("fills up and cuts off as Keras: %o", (options, wanted) => {
    const padded = padSequences(sequences, options);
    expect(padded.toArray()).toEqual(wanted);
    expect(padded.dtype).toBe("i32");
  });

  test("keeps features together, and fractions as floats", () => {
    const padded = padSequences([
      [[1, 2]],
      [
        [3, 4],
        [5, 6],
      ],
    ]);
    expect(padded.toArray()).toEqual([
      [
        [0, 0],
        [1, 2],
      ],
      [
        [3, 4],
        [5, 6],
      ],
    ]);
    expect(padded.dtype).toBe("f32");
    expect(padSequences([[0.5], [1, 2]]).toArray()).toEqual([
      [0, 0.5],
      [1, 2],
    ]);
  });

  test.each<[string, () => unknown, RegExp]>([
    ["no sequences", () => padSequences([]), /got no sequence with a step/],
    ["empty sequences", () => padSequences([[], []]), /got no sequence with a step/],
    ["a length that is none", () => padSequences([[1]], { maxLength: 0 }), /got maxLength: 0/],
    [
      "unequal features",
      () => padSequences([[[1, 2]], [[3]]]),
      /got 1 features at step 0 of sequence 1, expected 2 features/,
    ],
    [
      "numbers beside features",
      () => padSequences([[[1, 2]], [3]]),
      /got a number at step 0 of sequence 1, expected 2 features/,
    ],
  ])("refuses %s", (_, wrong, message) => {
    expect(wrong).toThrow(message);
  });

  test("is named where sequences of unequal length are given as they are", () => {
    expect(() => tensor([[1, 2], [3]])).toThrow(/padSequences/);
  });
});
