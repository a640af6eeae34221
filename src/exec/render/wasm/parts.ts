import type { FunctionReference, ModuleBuilder } from "./encoder.ts";
import { integers } from "./encoder-integers.ts";

/** (extent, part, parts) → where a part begins: the last `extent % parts` parts are one longer than the others. */
export function startOfPart(module: ModuleBuilder): FunctionReference {
  const signature = { parameters: ["i32", "i32", "i32"], results: ["i32"] } as const;
  return module.helper("start of part", signature, (f) => {
    const [extent, part, parts] = f.parameters;
    const { add, subtract, multiply, divide, remainder, maximum } = integers(f);
    const longer = subtract(add(part, remainder(extent, parts)), parts);
    f.push(add(multiply(part, divide(extent, parts)), maximum(longer, 0)));
  });
}
