import {
  breastCancer,
  diabetes,
  iris,
  type ShippedClasses,
  type ShippedTable,
  type Table,
  wine,
} from "../data/index.ts";
import { heldOutDigits } from "./digits.ts";
import { divideTable, selectRows } from "./table.ts";

const tables: Readonly<Record<string, () => Promise<ShippedTable | ShippedClasses>>> = {
  iris,
  wine,
  breastCancer,
  diabetes,
};

/** The names of the data that come with this package. */
export const shippedNames: readonly string[] = ["digits", ...Object.keys(tables)];

/** A table that comes with this package, and the column to predict; undefined for another name. */
export async function shippedTable(name: string): Promise<{ table: Table; target: string } | undefined> {
  if (!Object.hasOwn(tables, name)) return undefined;
  const examples = await tables[name]();
  const { x, y, featureNames, targetName } = examples;
  const [count, width] = x.shape;
  const [values, targets] = [x.dataSync(), y.dataSync()];
  const columns = featureNames.map((name, i) => {
    // The decimal number that f32 stands for.
    const decimal = (row: number): number => Number(values[row * width + i].toPrecision(7));
    return {
      kind: "number" as const,
      name,
      values: Float64Array.from({ length: count }, (_, row) => decimal(row)),
    };
  });
  const target =
    "classNames" in examples
      ? {
          kind: "text" as const,
          name: targetName,
          values: Array.from(targets, (k) => examples.classNames[k]),
        }
      : { kind: "number" as const, name: targetName, values: Float64Array.from(targets) };
  const lines = Array.from({ length: count }, (_, row) => row + 1);
  return { table: { columns: [...columns, target], lines }, target: targetName };
}

/** The examples of a name that a seed holds out, with their targets. */
export async function heldOutExamples(name: string, seed: number): Promise<Table | undefined> {
  if (name === "digits") return await heldOutDigits(seed);
  const shipped = await shippedTable(name);
  if (shipped === undefined) return undefined;
  const { table, target } = shipped;
  return selectRows(table, divideTable(table, target, seed).heldOut);
}

/** What the examples held out of some data are called: those of the digits are looked at once, others after each epoch. */
export function heldOutName(data: string): "test" | "validation" {
  return data === "digits" ? "test" : "validation";
}
