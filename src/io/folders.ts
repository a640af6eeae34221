import { fileError, openFileSystem } from "./files.ts";

/** What a folder holds. */
export interface FolderEntry {
  readonly name: string;
  /** The path of the folder with the name. */
  readonly path: string;
  readonly isFolder: boolean;
}

/**
 * What a folder holds, by name, links followed. Throws a NeuriteError if it cannot be read, and where there are no files (in
 * browsers).
 *
 * @example
 * ```ts
 * import { listFolder, writeWhole } from "neurite/io";
 *
 * await writeWhole("/tmp/bytes.bin", Uint8Array.of(1, 2, 3));
 * const names = (await listFolder("/tmp")).map(({ name }) => name);
 * names.includes("bytes.bin"); // true
 * ```
 */
export async function listFolder(path: string): Promise<FolderEntry[]> {
  const { files, paths } = openFileSystem("listFolder", path);
  try {
    const names = (await files.readdir(path)).sort();
    return await Promise.all(
      names.map(async (name) => {
        const entry = paths.join(path, name);
        const status = await files.stat(entry).catch(() => undefined);
        return { name, path: entry, isFolder: status?.isDirectory() === true };
      }),
    );
  } catch (error) {
    throw fileError("listFolder", path, "a folder that can be read", error);
  }
}

/**
 * Makes a folder, and those it lies in, where they are missing. Throws a NeuriteError if that cannot be done, and where there
 * are no files (in browsers).
 *
 * @example
 * ```ts
 * import { makeFolder } from "neurite/io";
 *
 * await makeFolder("/tmp/neurite-documentation/data");
 * ```
 */
export async function makeFolder(path: string): Promise<void> {
  const { files } = openFileSystem("makeFolder", path);
  try {
    await files.mkdir(path, { recursive: true });
  } catch (error) {
    throw fileError("makeFolder", path, "a folder that can be made", error);
  }
}
