import { ByteWriter } from "./encoder-bytes.ts";
import { FunctionBuilder } from "./encoder-function.ts";
import { type FunctionReference, type Signature, valueTypeCodes } from "./encoder-types.ts";

export type { FunctionBuilder, Label, Local, Operand } from "./encoder-function.ts";
export type { FunctionReference, Signature, ValueType } from "./encoder-types.ts";

/** What a module imports besides functions. */
export interface ModuleOptions {
  /** Declares the imported memory `env.memory` shared, with this maximum in pages. */
  readonly sharedMaximum?: number | undefined;
  /** Imports the function table `env.table`. */
  readonly table?: boolean;
}

/** The signature of every kernel: the address of its arguments, and which part of how many of the work to do. */
export const kernelSignature: Signature = { parameters: ["i32", "i32", "i32"], results: [] };

/** The signature of functions that take an address. */
export const addressSignature: Signature = { parameters: ["i32"], results: [] };

/** A WebAssembly module under construction, with one imported memory (`env.memory`). */
export class ModuleBuilder {
  readonly #options: ModuleOptions;
  readonly #types: Signature[] = [];
  readonly #typeIndices = new Map<string, number>();
  readonly #imports = new Map<string, FunctionReference>();
  readonly #helpers = new Map<string, FunctionReference>();
  readonly #functions: { readonly type: number; readonly builder: FunctionBuilder }[] = [];
  readonly #exports: { readonly name: string; readonly reference: FunctionReference }[] = [];

  constructor(options: ModuleOptions = {}) {
    this.#options = options;
  }

  /** A function imported under `module.name`; the same import is declared once. */
  importFunction(module: string, name: string, signature: Signature): FunctionReference {
    const key = `${module}.${name}`;
    const known = this.#imports.get(key);
    if (known !== undefined) return known;
    const reference = { signature, imported: { module, name }, position: this.#imports.size };
    this.#imports.set(key, reference);
    return reference;
  }

  /** The functions that instantiation must provide. */
  importedFunctions(): FunctionReference[] {
    return [...this.#imports.values()];
  }

  /** Defines a function, which may call itself; with a name it is exported. */
  define(
    exportName: string | undefined,
    signature: Signature,
    body: (f: FunctionBuilder, self: FunctionReference) => void,
  ): FunctionReference {
    const builder = new FunctionBuilder(signature, (type) => this.#typeIndex(type));
    const reference = { signature, imported: undefined, position: this.#functions.length };
    this.#functions.push({ type: this.#typeIndex(signature), builder });
    if (exportName !== undefined) this.#exports.push({ name: exportName, reference });
    body(builder, reference);
    return reference;
  }

  /** A function that several kernels of the module share, defined at its first use. */
  helper(key: string, signature: Signature, body: (f: FunctionBuilder) => void): FunctionReference {
    const known = this.#helpers.get(key);
    if (known !== undefined) return known;
    const reference = this.define(undefined, signature, body);
    this.#helpers.set(key, reference);
    return reference;
  }

  #typeIndex(signature: Signature): number {
    const key = `${signature.parameters.join()}:${signature.results.join()}`;
    const known = this.#typeIndices.get(key);
    if (known !== undefined) return known;
    const index = this.#types.push(signature) - 1;
    this.#typeIndices.set(key, index);
    return index;
  }

  /** The encoded module. */
  finish(): Uint8Array<ArrayBuffer> {
    const imported = this.importedFunctions();
    const indexOf = (reference: FunctionReference): number =>
      reference.position + (reference.imported === undefined ? imported.length : 0);
    // Imports may name types that no function has yet: the type section is written after they are numbered.
    const importTypes = imported.map((reference) => this.#typeIndex(reference.signature));

    const out = new ByteWriter();
    out.append([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
    section(out, 1, this.#types, (w, type) => {
      w.byte(0x60);
      for (const list of [type.parameters, type.results]) {
        w.unsigned(list.length);
        for (const valueType of list) w.byte(valueTypeCodes[valueType]);
      }
    });
    const { sharedMaximum, table } = this.#options;
    const importWriters: ((w: ByteWriter) => void)[] = [(w) => importMemory(w, sharedMaximum)];
    if (table) importWriters.push(importTable);
    imported.forEach((reference, position) => {
      importWriters.push((w) => {
        w.text(reference.imported?.module ?? "");
        w.text(reference.imported?.name ?? "");
        w.byte(0x00);
        w.unsigned(importTypes[position]);
      });
    });
    section(out, 2, importWriters, (w, write) => write(w));
    section(out, 3, this.#functions, (w, f) => w.unsigned(f.type));
    section(out, 7, this.#exports, (w, { name, reference }) => {
      w.text(name);
      w.byte(0x00);
      w.unsigned(indexOf(reference));
    });
    section(out, 10, this.#functions, (w, f) => f.builder.write(w, indexOf));
    return out.finish();
  }
}

function importMemory(w: ByteWriter, sharedMaximum: number | undefined): void {
  w.text("env");
  w.text("memory");
  w.byte(0x02);
  w.byte(sharedMaximum === undefined ? 0x00 : 0x03);
  w.unsigned(1);
  if (sharedMaximum !== undefined) w.unsigned(sharedMaximum);
}

function importTable(w: ByteWriter): void {
  w.text("env");
  w.text("table");
  w.append([0x01, 0x70, 0x00, 0x00]);
}

function section<T>(
  out: ByteWriter,
  id: number,
  items: readonly T[],
  write: (w: ByteWriter, item: T) => void,
): void {
  if (items.length === 0) return;
  out.byte(id);
  out.sized(() => {
    out.unsigned(items.length);
    for (const item of items) write(out, item);
  });
}
