import { type Host, hashOf, messageOf, NativeFailure } from "./native-host.ts";

/** What the cache of compiled kernels holds. */
export interface CacheStatus {
  readonly directory: string;
  readonly files: number;
  readonly bytes: number;
}

const maximumBytes = 256 * 2 ** 20;
const hour = 3_600_000;
const objectName = /^[0-9a-f]{64}\.so$/;

interface Entry {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly modified: number;
}

/**
 * Files of the user's cache directory: objects named by the hash of their bytes, and notes. Everything is checked when it
 * is read, and appears under its name whole or not at all, so that processes can share the directory.
 */
export class NativeCache {
  readonly directory: string;
  private readonly host: Host;
  private readonly verified = new Set<string>();
  /** What was added since the directory was last tidied. */
  private untidyBytes = maximumBytes;

  /** Makes the directory, or throws for one that cannot be used: another user's, a link, or not writable. */
  constructor(host: Host, directory: string = cacheDirectory(host)) {
    this.host = host;
    this.directory = directory;
    this.writing(() => this.makeReady());
  }

  /** The path of an object whose bytes are what its name says; what is damaged is removed. */
  object(hash: string): string | undefined {
    const { fs } = this.host;
    const path = this.pathOf(`${hash}.so`);
    if (this.verified.has(hash)) return path;
    let bytes: Uint8Array;
    try {
      bytes = fs.readFileSync(path);
    } catch {
      return undefined;
    }
    if (hashOf(this.host, bytes) !== hash) {
      this.removeObject(hash);
      return undefined;
    }
    this.verified.add(hash);
    this.keepYoung(path);
    return path;
  }

  /** Keeps a file of the directory as an object; the result is its hash. */
  addObject(file: string): string {
    const { fs } = this.host;
    return this.writing(() => {
      const bytes = fs.readFileSync(file);
      const hash = hashOf(this.host, bytes);
      fs.renameSync(file, this.pathOf(`${hash}.so`));
      this.verified.add(hash);
      this.untidyBytes += bytes.length;
      return hash;
    });
  }

  removeObject(hash: string): void {
    this.verified.delete(hash);
    this.discard(this.pathOf(`${hash}.so`));
  }

  /** A note, undefined if there is none or it is damaged. */
  note(name: string): string | undefined {
    try {
      const text = this.host.fs.readFileSync(this.pathOf(name), "utf8");
      const body = text.slice(65);
      return text.slice(0, 65) === `${hashOf(this.host, name, body)}\n` ? body : undefined;
    } catch {
      return undefined;
    }
  }

  setNote(name: string, body: string): void {
    const { fs } = this.host;
    const temporary = this.pathOf(`${this.temporaryName()}.note`);
    this.writing(() => {
      try {
        fs.writeFileSync(temporary, `${hashOf(this.host, name, body)}\n${body}`, { mode: 0o600 });
        fs.renameSync(temporary, this.pathOf(name));
      } catch (error) {
        this.discard(temporary);
        throw error;
      }
    });
  }

  /** A directory of its own for a compiler, which `use` may fill; it is removed behind it. */
  withWorkplace<T>(use: (directory: string) => T): T {
    const { fs } = this.host;
    const directory = this.pathOf(this.temporaryName());
    return this.writing(() => {
      // Somebody may have removed the whole cache since it was opened.
      this.makeReady();
      fs.mkdirSync(directory, { mode: 0o700 });
      try {
        return use(directory);
      } finally {
        this.discard(directory);
      }
    });
  }

  status(): CacheStatus {
    const files = this.list();
    return {
      directory: this.directory,
      files: files.length,
      bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    };
  }

  /** Removes everything but what other processes are compiling. */
  clear(): void {
    this.verified.clear();
    for (const entry of this.list()) {
      if (!isUnfinished(entry)) this.host.fs.rmSync(entry.path, { recursive: true, force: true });
    }
  }

  /**
   * Once in a while, for instance after a compilation: removes what was not used for longest when the directory has grown
   * too large, down to half of that size, and what broken-off runs left.
   */
  tidy(): void {
    if (this.untidyBytes < maximumBytes / 8) return;
    this.untidyBytes = 0;
    try {
      this.removeOld();
    } catch {
      // The next process tries again.
    }
  }

  private removeOld(): void {
    const entries = this.list().sort((a, b) => a.modified - b.modified);
    let bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
    const isLarge = bytes > maximumBytes;
    for (const entry of entries) {
      if (isUnfinished(entry)) continue;
      if (!isTemporary(entry) && !(isLarge && bytes > maximumBytes / 2)) continue;
      this.discard(entry.path);
      if (objectName.test(entry.name)) this.verified.delete(entry.name.slice(0, 64));
      bytes -= entry.bytes;
    }
  }

  private list(): Entry[] {
    const { fs } = this.host;
    return this.writing(() =>
      fs.readdirSync(this.directory).flatMap((name) => {
        const path = this.pathOf(name);
        const facts = fs.lstatSync(path, { throwIfNoEntry: false });
        return facts === undefined ? [] : [{ name, path, bytes: facts.size, modified: facts.mtimeMs }];
      }),
    );
  }

  private makeReady(): void {
    const { fs, process } = this.host;
    fs.mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    const facts = fs.lstatSync(this.directory);
    if (!facts.isDirectory()) throw this.unusable("it is no directory");
    if (process.getuid !== undefined && facts.uid !== process.getuid()) {
      throw this.unusable("it belongs to another user, who could put code there");
    }
    if ((facts.mode & 0o077) !== 0) fs.chmodSync(this.directory, 0o700);
    fs.accessSync(this.directory, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK);
  }

  // Files that are used move to the end of the order in which they are removed.
  private keepYoung(path: string): void {
    const { fs } = this.host;
    try {
      const now = Date.now();
      if (now - fs.statSync(path).mtimeMs > hour) fs.utimesSync(path, now / 1000, now / 1000);
    } catch {
      // Another process removed it: loading it fails, and it is compiled again.
    }
  }

  // What cannot be removed now is only in the way, and is tried again when the directory is tidied.
  private discard(path: string): void {
    try {
      this.host.fs.rmSync(path, { recursive: true, force: true });
    } catch {
      // For instance because a compiler that was stopped still writes there.
    }
  }

  // A full disk, a file system that is read only, or a directory that somebody removed.
  private writing<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw error instanceof NativeFailure ? error : this.unusable(messageOf(error));
    }
  }

  private pathOf(name: string): string {
    return this.host.path.join(this.directory, name);
  }

  private temporaryName(): string {
    return `tmp-${this.host.process.pid}-${this.host.crypto.randomBytes(6).toString("hex")}`;
  }

  private unusable(reason: string): NativeFailure {
    return new NativeFailure(
      `no usable cache directory '${this.directory}': ${reason}`,
      "set XDG_CACHE_HOME to a directory of your own with free space",
    );
  }
}

function isTemporary({ name }: Entry): boolean {
  return name.startsWith("tmp-");
}

// Another process may be at work there: compilers are stopped long before an hour is over.
function isUnfinished(entry: Entry): boolean {
  return isTemporary(entry) && Date.now() - entry.modified < hour;
}

/** $XDG_CACHE_HOME/neurite or ~/.cache/neurite. */
export function cacheDirectory({ path, os, process }: Host): string {
  const { XDG_CACHE_HOME: home } = process.env;
  if (home !== undefined && path.isAbsolute(home)) return path.join(home, "neurite");
  try {
    return path.join(os.homedir(), ".cache", "neurite");
  } catch (error) {
    // A user whom the system does not know, as in some containers.
    throw new NativeFailure(`no home directory: ${messageOf(error)}`, "set HOME or XDG_CACHE_HOME");
  }
}
