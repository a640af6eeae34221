import { isFloat } from "../base/dtype.ts";
import { NeuriteError, unknownName } from "../base/error.ts";
import { formatShape, type Shape, sameShape, sizeOf } from "../base/shape.ts";
import { isPlainObject } from "../base/tree.ts";
import { formatType } from "../base/type.ts";
import { cast, type DType, reshape, Tensor, type TensorData, tensor } from "../tensor/index.ts";

/** Examples: a tensor, nested arrays, or a typed array that holds one example after the other. */
export type Data = Tensor | TensorData;

/** Data of each input, or of each output, by name. */
export type NamedData = Readonly<Record<string, Data>>;

/** Where data go in, or where targets belong. */
export interface Port {
  readonly name: string;
  /** Without the batch axis. */
  readonly shape: Shape;
  /** Whether plain arrays of whole numbers are ids. Default false. */
  readonly takesIds?: boolean;
}

/** The data of each port, in their order. Throws for names that are not known, and for data that are missing. */
export function dataOf(operation: string, given: Data | NamedData, ports: readonly Port[]): readonly Data[] {
  const names = ports.map(({ name }) => name);
  if (!isNamedData(given)) {
    if (ports.length === 1) return [given];
    throw new NeuriteError({
      operation,
      got: "data without names",
      expected: `{ ${names.join(", ")} }: data of each by name`,
    });
  }
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) throw unknownName(operation, unknown, names);
  const missing = names.find((name) => given[name] === undefined);
  if (missing === undefined) return names.map((name) => given[name]);
  throw new NeuriteError({ operation, got: `no data for '${missing}'`, expected: `{ ${names.join(", ")} }` });
}

function isNamedData(given: Data | NamedData): given is NamedData {
  return isPlainObject(given);
}

/** Examples as tensors whose first axes count them: inputs, targets, and how much each example counts, or nothing. */
export type Examples = {
  readonly x: readonly Tensor[];
  readonly y: readonly Tensor[];
  /** One for each output, [examples]; none: all count the same. */
  readonly weights: readonly Tensor[];
};

/** How many examples there are. */
export function countExamples({ x }: Examples): number {
  return x[0].shape[0];
}

/** Inputs as a tensor [examples, ...shape]; numbers take the dtype of the model, or are ids. Throws for examples of another shape. */
function readInputs(operation: string, data: Data, { shape, takesIds }: Port, dtype: DType): Tensor {
  const x = toTensor(data, shape, takesIds ? "i32" : dtype);
  if (x.shape.length > 0 && sameShape(x.shape.slice(1), shape)) return x;
  throw new NeuriteError({
    operation,
    got: `inputs ${formatType(x)}`,
    expected: `[examples, ${shape.join(", ")}]: the model takes inputs of shape ${formatShape(shape)}`,
  });
}

/** The inputs of a network, each with the same number of examples. */
export function readAllInputs(
  operation: string,
  data: Data | NamedData,
  { inputs, dtype }: { readonly inputs: readonly Port[]; readonly dtype: DType },
): readonly Tensor[] {
  const x = dataOf(operation, data, inputs).map((column, i) =>
    readInputs(operation, column, inputs[i], dtype),
  );
  const other = x.findIndex(({ shape }) => shape[0] !== x[0].shape[0]);
  if (other < 0) return x;
  throw new NeuriteError({
    operation,
    got: `${x[other].shape[0]} examples for '${inputs[other].name}'`,
    expected: `${x[0].shape[0]}, as for '${inputs[0].name}'`,
  });
}

/** Targets as a tensor whose first axis counts examples; whole numbers in plain arrays become labels where those are wanted. */
export function readTargets(data: Data, shape: Shape, dtype: DType, areLabels: boolean): Tensor {
  return toTensor(data, areLabels ? [] : shape, areLabels ? "i32" : dtype);
}

/** Throws unless inputs and targets count the same examples, at least one. */
export function requireExamples(operation: string, x: Tensor, y: Tensor): void {
  if (x.shape.length > 0 && y.shape.length > 0 && x.shape[0] === y.shape[0] && x.shape[0] > 0) return;
  throw new NeuriteError({
    operation,
    got: x.shape[0] === 0 ? "no examples" : `inputs ${formatType(x)} with targets ${formatType(y)}`,
    expected: "as many targets as inputs, at least one",
  });
}

/** Throws for a label that is no class; classes are counted from 0. */
export function requireLabels(operation: string, y: Tensor, classes: number): void {
  const labels = y.dataSync();
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] >= 0 && labels[i] < classes) continue;
    throw new NeuriteError({
      operation,
      got: `label ${labels[i]} at example ${i}`,
      expected: `labels from 0 to ${classes - 1}`,
    });
  }
}

function toTensor(data: Data, rowShape: Shape, dtype: DType): Tensor {
  if (data instanceof Tensor) return data;
  if (ArrayBuffer.isView(data)) return fromRows(tensor(data), rowShape, dtype);
  if (dtype !== "i32") return tensor(data, { dtype });
  const labels = tensor(data);
  return labels.dataSync().every(Number.isInteger) ? cast(labels, dtype) : labels;
}

function fromRows(flat: Tensor, rowShape: Shape, dtype: DType): Tensor {
  const count = flat.shape[0] / sizeOf(rowShape);
  if (!Number.isInteger(count)) {
    throw new NeuriteError({
      operation: "data",
      got: `${flat.shape[0]} elements in a typed array`,
      expected: `a multiple of ${sizeOf(rowShape)}: each example has shape ${formatShape(rowShape)}`,
    });
  }
  const rows = reshape(flat, [count, ...rowShape]);
  return isFloat(rows.dtype) && isFloat(dtype) ? cast(rows, dtype) : rows;
}
