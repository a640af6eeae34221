import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listFolder, makeFolder, writeWhole } from "./index.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "neurite-folders-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("folders are made with those they lie in, and listed by name", async () => {
  await makeFolder(join(folder, "b", "c"));
  await makeFolder(join(folder, "b"));
  await writeWhole(join(folder, "a.txt"), "a");
  await symlink(join(folder, "b"), join(folder, "link"));
  await symlink(join(folder, "nowhere"), join(folder, "z"));
  expect(await listFolder(folder)).toEqual([
    { name: "a.txt", path: join(folder, "a.txt"), isFolder: false },
    { name: "b", path: join(folder, "b"), isFolder: true },
    { name: "link", path: join(folder, "link"), isFolder: true },
    { name: "z", path: join(folder, "z"), isFolder: false },
  ]);
});

test("bad input", async () => {
  await expect(listFolder(join(folder, "none"))).rejects.toThrow("there is no such file or folder");
  await expect(listFolder(join(folder, "a.txt"))).rejects.toThrow("listFolder: got");
  await expect(makeFolder(join(folder, "a.txt", "b"))).rejects.toThrow("makeFolder: got");
});
