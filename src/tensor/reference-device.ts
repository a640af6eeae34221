import { interpretEquation, interpretProgram, literalArray } from "../lang/program/interpret.ts";
import { Literal, type Program } from "../lang/program/program.ts";
import { type Device, hostArrayOf, type Runner } from "./device.ts";
import { Storage } from "./storage.ts";

/** Evaluates one equation at a time in plain TypeScript: the oracle for all other devices. */
export const referenceDevice: Device = {
  name: "reference",
  prepare: (program, donations) => new ReferenceRunner(program, donations),
  evaluate: (primitive, inputs, parameters, types, scope) => {
    const arrays = inputs.map((input) =>
      input instanceof Literal ? literalArray(input) : hostArrayOf(input, primitive.name),
    );
    return interpretEquation(primitive, arrays, parameters, types, scope).map((data) => new Storage(data));
  },
};

class ReferenceRunner implements Runner {
  readonly #program: Program;
  readonly #donations: readonly (string | undefined)[];

  constructor(program: Program, donations: readonly (string | undefined)[]) {
    this.#program = program;
    this.#donations = donations;
  }

  run(inputs: readonly (Storage | number)[]): Storage[] {
    const arrays = inputs.map((input, i) => {
      const { type } = this.#program.inputs[i];
      if (typeof input === "number") return literalArray(new Literal(type.dtype, input));
      return { ...type, data: input.read() };
    });
    const outputs = interpretProgram(this.#program, arrays);
    for (const [i, donation] of this.#donations.entries()) {
      const input = inputs[i];
      if (donation !== undefined && typeof input !== "number") input.donate(donation);
    }
    return outputs.map(({ data }) => new Storage(data));
  }

  /** Nothing is held outside the garbage-collected heap. */
  release(): void {}
}
