import { NeuriteError } from "../base/error.ts";

type FileSystem = typeof import("node:fs/promises");
type Paths = typeof import("node:path");

/**
 * Writes a file whole or not at all: into a temporary file beside it, which then takes its name. A reader never sees
 * half a file, also not after a crash.
 *
 * Throws a NeuriteError if it cannot be written, and where there are no files (in browsers); nothing is left behind.
 *
 * @example
 * ```ts
 * import { writeWhole } from "neurite/io";
 *
 * await writeWhole("/tmp/bytes.bin", Uint8Array.of(1, 2, 3));
 * ```
 */
export async function writeWhole(path: string, bytes: Uint8Array | string): Promise<void> {
  const { paths } = openFileSystem("writeWhole", path);
  const name = `.${paths.basename(path)}.${crypto.randomUUID()}.tmp`;
  await writeAndRename("writeWhole", path, paths.join(paths.dirname(path), name), bytes);
}

/**
 * Adds bytes to the end of a file, which is made with its folders if it is not there. Throws a NeuriteError if it cannot be
 * written, and where there are no files (in browsers).
 *
 * @example
 * ```ts
 * import { appendBytes } from "neurite/io";
 *
 * await appendBytes("/tmp/log.bin", Uint8Array.of(1, 2, 3));
 * ```
 */
export async function appendBytes(path: string, bytes: Uint8Array): Promise<void> {
  const { files, paths } = openFileSystem("appendBytes", path);
  try {
    await files.mkdir(paths.dirname(path), { recursive: true });
    await files.appendFile(path, bytes);
  } catch (error) {
    throw fileError("appendBytes", path, "a path that can be written", error);
  }
}

/**
 * The bytes of a file. Throws a NeuriteError if it cannot be read, and where there are no files (in browsers).
 *
 * @example
 * ```ts
 * import { readBytes, writeWhole } from "neurite/io";
 *
 * await writeWhole("/tmp/bytes.bin", Uint8Array.of(1, 2, 3));
 * const bytes = await readBytes("/tmp/bytes.bin");
 * ```
 */
export async function readBytes(path: string): Promise<Uint8Array> {
  const { files } = openFileSystem("readBytes", path);
  try {
    return await files.readFile(path);
  } catch (error) {
    throw fileError("readBytes", path, "a file that can be read", error);
  }
}

/**
 * Throws a NeuriteError if `writeWhole` could not write here: asked before long work, not after it. Nothing is written.
 *
 * @example
 * ```ts
 * import { checkWritable } from "neurite/io";
 *
 * await checkWritable("/tmp/model.safetensors");
 * ```
 */
export async function checkWritable(path: string): Promise<void> {
  const { files, paths } = openFileSystem("checkWritable", path);
  const refuse = (error: unknown): NeuriteError =>
    fileError("checkWritable", path, "a path that can be written", error);
  try {
    // The dot is found in folders only.
    await files.access(`${paths.dirname(path)}/.`, files.constants.W_OK);
  } catch (error) {
    throw refuse(error);
  }
  const target = await files.stat(path).catch(() => undefined);
  if (target?.isDirectory()) throw refuse({ code: "EISDIR" });
}

/** Writes a temporary file, which must not be there, and gives it the name of the path; `beforeRenaming` is called between. */
export async function writeAndRename(
  operation: string,
  path: string,
  temporary: string,
  bytes: Uint8Array | string,
  beforeRenaming?: () => Promise<void>,
): Promise<void> {
  const { files, paths } = openFileSystem(operation, path);
  try {
    const file = await files.open(temporary, "wx");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await beforeRenaming?.();
    await files.rename(temporary, path);
    await syncFolder(files, paths.dirname(path));
  } catch (error) {
    await files.rm(temporary, { force: true });
    throw fileError(operation, path, "a path that can be written", error);
  }
}

/** The file system, not by import: bundlers for browsers would look for the modules of Node. Throws where there is none. */
export function openFileSystem(
  operation: string,
  path: string,
): {
  files: FileSystem;
  paths: Paths;
} {
  if (typeof process !== "undefined" && typeof process.getBuiltinModule === "function") {
    return {
      files: process.getBuiltinModule("node:fs/promises"),
      paths: process.getBuiltinModule("node:path"),
    };
  }
  throw new NeuriteError({
    operation,
    got: `'${path}' where there are no files`,
    expected: "Node, Bun or Deno",
    hint: "in a browser pass bytes, for instance from fetch or a file input",
  });
}

/** Makes new names lasting, where the system can open folders. */
export async function syncFolder(files: FileSystem, folder: string): Promise<void> {
  const handle = await files.open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EACCES: "permission is denied",
  EPERM: "the system does not permit it",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of the path is no folder",
  ENOSPC: "the disk is full",
  EROFS: "the disk is read-only",
};

/** The error for a file that the system refuses. */
export function fileError(operation: string, path: string, expected: string, error: unknown): NeuriteError {
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
  const reason = reasons[code] ?? (error instanceof Error ? error.message : String(error));
  return new NeuriteError({ operation, got: `'${path}': ${reason}`, expected });
}
