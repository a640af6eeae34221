/** A WebAssembly value type. */
export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128";

/** The parameters and results of a function. */
export interface Signature {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** A function of a module that calls refer to; its index is known when the module is finished. */
export interface FunctionReference {
  readonly signature: Signature;
  /** The import it comes from, if it is one. */
  readonly imported: { readonly module: string; readonly name: string } | undefined;
  /** Its position among the imported, or among the defined functions. */
  readonly position: number;
}

/** The byte of each value type. */
export const valueTypeCodes: Readonly<Record<ValueType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
};
