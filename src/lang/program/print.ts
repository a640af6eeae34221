import { formatType } from "../../base/type.ts";
import type { Parameter, Parameters } from "./primitive.ts";
import { type Atom, Literal, Program, type Var } from "./program.ts";

const functionNames = new WeakMap<object, string>();
let functionsSeen = 0;

/**
 * A program as text, names numbered in order of appearance: equal text means equal programs.
 *
 * @example
 * ```ts
 * const { program } = jit((x: Tensor) => add(mul(x, 2), 1)).lower(tensor([1, 2]));
 * console.log(printProgram(program));
 * ```
 */
export function printProgram(program: Program, indent = ""): string {
  const names = new Map<Var, string>();
  const nameOf = (variable: Var): string => {
    const known = names.get(variable);
    if (known !== undefined) return known;
    const name = `v${names.size}`;
    names.set(variable, name);
    return name;
  };
  const typed = (variable: Var): string => `${nameOf(variable)}: ${formatType(variable.type)}`;
  const atom = (value: Atom): string => (value instanceof Literal ? formatLiteral(value) : nameOf(value));
  const lines = [`${indent}(${program.inputs.map(typed).join(", ")}) => {`];
  for (const equation of program.equations) {
    const scope = equation.scope === "" ? "" : `  # ${equation.scope}`;
    const parameters = printParameters(equation.parameters, `${indent}  `);
    lines.push(
      `${indent}  ${equation.outputs.map(typed).join(", ")} = ${equation.primitive.name}${parameters}(${equation.inputs.map(atom).join(", ")})${scope}`,
    );
  }
  lines.push(`${indent}  return ${program.outputs.map(nameOf).join(", ")}`, `${indent}}`);
  return lines.join("\n");
}

/** Static parameters as text: `{axes: [0], shape: [2, 3]}`; empty when there are none. */
export function printParameters(parameters: Parameters, indent = ""): string {
  const entries = Object.entries(parameters).filter(([, value]) => value !== undefined);
  if (entries.length === 0) return "";
  return `{${entries.map(([key, value]) => `${key}: ${printParameter(value, indent)}`).join(", ")}}`;
}

function printParameter(value: Parameter, indent: string): string {
  if (value instanceof Program) return printProgram(value, `${indent}  `).trimStart();
  if (Array.isArray(value)) return `[${value.map((item) => printParameter(item, indent)).join(", ")}]`;
  if (typeof value === "function") return functionName(value);
  if (typeof value === "object") return printParameters({ ...value }, indent);
  return String(value);
}

// Two functions are the same parameter only when they are the same object.
function functionName(f: object): string {
  const known = functionNames.get(f);
  if (known !== undefined) return known;
  const name = `function#${functionsSeen++}`;
  functionNames.set(f, name);
  return name;
}

function formatLiteral(literal: Literal): string {
  const value = Object.is(literal.value, -0) ? "-0" : String(literal.value);
  return `${value}:${literal.dtype}`;
}
