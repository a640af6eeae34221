import { NeuriteError } from "./error.ts";

/** Loads an optional package; where it is missing, throws a NeuriteError that says how to install it. */
export async function loadOptional<M>(operation: string, name: string, load: () => Promise<M>): Promise<M> {
  try {
    return await load();
  } catch (error) {
    throw new NeuriteError({
      operation,
      got: `no package '${name}' (${error instanceof Error ? error.message.split("\n")[0] : String(error)})`,
      expected: `the optional dependency '${name}'`,
      hint: `npm install ${name}`,
    });
  }
}
