import { fileError, openFileSystem, syncFolder, writeAndRename } from "./files.ts";

/** What `readOrPrevious` found. */
export interface Found<T> {
  readonly value: T;
  /** Why the file itself could not be used; absent where it could. */
  readonly fault?: string;
}

/**
 * As `writeWhole`, and the file that stood there is kept as `<path>.previous`: at every moment one of the two is whole.
 * Only one process may write to the path at a time.
 *
 * @example
 * ```ts
 * import { readBytes, writeKeepingPrevious } from "neurite/io";
 *
 * await writeKeepingPrevious("/tmp/counter.bin", Uint8Array.of(1));
 * await writeKeepingPrevious("/tmp/counter.bin", Uint8Array.of(2));
 * await readBytes("/tmp/counter.bin.previous"); // [1]
 * ```
 */
export async function writeKeepingPrevious(path: string, bytes: Uint8Array | string): Promise<void> {
  const { files, paths } = openFileSystem("writeKeepingPrevious", path);
  // One name for all writes: a process that is killed leaves one such file behind at most.
  const temporary = paths.join(paths.dirname(path), `.${paths.basename(path)}.tmp`);
  await files.rm(temporary, { force: true });
  await writeAndRename("writeKeepingPrevious", path, temporary, bytes, async () => {
    await files.rename(path, previousOf(path)).catch(unlessMissing);
  });
}

/**
 * What `decode` makes of a file that `writeKeepingPrevious` wrote. Where the file is missing or `decode` throws, the
 * previous one is read, which then takes the name of the file again. Undefined where there is neither. Throws what `decode` throws if
 * nothing else is left, and for files that cannot be read.
 *
 * @example
 * ```ts
 * import { decodeSafetensors, encodeSafetensors, readOrPrevious, writeKeepingPrevious } from "neurite/io";
 *
 * await writeKeepingPrevious("/tmp/weights.safetensors", await encodeSafetensors({ weights: tensor([1, 2]) }));
 * const found = await readOrPrevious("/tmp/weights.safetensors", decodeSafetensors);
 * found?.value.tensors.weights.toArray(); // [1, 2]
 * ```
 */
export async function readOrPrevious<T>(
  path: string,
  decode: (bytes: Uint8Array) => T,
): Promise<Found<T> | undefined> {
  const { files, paths } = openFileSystem("readOrPrevious", path);
  const read = async (from: string): Promise<Uint8Array | undefined> => {
    try {
      return await files.readFile(from).catch(unlessMissing);
    } catch (error) {
      throw fileError("readOrPrevious", from, "a file that can be read", error);
    }
  };
  const bytes = await read(path);
  let fault: unknown;
  if (bytes !== undefined) {
    try {
      return { value: decode(bytes) };
    } catch (error) {
      fault = error;
    }
  }
  const previous = await read(previousOf(path));
  if (previous === undefined) {
    if (bytes === undefined) return undefined;
    throw fault;
  }
  const value = decode(previous);
  // So that the next write keeps this one, and not what could not be read.
  await files.rename(previousOf(path), path);
  await syncFolder(files, paths.dirname(path));
  const reason = fault instanceof Error ? fault.message : String(fault);
  return { value, fault: bytes === undefined ? "it is missing" : reason };
}

function previousOf(path: string): string {
  return `${path}.previous`;
}

function unlessMissing(error: unknown): undefined {
  if (typeof error === "object" && error !== null && "code" in error && error.code === "ENOENT")
    return undefined;
  throw error;
}
