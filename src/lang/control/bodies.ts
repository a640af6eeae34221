import { NeuriteError } from "../../base/error.ts";
import { formatStructure, type Structure } from "../../base/tree.ts";
import { formatType, sameType, type TensorType } from "../../base/type.ts";
import { Program, Var } from "../program/program.ts";
import { type Concrete, Symbolic, type Tensor } from "../program/tensor.ts";
import { trace } from "../program/trace.ts";

/** A function that becomes a nested program. */
export interface Body {
  /** For error messages: `scan`. */
  readonly name: string;
  readonly f: (...tensors: Tensor[]) => readonly Tensor[];
  readonly types: readonly TensorType[];
  /** Which arguments stand for JS numbers. */
  readonly weak?: readonly boolean[];
}

/** Records functions as programs of (captured tensors, arguments), where all programs capture the same tensors. */
export function traceBodies(bodies: readonly Body[]): { programs: Program[]; captured: Tensor[] } {
  const traced = bodies.map(({ name, f, types, weak }) => trace(f, types, { name, ...(weak && { weak }) }));
  const captured = new Map<Var | Concrete, Tensor>();
  for (const each of traced) for (const tensor of each.captured) captured.set(keyOf(tensor), tensor);
  const programs = traced.map((each, i) => {
    const count = bodies[i].types.length;
    const own = new Map(each.captured.map((tensor, k) => [keyOf(tensor), each.program.inputs[count + k]]));
    const shared = [...captured].map(([key, { dtype, shape }]) => own.get(key) ?? new Var({ dtype, shape }));
    const inputs = [...shared, ...each.program.inputs.slice(0, count)];
    return new Program(inputs, each.program.equations, each.program.outputs);
  });
  return { programs, captured: [...captured.values()] };
}

function keyOf({ source }: Tensor): Var | Concrete {
  return source instanceof Symbolic ? source.variable : source;
}

/** Throws, naming both, unless two trees of tensors agree in structure and types. */
export function requireSame(
  operation: string,
  [gotName, expectedName]: readonly [string, string],
  got: {
    readonly structure: Structure;
    readonly paths: readonly string[];
    readonly types: readonly TensorType[];
  },
  expected: { readonly structure: Structure; readonly types: readonly TensorType[] },
): void {
  const [a, b] = [formatStructure(got.structure), formatStructure(expected.structure)];
  if (a !== b) {
    throw new NeuriteError({ operation, got: `${gotName} ${a}`, expected: `${b}, as ${expectedName}` });
  }
  for (const [i, type] of got.types.entries()) {
    if (sameType(type, expected.types[i])) continue;
    const place = got.paths[i] === "" ? "" : ` at '${got.paths[i]}'`;
    throw new NeuriteError({
      operation,
      got: `${gotName} ${formatType(type)}${place}`,
      expected: `${formatType(expected.types[i])}, as ${expectedName}`,
    });
  }
}
