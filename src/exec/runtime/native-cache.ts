import { type Host, hashOf, messageOf, NativeFailure } from "./native-host.ts";

/** What the cache of compiled kernels holds. */
export interface CacheStatus {
  readonly directory: string;
  readonly files: number;
  readonly bytes: number;
}

const maximumBytes = 256 * 2 ** 20;
const day = 86_400_000;
const objectName = /^[0-9a-f]{64}\.so$/;

/**
 * Files of the user's cache directory: objects named by the hash of their bytes, and notes. Everything is checked when it
 * is read, and appears under its name whole or not at all, so that processes can share the directory.
 */
export class NativeCache {
  readonly directory: string;
  private readonly host: Host;
  private readonly verified = new Set<string>();

  /** Makes the directory, or throws for one that cannot be used: another user's, a link, or not writable. */
  constructor(host: Host, directory: string = cacheDirectory(host)) {
    this.host = host;
    this.directory = directory;
    try {
      host.fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
      this.checkOwner();
      host.fs.accessSync(directory, host.fs.constants.R_OK | host.fs.constants.W_OK | host.fs.constants.X_OK);
    } catch (error) {
      if (error instanceof NativeFailure) throw error;
      throw this.unusable(messageOf(error));
    }
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
      const hash = hashOf(this.host, fs.readFileSync(file));
      fs.renameSync(file, this.pathOf(`${hash}.so`));
      this.verified.add(hash);
      return hash;
    });
  }

  removeObject(hash: string): void {
    this.verified.delete(hash);
    this.host.fs.rmSync(this.pathOf(`${hash}.so`), { force: true });
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
      fs.writeFileSync(temporary, `${hashOf(this.host, name, body)}\n${body}`, { mode: 0o600 });
      fs.renameSync(temporary, this.pathOf(name));
    });
  }

  /** A directory of its own for a compiler, which `use` may fill; it is removed behind it. */
  withWorkplace<T>(use: (directory: string) => T): T {
    const { fs } = this.host;
    const directory = this.pathOf(this.temporaryName());
    return this.writing(() => {
      fs.mkdirSync(directory, { mode: 0o700 });
      try {
        return use(directory);
      } finally {
        fs.rmSync(directory, { recursive: true, force: true });
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

  clear(): void {
    this.verified.clear();
    for (const { path } of this.list()) this.host.fs.rmSync(path, { recursive: true, force: true });
  }

  /** Removes what was not used for longest when the directory has grown too large, and what broken-off runs left. */
  tidy(): void {
    const { fs } = this.host;
    const files = this.list().sort((a, b) => a.modified - b.modified);
    let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const isLarge = bytes > maximumBytes;
    for (const file of files) {
      const isLeftOver = file.name.startsWith("tmp-") && Date.now() - file.modified > day;
      if (!isLeftOver && !(isLarge && bytes > maximumBytes / 2)) continue;
      fs.rmSync(file.path, { recursive: true, force: true });
      if (objectName.test(file.name)) this.verified.delete(file.name.slice(0, 64));
      bytes -= file.bytes;
    }
  }

  private list(): { name: string; path: string; bytes: number; modified: number }[] {
    const { fs } = this.host;
    return fs.readdirSync(this.directory).flatMap((name) => {
      const path = this.pathOf(name);
      const facts = fs.lstatSync(path, { throwIfNoEntry: false });
      return facts === undefined ? [] : [{ name, path, bytes: facts.size, modified: facts.mtimeMs }];
    });
  }

  private checkOwner(): void {
    const { fs, process } = this.host;
    const facts = fs.lstatSync(this.directory);
    if (!facts.isDirectory()) throw this.unusable("it is no directory");
    if (process.getuid !== undefined && facts.uid !== process.getuid()) {
      throw this.unusable("it belongs to another user, who could put code there");
    }
    if ((facts.mode & 0o077) !== 0) fs.chmodSync(this.directory, 0o700);
  }

  // Files that are used move to the end of the order in which they are removed.
  private keepYoung(path: string): void {
    const { fs } = this.host;
    try {
      const now = Date.now();
      if (now - fs.statSync(path).mtimeMs > day) fs.utimesSync(path, now / 1000, now / 1000);
    } catch {
      // Another process removed it: loading it fails, and it is compiled again.
    }
  }

  // A full disk, or a directory that somebody removed.
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
      "set XDG_CACHE_HOME to a directory of your own",
    );
  }
}

/** $XDG_CACHE_HOME/neurite or ~/.cache/neurite. */
export function cacheDirectory({ path, os, process }: Host): string {
  const { XDG_CACHE_HOME: home } = process.env;
  const root = home !== undefined && path.isAbsolute(home) ? home : path.join(os.homedir(), ".cache");
  return path.join(root, "neurite");
}
