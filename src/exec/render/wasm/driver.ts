import { commandCodes, stepWords } from "../../../lang/kernel/machine.ts";
import { errorWordAddress } from "../../../lang/kernel/rendered.ts";
import {
  addressSignature,
  type FunctionBuilder,
  type FunctionReference,
  kernelSignature,
  type Label,
  ModuleBuilder,
  type Operand,
  type Signature,
} from "./encoder.ts";
import { integers } from "./encoder-integers.ts";
import { defineAlone, definePool } from "./pool.ts";

/** The functions that commands call. */
interface Functions {
  readonly routine: FunctionReference;
  readonly place: FunctionReference;
  readonly runParts: FunctionReference;
}

/**
 * The module that runs command lists: its export `run` takes the address of one, clears the error word, runs the commands
 * and returns the error word. It imports the kernels' table as `env.table` and `host.routine`, which runs a host function.
 * With shared memory it exports `serve` too (pool.ts).
 */
export function encodeDriver(sharedPages?: number): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder({ table: true, sharedMaximum: sharedPages });
  const functions: Functions = {
    routine: module.importFunction("host", "routine", addressSignature),
    place: module.define(undefined, placeSignature, definePlace),
    runParts: sharedPages === undefined ? defineAlone(module) : definePool(module),
  };
  const execute = module.define(undefined, addressSignature, (f, self) => {
    defineExecute(f, self, functions);
  });
  module.define("run", { parameters: ["i32"], results: ["i32"] }, (f) => {
    const { load, store } = integers(f);
    store(errorWordAddress, 0, 0);
    f.get(f.parameters[0]);
    f.call(execute);
    f.push(load(errorWordAddress));
  });
  return module.finish();
}

function defineExecute(
  f: FunctionBuilder,
  execute: FunctionReference,
  { routine, place, runParts }: Functions,
): void {
  const { add, subtract, multiply, load, equal, minimum, maximum } = integers(f);
  const [at] = f.parameters;
  const [code, count, t, selector] = f.manyLocals("i32", 4);
  const run = (commands: Operand): void => {
    f.push(commands);
    f.call(execute);
  };
  const ifCode = (name: keyof typeof commandCodes, words: Operand, body: () => void): void => {
    f.push(equal(code, commandCodes[name]));
    f.if(() => {
      body();
      f.increment(at, multiply(words, 4));
    });
  };
  const ending = (done: Label): void => {
    f.push(equal(code, commandCodes.end));
    f.branchIf(done);
  };
  f.block((done) => {
    f.loop((next) => {
      f.set(code, load(at));
      f.get(code);
      f.i32(0);
      f.emit("i32.ge_s");
      f.if(() => {
        f.push(load(at, 4));
        f.i32(0);
        f.i32(1);
        f.get(code);
        f.callIndirect(kernelSignature);
        f.increment(at, 8);
        f.branch(next);
      });
      ending(done);
      ifCode("parts", 4, () => {
        for (const offset of [8, 12, 4]) f.push(load(at, offset));
        f.call(runParts);
      });
      ifCode("copy", 4, () => {
        f.push(load(at, 4));
        f.push(load(at, 8));
        f.push(load(at, 12));
        f.memoryCopy();
      });
      ifCode("routine", 2, () => {
        f.push(load(at, 4));
        f.call(routine);
      });
      ifCode("branch", add(count, 4), () => {
        f.set(count, load(at, 12));
        f.push(equal(load(at, 8), 1));
        f.if(
          () => {
            f.push(load(at, 4));
            f.memory("i32.load8_u");
            f.set(selector);
          },
          () => f.set(selector, load(load(at, 4))),
        );
        f.set(selector, maximum(minimum(selector, subtract(count, 1)), 0));
        run(load(add(at, multiply(selector, 4)), 16));
      });
      ifCode("while", 4, () => {
        f.block((end) => {
          f.loop((again) => {
            run(load(at, 4));
            f.push(load(at, 8));
            f.memory("i32.load8_u");
            f.emit("i32.eqz");
            f.branchIf(end);
            run(load(at, 12));
            f.branch(again);
          });
        });
      });
      ifCode("repeat", 5, () => {
        const placeAt = (step: Operand): void => {
          f.push(load(at, 16));
          f.push(load(at, 12));
          f.push(step);
          f.call(place);
        };
        f.forRange(t, { from: 0, to: load(at, 4) }, () => {
          placeAt(t);
          run(load(at, 8));
        });
        placeAt(0);
      });
      f.branch(next);
    });
  });
}

// (steps, count, t): writes the addresses at which the stepped views stand at step t.
const placeSignature: Signature = { parameters: ["i32", "i32", "i32"], results: [] };

function definePlace(f: FunctionBuilder): void {
  const { add, multiply, load, store } = integers(f);
  const [step, count, t] = f.parameters;
  const [k, j, patch, address] = f.manyLocals("i32", 4);
  f.forRange(k, { from: 0, to: count }, () => {
    f.set(address, add(load(step), multiply(t, load(step, 4))));
    f.set(patch, load(step, 12));
    f.forRange(j, { from: 0, to: load(step, 8) }, () => {
      store(load(patch), 0, add(address, load(patch, 4)));
      f.increment(patch, 8);
    });
    f.increment(step, 4 * stepWords);
  });
}
