import type { DType, TypedArray } from "../base/dtype.ts";
import { type Shape, sizeOf, stridesOf } from "../base/shape.ts";
import { formatType, type TensorType } from "../base/type.ts";

const lineWidth = 75;
const summarizeAbove = 1000;
const edgeItems = 3;
const precision = 8;
/** From here on a column is printed in scientific notation, as NumPy 2 does. */
const positionalBelow = { f32: 1e6, f64: 1e8 };

/**
 * A tensor as text, laid out as NumPy does: `tensor f32[2, 2]` and the elements in aligned columns.
 *
 * Over 1000 elements only the first and last three along each axis are shown.
 */
export function formatTensor(type: TensorType, data: TypedArray): string {
  const header = `tensor ${formatType(type)}`;
  if (type.shape.length === 0) return `${header} ${formatScalar(type.dtype, data[0])}`;
  if (data.length === 0) return `${header} []`;
  const body = formatElements(type, data);
  const breaks = body.includes("\n") || header.length + 1 + body.length > lineWidth;
  return breaks ? `${header}\n${body}` : `${header} ${body}`;
}

/** One number as NumPy prints a scalar: `0.1`, `3.0`, `1e-08`; truth values as `true` and `false`. */
export function formatScalar(dtype: DType, value: number): string {
  if (dtype === "bool") return value === 0 ? "false" : "true";
  if (dtype !== "f32" && dtype !== "f64") return String(value);
  if (!Number.isFinite(value)) return formatNonFinite(value);
  const { negative, digits, exponent } = shortest(dtype, value);
  const sign = negative ? "-" : "";
  if (value !== 0 && (exponent < -4 || exponent >= 16)) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    return `${sign}${digits[0]}${fraction}e${formatExponent(exponent, 2)}`;
  }
  const { whole, fraction } = positional({ negative, digits, exponent });
  return `${whole}.${fraction === "" ? "0" : fraction}`;
}

function formatElements(type: TensorType, data: TypedArray): string {
  const { shape } = type;
  const strides = stridesOf(shape);
  const summarize = sizeOf(shape) > summarizeAbove;
  const shown = shape.map((extent) => shownIndices(extent, summarize));
  const values: number[] = [];
  const collect = (axis: number, offset: number): void => {
    if (axis === shape.length) values.push(data[offset]);
    else for (const i of shown[axis]) if (i >= 0) collect(axis + 1, offset + i * strides[axis]);
  };
  collect(0, 0);
  const words = formatColumn(type.dtype, values);
  let next = 0;
  const layOut = (axis: number): string => {
    const indent = " ".repeat(axis + 1);
    if (axis === shape.length - 1) {
      const row = shown[axis].map((i) => (i < 0 ? "..." : words[next++]));
      return `[${wrap(row, indent, lineWidth - shape.length)}]`;
    }
    const blocks = shown[axis].map((i) => (i < 0 ? "..." : layOut(axis + 1)));
    return `[${blocks.join("\n".repeat(shape.length - 1 - axis) + indent)}]`;
  };
  return layOut(0);
}

/** The indices to print along an axis; -1 stands for the dots. */
function shownIndices(extent: Shape[number], summarize: boolean): number[] {
  if (!summarize || extent <= 2 * edgeItems) return Array.from({ length: extent }, (_, i) => i);
  return [0, 1, 2, -1, extent - 3, extent - 2, extent - 1];
}

function wrap(words: readonly string[], indent: string, width: number): string {
  const lines: string[] = [];
  let line = indent;
  for (const [i, word] of words.entries()) {
    if (line.length + word.length > width && line.length > indent.length) {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += i === words.length - 1 ? word : `${word} `;
  }
  lines.push(line);
  return lines.join("\n").slice(indent.length);
}

function formatColumn(dtype: DType, values: readonly number[]): string[] {
  if (dtype !== "f32" && dtype !== "f64") return align(values.map((value) => formatScalar(dtype, value)));
  const sizes = values.filter((value) => Number.isFinite(value) && value !== 0).map(Math.abs);
  const largest = sizes.reduce((a, b) => Math.max(a, b), 0);
  const smallest = sizes.reduce((a, b) => Math.min(a, b), Infinity);
  const scientific =
    sizes.length > 0 && (largest >= positionalBelow[dtype] || smallest < 1e-4 || largest / smallest > 1000);
  return align(scientific ? scientificColumn(dtype, values) : positionalColumn(dtype, values));
}

function align(words: readonly string[]): string[] {
  const width = words.reduce((sofar, word) => Math.max(sofar, word.length), 0);
  return words.map((word) => word.padStart(width));
}

function positionalColumn(dtype: "f32" | "f64", values: readonly number[]): string[] {
  const parts = values.map((value) =>
    Number.isFinite(value)
      ? positional(rounded(dtype, value, (d) => d.digits.length - 1 - d.exponent))
      : value,
  );
  const width = widest(parts.map((part) => (typeof part === "number" ? "" : part.fraction)));
  return parts.map((part) =>
    typeof part === "number" ? formatNonFinite(part) : `${part.whole}.${part.fraction.padEnd(width)}`,
  );
}

function scientificColumn(dtype: "f32" | "f64", values: readonly number[]): string[] {
  const finite = values
    .filter(Number.isFinite)
    .map((value) => rounded(dtype, value, (d) => d.digits.length - 1));
  const fraction = widest(finite.map((part) => part.digits.slice(1)));
  const exponent = Math.max(2, widest(finite.map((part) => String(Math.abs(part.exponent)))));
  // Shorter numbers are filled up with their exact digits, not with zeros.
  return values.map((value) => {
    if (!Number.isFinite(value)) return formatNonFinite(value);
    const [mantissa, power] = value.toExponential(fraction).split("e");
    const sign = Object.is(value, -0) ? "-" : "";
    return `${sign}${mantissa}${fraction === 0 ? "." : ""}e${formatExponent(Number(power), exponent)}`;
  });
}

function widest(words: readonly string[]): number {
  return words.reduce((sofar, word) => Math.max(sofar, word.length), 0);
}

/** ±digits[0].digits[1…] · 10^exponent, without trailing zeros. */
interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: number;
}

/** The fewest digits that read back as the same number of the dtype. */
function shortest(dtype: "f32" | "f64", value: number): Decimal {
  let text = value.toExponential();
  if (dtype === "f32") {
    // Nine significant digits tell any two f32 apart.
    for (let digits = 0; digits <= 8; digits++) {
      text = value.toExponential(digits);
      if (Math.fround(Number(text)) === value) break;
    }
  }
  return parseDecimal(text, value);
}

/** The shortest digits, cut to `precision` where `fractionDigits` says there are more. */
function rounded(dtype: "f32" | "f64", value: number, fractionDigits: (decimal: Decimal) => number): Decimal {
  const decimal = shortest(dtype, value);
  const excess = fractionDigits(decimal) - precision;
  if (excess <= 0) return decimal;
  const kept = decimal.digits.length - 1 - excess;
  // A number below half of the last place shown rounds to one unit of it or to none.
  if (kept < 0) return parseDecimal(Number(value.toFixed(precision)).toExponential(), value);
  return parseDecimal(value.toExponential(kept), value);
}

function parseDecimal(text: string, value: number): Decimal {
  const [mantissa, exponent] = text.replace("-", "").split(/e-?\+?/);
  const negative = value < 0 || Object.is(value, -0);
  const digits = mantissa.replace(".", "").replace(/(?!^)0+$/, "");
  return { negative, digits, exponent: text.includes("e-") ? -Number(exponent) : Number(exponent) };
}

function positional({ negative, digits, exponent }: Decimal): { whole: string; fraction: string } {
  const sign = negative ? "-" : "";
  if (digits === "0") return { whole: `${sign}0`, fraction: "" };
  if (exponent < 0) return { whole: `${sign}0`, fraction: "0".repeat(-exponent - 1) + digits };
  const padded = digits.padEnd(exponent + 1, "0");
  return { whole: sign + padded.slice(0, exponent + 1), fraction: padded.slice(exponent + 1) };
}

function formatExponent(exponent: number, width: number): string {
  return `${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(width, "0")}`;
}

function formatNonFinite(value: number): string {
  if (Number.isNaN(value)) return "nan";
  return value > 0 ? "inf" : "-inf";
}
