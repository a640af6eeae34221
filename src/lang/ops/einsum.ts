import { NeuriteError } from "../../base/error.ts";
import { formatShape } from "../../base/shape.ts";
import type { Tensor } from "../program/tensor.ts";
import { dotGeneral } from "./contraction.ts";
import { slice } from "./movement.ts";
import { otherAxes } from "./offsets.ts";
import { reshape, sum, transpose } from "./structure.ts";

/** A tensor whose axes have names: letters, and the digits that stand for the axes of an ellipsis. */
interface Labelled {
  readonly labels: readonly string[];
  readonly value: Tensor;
}

/**
 * Sums of products in Einstein's notation, `"bij,bjk->bik"`: a letter per axis; letters that are not in the output are
 * summed over, and a letter that occurs twice in one operand takes its diagonal. Without `->` the output has the letters
 * that occur once, in alphabetical order. `...` stands for any leading axes, which broadcast. Several operands are contracted
 * from left to right. Throws for an equation that does not fit the operands.
 *
 * @example
 * ```ts
 * const x = tensor([[1, 2], [3, 4]]);
 * einsum("ij,jk->ik", x, x); // [[7, 10], [15, 22]]
 * einsum("ii", x); // 5
 * ```
 */
export function einsum(equation: string, ...operands: readonly Tensor[]): Tensor {
  const { inputs, output } = parse(equation, operands);
  let [sofar, ...rest] = dropBroadcast(operands.map((value, i) => diagonal({ labels: inputs[i], value })));
  for (; rest.length > 0; rest = rest.slice(1)) {
    const needed = new Set([...output, ...rest.slice(1).flatMap((operand) => operand.labels)]);
    sofar = multiply(sofar, rest[0], needed);
  }
  const { labels, value } = summed(sofar, new Set(output));
  return transpose(
    value,
    output.map((label) => labels.indexOf(label)),
  );
}

function parse(equation: string, operands: readonly Tensor[]): { inputs: string[][]; output: string[] } {
  const fail = (expected: string): NeuriteError =>
    new NeuriteError({
      operation: "einsum",
      got: `'${equation}' with ${operands.map((operand) => formatShape(operand.shape)).join(", ") || "no operands"}`,
      expected,
    });
  const match = /^([a-zA-Z.,]*)(?:->([a-zA-Z.]*))?$/.exec(equation.replaceAll(" ", ""));
  const terms = match?.[1].split(",") ?? [];
  if (match === null || terms.length !== operands.length) throw fail("one term of letters for each operand");
  const extents = new Map<string, number>();
  let ellipsis = 0;
  const inputs = operands.map(({ shape }, i) => {
    const named = terms[i].replace("...", "").length;
    const spare = terms[i].includes("...") ? shape.length - named : 0;
    if (spare < 0 || named + spare !== shape.length) throw fail(`${shape.length} letters in '${terms[i]}'`);
    ellipsis = Math.max(ellipsis, spare);
    return expand(terms[i], spare);
  });
  for (const [i, labels] of inputs.entries()) {
    for (const [axis, label] of labels.entries()) {
      const extent = operands[i].shape[axis];
      const known = extents.get(label) ?? extent;
      const broadcasts = isEllipsis(label) && (extent === 1 || known === 1);
      if (extent !== known && !broadcasts)
        throw fail(`one extent for '${label}', not ${known} and ${extent}`);
      extents.set(label, Math.max(extent, known));
    }
  }
  const all = inputs.flat();
  const once = [...new Set(all)].filter(
    (label) => !isEllipsis(label) && all.indexOf(label) === all.lastIndexOf(label),
  );
  const output =
    match[2] === undefined ? [...expand("...", ellipsis), ...once.sort()] : expand(match[2], ellipsis);
  if (new Set(output).size !== output.length || output.some((label) => !extents.has(label))) {
    throw fail("output letters that occur in the operands, each once");
  }
  return { inputs, output };
}

// The ellipsis stands for digits that count its axes from the right, so that operands align there.
function expand(term: string, spare: number): string[] {
  const [before, after] = term.includes("...") ? term.split("...") : [term, ""];
  const digits = term.includes("...") ? Array.from({ length: spare }, (_, k) => String(spare - k)) : [];
  return [...before, ...digits, ...after];
}

function isEllipsis(label: string): boolean {
  return /^\d+$/.test(label);
}

// Axes of an ellipsis that broadcast from extent 1 are left out.
function dropBroadcast(operands: readonly Labelled[]): Labelled[] {
  const extentOf = (label: string): number =>
    Math.max(...operands.map(({ labels, value }) => value.shape[labels.indexOf(label)] ?? 0));
  return operands.map(({ labels, value }) => {
    const kept = labels.filter((label, axis) => value.shape[axis] === extentOf(label));
    const shape = value.shape.filter((extent, axis) => extent === extentOf(labels[axis]));
    return { labels: kept, value: reshape(value, shape) };
  });
}

// Axes with one label become one: in a row of n · n elements the diagonal is every (n + 1)-th.
function diagonal(operand: Labelled): Labelled {
  const { labels, value } = operand;
  const second = labels.findIndex((label, axis) => labels.indexOf(label) < axis);
  if (second < 0) return operand;
  const first = labels.indexOf(labels[second]);
  const extent = value.shape[first];
  const rest = otherAxes(labels.length, [first, second]);
  const last = transpose(value, [...rest, first, second]);
  const shape = rest.map((axis) => value.shape[axis]);
  const flat = reshape(last, [...shape, extent * extent]);
  const start = [...shape.map(() => 0), 0];
  const steps = [...shape.map(() => 1), extent + 1];
  const taken = slice(flat, start, [...shape, extent * extent], steps);
  return diagonal({ labels: [...rest.map((axis) => labels[axis]), labels[first]], value: taken });
}

function summed({ labels, value }: Labelled, needed: ReadonlySet<string>): Labelled {
  const axis = labels.flatMap((label, k) => (needed.has(label) ? [] : [k]));
  return { labels: labels.filter((label) => needed.has(label)), value: sum(value, { axis }) };
}

function multiply(left: Labelled, right: Labelled, needed: ReadonlySet<string>): Labelled {
  const x = summed(left, new Set([...needed, ...right.labels]));
  const y = summed(right, new Set([...needed, ...left.labels]));
  const common = x.labels.filter((label) => y.labels.includes(label));
  const batch = common.filter((label) => needed.has(label));
  const contract = common.filter((label) => !needed.has(label));
  const axes = (labels: readonly string[], chosen: readonly string[]): number[] =>
    chosen.map((label) => labels.indexOf(label));
  const value = dotGeneral(x.value, y.value, {
    contract: [axes(x.labels, contract), axes(y.labels, contract)],
    batch: [axes(x.labels, batch), axes(y.labels, batch)],
  });
  const free = (labels: readonly string[]): string[] => labels.filter((label) => !common.includes(label));
  return { labels: [...batch, ...free(x.labels), ...free(y.labels)], value };
}
