import { checkOptions, NeuriteError, unknownName } from "../base/error.ts";
import { loadOptional } from "../base/optional.ts";

/** A column of numbers. */
export interface NumberColumn {
  readonly kind: "number";
  readonly name: string;
  readonly values: Float64Array;
}

/** A column of texts. */
export interface TextColumn {
  readonly kind: "text";
  readonly name: string;
  readonly values: readonly string[];
}

/** One column of a table. */
export type Column = NumberColumn | TextColumn;

/** A table: named columns of equal length. */
export interface Table {
  readonly columns: readonly Column[];
  /** For every row the line of the file where it starts, counted from 1. */
  readonly lines: readonly number[];
}

/** How a CSV file is read. */
export interface CsvOptions {
  /** What columns hold, by name. Default: numbers if most cells are numbers, otherwise texts. */
  readonly kinds?: Readonly<Record<string, Column["kind"]>>;
}

interface Row {
  readonly line: number;
  readonly cells: readonly string[];
}

const numberPattern = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** What people write where a value is missing, in lower case. */
const missingMarks = ["", "na", "n/a", "nan", "null", "none", "?"];

/**
 * Reads a CSV file, given as text or as bytes in UTF-8: the first line names the columns; the delimiter is
 * that of the first line: comma, semicolon, tab or bar. Needs the optional package papaparse.
 *
 * Throws a NeuriteError that names line and column for rows of another length, for missing values and for text in a
 * column of numbers.
 *
 * @example
 * ```ts
 * import { readCsv } from "neurite/data";
 *
 * const { columns } = await readCsv("width,kind\n1.5,rose\n2,tulip\n");
 * console.log(columns[0].values, columns[1].values); // [1.5, 2] and ["rose", "tulip"]
 * ```
 */
export async function readCsv(source: string | Uint8Array, options: CsvOptions = {}): Promise<Table> {
  checkOptions("readCsv", options, ["kinds"]);
  const [header, ...rows] = await readRows(typeof source === "string" ? source : decode(source));
  if (header === undefined || rows.length === 0) {
    throw new NeuriteError({
      operation: "readCsv",
      got: header === undefined ? "an empty file" : "a header without rows",
      expected: "a line of column names and at least one row",
    });
  }
  const names = readNames(header);
  const { kinds = {} } = options;
  for (const name of Object.keys(kinds)) {
    if (!names.includes(name)) throw unknownName("readCsv: column", name, names);
  }
  for (const row of rows) checkLength(row, names);
  const columns = names.map((name, i) => readColumn(name, i, rows, kinds[name]));
  return { columns, lines: rows.map((row) => row.line) };
}

/**
 * The column of a name. Throws a NeuriteError that suggests the closest name.
 *
 * @example
 * ```ts
 * import { columnOf, readCsv } from "neurite/data";
 *
 * const table = await readCsv("width,kind\n1.5,rose\n2,tulip\n");
 * columnOf(table, "width").values; // [1.5, 2]
 * ```
 */
export function columnOf(table: Table, name: string): Column {
  const column = table.columns.find((each) => each.name === name);
  if (column === undefined) {
    throw unknownName(
      "column",
      name,
      table.columns.map((each) => each.name),
    );
  }
  return column;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new NeuriteError({
      operation: "readCsv",
      got: "bytes that are no text",
      expected: "text in UTF-8",
    });
  }
}

/** The rows that are not blank, each with the line where it starts: cells in quotes may hold line ends. */
async function readRows(source: string): Promise<Row[]> {
  const { default: papaparse } = await loadOptional("readCsv", "papaparse", () => import("papaparse"));
  const text = source.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
  const { data, errors } = papaparse.parse<string[]>(text, { newline: "\n", delimiter: delimiterOf(text) });
  const rows: Row[] = [];
  let line = 1;
  for (const [i, cells] of data.entries()) {
    const problem = errors.find(({ type, row }) => type === "Quotes" && row === i);
    if (problem !== undefined) {
      throw new NeuriteError({
        operation: "readCsv",
        got: `line ${line}: ${problem.message.toLowerCase()}`,
        expected: "quotes in pairs around a cell, and doubled inside it",
      });
    }
    if (cells.length > 1 || cells[0].trim() !== "") rows.push({ line, cells });
    for (const cell of cells) line += cell.split("\n").length - 1;
    line++;
  }
  return rows;
}

/** The delimiter that divides the first line into the most cells. */
function delimiterOf(text: string): string {
  const [header = ""] = text.match(/\S.*/) ?? [];
  const bare = header.replace(/"[^"]*"/g, "");
  const counts = [",", ";", "\t", "|"].map((mark) => ({ mark, count: bare.split(mark).length }));
  return counts.reduce((best, each) => (each.count > best.count ? each : best)).mark;
}

function readNames({ line, cells }: Row): string[] {
  const names = cells.map((cell) => cell.trim());
  for (const [i, name] of names.entries()) {
    const first = names.indexOf(name);
    if (name !== "" && first === i) continue;
    throw new NeuriteError({
      operation: "readCsv",
      got: `line ${line}: ${name === "" ? `column ${i + 1} without a name` : `columns ${first + 1} and ${i + 1} are both named '${name}'`}`,
      expected: "a name of its own for each column",
    });
  }
  return names;
}

function checkLength({ line, cells }: Row, names: readonly string[]): void {
  if (cells.length === names.length) return;
  const where =
    cells.length < names.length
      ? `nothing for column '${names[cells.length]}'`
      : "cells beyond the last column";
  throw new NeuriteError({
    operation: "readCsv",
    got: `line ${line} with ${cells.length} cells, ${where}`,
    expected: `${names.length} cells, as the header has`,
  });
}

function readColumn(name: string, index: number, rows: readonly Row[], wanted?: Column["kind"]): Column {
  const cells = rows.map((row) => row.cells[index].trim());
  const fail = (row: number, got: string, expected: string, hint?: string): NeuriteError =>
    new NeuriteError({
      operation: "readCsv",
      got: `line ${rows[row].line}, column '${name}': ${got}`,
      expected,
      ...(hint === undefined ? {} : { hint }),
    });
  const missing = cells.findIndex((cell) => missingMarks.includes(cell.toLowerCase()));
  if (missing >= 0) {
    const cell = cells[missing];
    throw fail(missing, cell === "" ? "no value" : `'${cell}'`, "a value", "fill it in or leave the row out");
  }
  const numbers = cells.filter((cell) => numberPattern.test(cell)).length;
  const kind = wanted ?? (2 * numbers > cells.length ? "number" : "text");
  if (kind === "text") return { kind, name, values: cells };
  const odd = cells.findIndex((cell) => !numberPattern.test(cell) || !Number.isFinite(Number(cell)));
  if (odd >= 0) {
    const hint = `correct it, or read the column as text: { kinds: { ${JSON.stringify(name)}: "text" } }`;
    throw fail(odd, `the text '${cells[odd]}'`, `a number, as ${numbers} of ${cells.length} rows have`, hint);
  }
  return { kind, name, values: Float64Array.from(cells, Number) };
}
