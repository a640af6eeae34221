import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NeuriteError } from "../base/error.ts";
import { checkWritable, readBytes, writeWhole } from "./files.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "neurite-files-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("writeWhole", () => {
  it("writes bytes and text, over an older file too, and leaves nothing beside it", async () => {
    const path = join(folder, "model.safetensors");
    await writeFile(path, "something older and longer");
    await writeWhole(path, Uint8Array.of(1, 2, 3));
    expect([...(await readBytes(path))]).toEqual([1, 2, 3]);
    await writeWhole(path, "Größe");
    expect(await readFile(path, "utf8")).toBe("Größe");
    expect(await readdir(folder)).toEqual(["model.safetensors"]);
  });

  it("leaves the target and its folder as they were when it fails", async () => {
    const path = join(folder, "taken");
    await mkdir(path);
    await writeFile(join(path, "inside"), "kept");
    await expect(writeWhole(path, Uint8Array.of(1))).rejects.toThrow(NeuriteError);
    expect(await readdir(folder)).toEqual(["taken"]);
    expect(await readFile(join(path, "inside"), "utf8")).toBe("kept");
  });

  it("names a folder that is missing", async () => {
    const path = join(folder, "missing", "model.safetensors");
    await expect(writeWhole(path, "")).rejects.toThrow(
      `writeWhole: got '${path}': there is no such file or folder, expected a path that can be written`,
    );
  });

  it("writes whole files from several writers at once", async () => {
    const path = join(folder, "shared");
    const texts = Array.from({ length: 8 }, (_, i) => String(i).repeat(100_000));
    await Promise.all(texts.map((text) => writeWhole(path, text)));
    expect(texts).toContain(await readFile(path, "utf8"));
    expect(await readdir(folder)).toEqual(["shared"]);
  });
});

describe("readBytes", () => {
  it("says so where there are no files", async () => {
    vi.stubGlobal("process", undefined);
    try {
      await expect(readBytes("model.safetensors")).rejects.toThrow(
        "readBytes: got 'model.safetensors' where there are no files, expected Node, Bun or Deno",
      );
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it("says why a file cannot be read", async () => {
    await expect(readBytes(join(folder, "none"))).rejects.toThrow(/none': there is no such file or folder/);
    await expect(readBytes(folder)).rejects.toThrow(/it is a folder/);
  });
});

describe("checkWritable", () => {
  it("refuses what cannot be written, and writes nothing", async () => {
    await writeFile(join(folder, "file"), "kept");
    await checkWritable(join(folder, "file"));
    await checkWritable(join(folder, "new"));
    await expect(checkWritable(folder)).rejects.toThrow(`'${folder}': it is a folder`);
    await expect(checkWritable(join(folder, "missing", "x"))).rejects.toThrow(
      /there is no such file or folder/,
    );
    await expect(checkWritable(join(folder, "file", "x"))).rejects.toThrow(NeuriteError);
    expect(await readdir(folder)).toEqual(["file"]);
    expect(await readFile(join(folder, "file"), "utf8")).toBe("kept");
  });
});
