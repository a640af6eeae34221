import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { appendBytes, readOrPrevious, writeKeepingPrevious } from "./index.ts";

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "neurite-previous-"));
  path = join(folder, "numbers");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Texts of digits only. */
function decode(bytes: Uint8Array): number {
  const text = new TextDecoder().decode(bytes);
  if (!/^\d+$/.test(text)) throw new Error(`'${text}' is no number`);
  return Number(text);
}

test("the file before is kept, and no other", async () => {
  expect(await readOrPrevious(path, decode)).toBeUndefined();
  for (const text of ["1", "2", "3"]) await writeKeepingPrevious(path, text);
  expect(await readOrPrevious(path, decode)).toEqual({ value: 3 });
  expect(readFileSync(`${path}.previous`, "utf8")).toBe("2");
  expect(readdirSync(folder).sort()).toEqual(["numbers", "numbers.previous"]);
});

test("what a killed process left behind is in nobody's way", async () => {
  writeFileSync(join(folder, ".numbers.tmp"), "half");
  await writeKeepingPrevious(path, "1");
  expect(readdirSync(folder)).toEqual(["numbers"]);
});

test("the previous file takes the place of one that is damaged or missing", async () => {
  for (const damage of [() => writeFileSync(path, "3x"), () => rmSync(path)]) {
    for (const text of ["1", "2"]) await writeKeepingPrevious(path, text);
    damage();
    const found = await readOrPrevious(path, decode);
    expect(found?.value).toBe(1);
    expect(found?.fault).toMatch(/^('3x' is no number|it is missing)$/);
    // So that the next write keeps what is good.
    expect(readFileSync(path, "utf8")).toBe("1");
    expect(existsSync(`${path}.previous`)).toBe(false);
  }
});

test("where nothing is left the fault of the file itself is told", async () => {
  writeFileSync(path, "abc");
  await expect(readOrPrevious(path, decode)).rejects.toThrow("'abc' is no number");
  expect(readFileSync(path, "utf8")).toBe("abc");
  await expect(readOrPrevious(folder, decode)).rejects.toThrow(/it is a folder/);
  await expect(writeKeepingPrevious(join(folder, "no", "file"), "1")).rejects.toThrow(
    /no such file or folder/,
  );
});

test("bytes are added to the end of a file, which is made with its folders", async () => {
  const log = join(folder, "a", "b", "log");
  for (const byte of [1, 2]) await appendBytes(log, Uint8Array.of(byte));
  expect([...readFileSync(log)]).toEqual([1, 2]);
  await expect(appendBytes(folder, Uint8Array.of(1))).rejects.toThrow(/it is a folder/);
});
