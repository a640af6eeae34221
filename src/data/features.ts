import { NeuriteError, unknownName } from "../base/error.ts";
import { type Tensor, tensor } from "../tensor/index.ts";
import { columnOf, type Table, type TextColumn } from "./csv.ts";

/** What a model reads from one column: a number, or one of the categories of a text, as zeros and a single one. */
export interface Feature {
  readonly name: string;
  /** The texts that occur, sorted; absent for numbers. */
  readonly categories?: readonly string[];
}

/**
 * The features of a table's columns, in their order: what `encodeFeatures` needs to read other tables alike.
 *
 * @example
 * ```ts
 * import { featuresOf, readCsv } from "neurite/data";
 *
 * const table = await readCsv("width,kind\n1.5,rose\n2,tulip\n");
 * featuresOf(table, ["width", "kind"]); // [{ name: "width" }, { name: "kind", categories: ["rose", "tulip"] }]
 * ```
 */
export function featuresOf(table: Table, names: readonly string[]): Feature[] {
  return names.map((name) => {
    const column = columnOf(table, name);
    return column.kind === "number" ? { name } : { name, categories: categoriesOf(column) };
  });
}

/**
 * The texts that occur in a column, sorted.
 *
 * @example
 * ```ts
 * import { categoriesOf } from "neurite/data";
 *
 * categoriesOf({ kind: "text", name: "kind", values: ["tulip", "rose", "tulip"] }); // ["rose", "tulip"]
 * ```
 */
export function categoriesOf(column: TextColumn): string[] {
  return [...new Set(column.values)].sort();
}

/**
 * How many numbers the features of one example take.
 *
 * @example
 * ```ts
 * import { featureWidth } from "neurite/data";
 *
 * featureWidth([{ name: "width" }, { name: "kind", categories: ["rose", "tulip"] }]); // 3
 * ```
 */
export function featureWidth(features: readonly Feature[]): number {
  return features.reduce((width, { categories }) => width + (categories?.length ?? 1), 0);
}

/**
 * The features of every row, f32 [rows, featureWidth]; columns are found by name, others are left aside.
 *
 * Throws a NeuriteError for a column that is missing or of another kind, and for a text that is none of the categories.
 *
 * @example
 * ```ts
 * import { encodeFeatures, featuresOf, readCsv } from "neurite/data";
 *
 * const table = await readCsv("width,kind\n1.5,rose\n2,tulip\n");
 * encodeFeatures(table, featuresOf(table, ["width", "kind"])); // [[1.5, 1, 0], [2, 0, 1]]
 * ```
 */
export function encodeFeatures(table: Table, features: readonly Feature[]): Tensor {
  const width = featureWidth(features);
  const rows = table.lines.length;
  const encoded = new Float32Array(rows * width);
  let offset = 0;
  for (const { name, categories } of features) {
    if (categories === undefined) {
      const values = numbersOf(table, name);
      for (let row = 0; row < rows; row++) encoded[row * width + offset] = values[row];
    } else {
      const positions = encodeCategories(table, name, categories);
      for (let row = 0; row < rows; row++) encoded[row * width + offset + positions[row]] = 1;
    }
    offset += categories?.length ?? 1;
  }
  return tensor(encoded, { shape: [rows, width] });
}

/**
 * The values of a column of numbers. Throws a NeuriteError for a column of texts, naming its first line.
 *
 * @example
 * ```ts
 * import { numbersOf, readCsv } from "neurite/data";
 *
 * const table = await readCsv("width,kind\n1.5,rose\n2,tulip\n");
 * numbersOf(table, "width"); // [1.5, 2]
 * ```
 */
export function numbersOf(table: Table, name: string): Float64Array {
  const column = columnOf(table, name);
  if (column.kind === "number") return column.values;
  throw new NeuriteError({
    operation: "features",
    got: `line ${table.lines[0]}, column '${name}': the text '${column.values[0]}'`,
    expected: "a column of numbers",
  });
}

/**
 * The positions of a column's values among `categories`. Throws a NeuriteError that names line and column of another
 * value.
 *
 * @example
 * ```ts
 * import { encodeCategories, readCsv } from "neurite/data";
 *
 * const table = await readCsv("width,kind\n1.5,rose\n2,tulip\n");
 * encodeCategories(table, "kind", ["rose", "tulip"]); // [0, 1]
 * ```
 */
export function encodeCategories(table: Table, name: string, categories: readonly string[]): Int32Array {
  const column = columnOf(table, name);
  const positions = new Map(categories.map((category, i) => [category, i]));
  const texts = column.kind === "text" ? column.values : Array.from(column.values, String);
  return Int32Array.from(texts, (text, row) => {
    const position = positions.get(text);
    if (position === undefined) {
      throw unknownName(`line ${table.lines[row]}, column '${name}'`, text, categories);
    }
    return position;
  });
}
