import type { KernelText, SharedText, Target } from "../../lang/kernel/rendered.ts";
import type { NativeCache } from "./native-cache.ts";
import type { NativeCompiler } from "./native-compiler.ts";
import { type Host, hashOf, NativeFailure } from "./native-host.ts";

/** A variable of a library that points at a function of another one. */
interface Link {
  readonly variable: string;
  readonly library: string;
  readonly name: string;
}

/** Links a library, and puts its functions, by name, into positions of a table; the result is what went wrong. */
type Install = (
  path: string,
  symbols: readonly string[],
  positions: readonly number[],
  links: readonly Link[],
) => string | undefined;

/** Functions that units link to: compiled once, whatever kernels there are. */
interface Library {
  /** Names its note in the cache: the hash of its unit. */
  readonly name: string;
  readonly unit: string;
  readonly functions: readonly string[];
}

/** A kernel on its way into the table. */
interface Piece {
  readonly position: number;
  /** Names the function and its note in the cache: the hash of all that its code depends on. */
  readonly symbol: string;
  readonly shared: readonly SharedText[];
  readonly text: string;
  readonly library: Library | undefined;
}

// A compiler starts in the time it takes to compile about so much text.
const textPerUnit = 12_000;

/** Turns kernels into functions: from the cache, or compiled in a few translation units at once. */
export class NativeWorkshop {
  private readonly host: Host;
  private readonly cache: NativeCache;
  private readonly compiler: NativeCompiler;
  private readonly prelude: string;
  private readonly identity: string;
  private readonly libraries = new Map<string, Library>();

  constructor(host: Host, cache: NativeCache, compiler: NativeCompiler, prelude: string) {
    this.host = host;
    this.cache = cache;
    this.compiler = compiler;
    this.prelude = prelude;
    this.identity = hashOf(host, compiler.identity, prelude);
  }

  get target(): Target {
    return this.compiler.target;
  }

  /** Opens a translation unit as a library. */
  use<T>(unit: string, open: (path: string) => T): T {
    const name = `u${hashOf(this.host, this.identity, unit)}`;
    const known = this.cache.note(name);
    const path = known === undefined ? undefined : this.cache.object(known);
    if (known !== undefined && path !== undefined) {
      try {
        return open(path);
      } catch {
        // It is whole, but not what it should be: compiled again.
        this.cache.removeObject(known);
      }
    }
    const [object] = this.build([unit]);
    this.cache.setNote(name, object);
    return open(this.pathOf(object));
  }

  /** Installs kernels; what the cache does not have is compiled. */
  install(kernels: readonly KernelText[], install: Install): void {
    const missing: Piece[] = [];
    const found = new Map<string, Piece[]>();
    const pieces = kernels.map((kernel, position) => this.pieceOf(kernel, position));
    for (const piece of pieces) {
      const object = this.knownObject(piece.symbol);
      if (object === undefined) missing.push(piece);
      else append(found, object, piece);
    }
    const libraries = librariesOf(pieces).filter(({ name }) => this.knownObject(name) === undefined);
    this.compile(libraries, missing, install);
    const damaged: Piece[] = [];
    for (const [object, pieces] of found) {
      if (this.installFrom(object, pieces, install) === undefined) continue;
      // It is whole, but not what it should be: compiled again, with what it links to.
      this.cache.removeObject(object);
      damaged.push(...pieces);
    }
    this.compile(librariesOf(damaged), damaged, install);
  }

  // Compiles libraries and kernels at the same time, notes where they are, and installs the kernels.
  private compile(libraries: readonly Library[], pieces: readonly Piece[], install: Install): void {
    if (libraries.length + pieces.length === 0) return;
    const units = this.divide(pieces);
    const objects = this.build([
      ...libraries.map(({ unit }) => unit),
      ...units.map((pieces) => this.unitOf(pieces)),
    ]);
    libraries.forEach(({ name }, k) => {
      this.cache.setNote(name, objects[k]);
    });
    units.forEach((pieces, k) => {
      const object = objects[libraries.length + k];
      const problem = this.installFrom(object, pieces, install);
      if (problem !== undefined) throw new NativeFailure(`a library that cannot be loaded: ${problem}`);
      for (const { symbol } of pieces) this.cache.setNote(symbol, object);
    });
    this.cache.tidy();
  }

  // The object that a name stands for, if it is there.
  private knownObject(name: string): string | undefined {
    const object = this.cache.note(name);
    return object === undefined || this.cache.object(object) === undefined ? undefined : object;
  }

  private pieceOf(kernel: KernelText, position: number): Piece {
    const { shared } = kernel;
    const text = kernel.define();
    const sources = shared.map(({ source }) => source);
    const hash = hashOf(this.host, this.identity, ...sources, text);
    return { position, symbol: `k${hash.slice(0, 40)}`, shared, text, library: this.libraryOf(shared) };
  }

  // What a kernel links to.
  private libraryOf(shared: readonly SharedText[]): Library | undefined {
    const texts = shared.filter(({ library }) => library !== undefined);
    if (texts.length === 0) return undefined;
    const key = texts.map(({ key }) => key).join();
    const known = this.libraries.get(key);
    if (known !== undefined) return known;
    const unit = ["#define LINKED", this.prelude, ...texts.map(({ source }) => source)].join("\n");
    const functions = texts.filter(({ library }) => library?.isCalled).map(({ key }) => key);
    const library = { name: `l${hashOf(this.host, this.identity, unit)}`, unit, functions };
    this.libraries.set(key, library);
    return library;
  }

  private installFrom(object: string, pieces: readonly Piece[], install: Install): string | undefined {
    return install(
      this.pathOf(object),
      pieces.map(({ symbol }) => symbol),
      pieces.map(({ position }) => position),
      librariesOf(pieces).flatMap(({ name: note, functions }) => {
        const library = this.pathOf(this.cache.note(note) ?? "");
        return functions.map((name) => ({ variable: `linked_${name}`, library, name }));
      }),
    );
  }

  // Units of about the same length, as many as there are processors, unless that is not worth a compiler's start.
  private divide(pieces: readonly Piece[]): Piece[][] {
    const total = pieces.reduce((sum, { text }) => sum + text.length, 0);
    const processors = this.host.os.availableParallelism();
    const count = Math.min(processors, Math.ceil(total / textPerUnit), pieces.length);
    const units = Array.from({ length: count }, (): { length: number; pieces: Piece[] } => ({
      length: 0,
      pieces: [],
    }));
    for (const piece of [...pieces].sort((a, b) => b.text.length - a.text.length)) {
      const shortest = units.reduce((best, unit) => (unit.length < best.length ? unit : best));
      shortest.pieces.push(piece);
      shortest.length += piece.text.length;
    }
    return units.map((unit) => unit.pieces);
  }

  private unitOf(pieces: readonly Piece[]): string {
    const shared = new Map<string, string>();
    for (const piece of pieces) {
      for (const { key, source, library } of piece.shared) shared.set(key, library?.declaration ?? source);
    }
    // Kernels that differ in their keys may have the same text.
    const functions = new Map(
      pieces.map(({ symbol, text }) => [symbol, `#define KERNEL ${symbol}\n${text}\n#undef KERNEL\n`]),
    );
    return [this.prelude, ...shared.values(), ...functions.values()].join("\n");
  }

  private build(units: readonly string[]): string[] {
    return this.compiler.compile(this.cache, units, (libraries) =>
      libraries.map((path) => this.cache.addObject(path)),
    );
  }

  private pathOf(object: string): string {
    const path = this.cache.object(object);
    if (path === undefined)
      throw new NativeFailure(`a compiled object that is gone from ${this.cache.directory}`);
    return path;
  }
}

function librariesOf(pieces: readonly Piece[]): Library[] {
  return [...new Set(pieces.flatMap(({ library }) => library ?? []))];
}

function append(map: Map<string, Piece[]>, key: string, piece: Piece): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [piece]);
  else list.push(piece);
}
