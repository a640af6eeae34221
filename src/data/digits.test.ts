import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { digits } from "./digits.ts";

it("holds the numbers of the source", async () => {
  const source = gunzipSync(readFileSync(new URL("../../assets/digits/digits.csv.gz", import.meta.url)));
  const rows = source
    .toString()
    .trim()
    .split("\n")
    .map((row) => row.split(",").map(Number));
  const { images, labels } = await digits();
  expect([images.dtype, images.shape]).toEqual(["f32", [1797, 8, 8, 1]]);
  expect([labels.dtype, labels.shape]).toEqual(["i32", [1797]]);
  expect([...images.dataSync()].map((ink) => ink * 16)).toEqual(rows.flatMap((row) => row.slice(0, 64)));
  expect([...labels.dataSync()]).toEqual(rows.map((row) => row[64]));
});
