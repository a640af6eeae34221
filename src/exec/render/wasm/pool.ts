import { poolAddresses } from "../../../lang/kernel/machine.ts";
import {
  addressSignature,
  type FunctionBuilder,
  type FunctionReference,
  kernelSignature,
  type ModuleBuilder,
  type Operand,
  type Signature,
} from "./encoder.ts";
import { integers } from "./encoder-integers.ts";

/** (kernel's table index, address of its arguments, parts): runs all parts. */
export const partsSignature: Signature = { parameters: ["i32", "i32", "i32"], results: [] };

// How often a thread looks for work before it sleeps, and the caller for the end of a task: some 100 and 20 µs.
const looksForWork = 100_000;
const looksForEnd = 20_000;
const numberBits = 6;
/** The most parts of a task. */
const mostParts = (1 << numberBits) - 1;

/**
 * Without other threads: runs a kernel in one part.
 */
export function defineAlone(module: ModuleBuilder): FunctionReference {
  return module.define(undefined, partsSignature, (f) => {
    const [kernel, args] = f.parameters;
    callKernel(f, kernel, args, 0, 1);
  });
}

/**
 * One pool of threads for a memory: who takes a part of a task by exchanging the ticket knows that the task stands still
 * until the part is done. The caller takes parts too, so that a thread that wakes late delays nothing. A kernel's bits do not
 * depend on the number of parts, nor on who runs them.
 *
 * The export `serve(messages)` is the life of another thread that has read this many messages: it returns when there are more.
 */
export function definePool(module: ModuleBuilder): FunctionReference {
  const takeParts = module.define(undefined, addressSignature, defineTakeParts);
  const hasWork = module.define(undefined, { parameters: [], results: ["i32"] }, (f) => {
    const { less } = integers(f);
    const ticket = f.local("i32");
    f.set(ticket, atomicLoad(f, "ticket"));
    f.push(less(nextOf(f, ticket), partsOf(f, ticket)));
  });
  module.define("serve", addressSignature, (f) => defineServe(f, takeParts, hasWork));
  return module.define(undefined, partsSignature, (f) => defineRunParts(f, takeParts));
}

// (messages read): takes parts until there are none, or until there are messages.
function defineTakeParts(f: FunctionBuilder): void {
  const { add, less, load, equal } = integers(f);
  const [read] = f.parameters;
  const ticket = f.local("i32");
  f.loop((again) => {
    f.set(ticket, atomicLoad(f, "ticket"));
    f.push(less(nextOf(f, ticket), partsOf(f, ticket)));
    // Messages come between tasks: after this the ticket can only be exchanged if there were none.
    f.push(equal(atomicLoad(f, "messages"), read));
    f.emit("i32.and");
    f.if(() => {
      f.i32(poolAddresses.ticket);
      f.get(ticket);
      f.push(add(ticket, 1));
      f.atomic("i32.atomic.rmw.cmpxchg");
      f.get(ticket);
      f.emit("i32.eq");
      f.if(() => {
        callKernel(
          f,
          load(poolAddresses.kernel),
          load(poolAddresses.arguments),
          nextOf(f, ticket),
          partsOf(f, ticket),
        );
        atomicAdd(f, "done", 1);
        f.emit("drop");
        f.push(atomicLoad(f, "callerSleeps"));
        f.if(() => notify(f, "done"));
      });
      f.branch(again);
    });
  });
}

function defineServe(f: FunctionBuilder, takeParts: FunctionReference, hasWork: FunctionReference): void {
  const { equal, subtract } = integers(f);
  const [read] = f.parameters;
  const [looks, alarm] = f.manyLocals("i32", 2);
  f.block((end) => {
    f.loop((again) => {
      f.get(read);
      f.call(takeParts);
      f.set(looks, looksForWork);
      f.block((found) => {
        f.loop((look) => {
          f.push(equal(atomicLoad(f, "messages"), read));
          f.emit("i32.eqz");
          f.branchIf(end);
          f.call(hasWork);
          f.branchIf(found);
          f.push(subtract(looks, 1));
          f.tee(looks);
          f.branchIf(look);
        });
        // The caller either sees that this thread sleeps, or this thread sees the caller's work.
        atomicAdd(f, "sleeping", 1);
        f.emit("drop");
        f.set(alarm, atomicLoad(f, "alarm"));
        f.call(hasWork);
        f.push(equal(atomicLoad(f, "messages"), read));
        f.emit("i32.eqz", "i32.or", "i32.eqz");
        f.if(() => wait(f, "alarm", alarm));
        atomicAdd(f, "sleeping", -1);
        f.emit("drop");
      });
      f.branch(again);
    });
  });
}

function defineRunParts(f: FunctionBuilder, takeParts: FunctionReference): void {
  const { add, and, less, minimum, shiftLeft, store, equal, load } = integers(f);
  const [kernel, args, wanted] = f.parameters;
  const [parts, ticket, looks, done] = f.manyLocals("i32", 4);
  const atomicStore = (name: keyof typeof poolAddresses, value: Operand): void => {
    f.i32(poolAddresses[name]);
    f.push(value);
    f.atomic("i32.atomic.store");
  };
  f.set(parts, load(poolAddresses.threads));
  f.set(parts, minimum(parts, wanted));
  f.set(parts, minimum(parts, mostParts));
  f.push(less(parts, 2));
  f.if(
    () => callKernel(f, kernel, args, 0, 1),
    () => {
      store(poolAddresses.kernel, 0, kernel);
      store(poolAddresses.arguments, 0, args);
      atomicStore("done", 0);
      // The next generation, with part 0 of `parts` to take.
      const generation = add(and(atomicLoad(f, "ticket"), -1 << (2 * numberBits)), 1 << (2 * numberBits));
      f.set(ticket, add(generation, shiftLeft(parts, numberBits)));
      atomicStore("ticket", ticket);
      f.push(atomicLoad(f, "sleeping"));
      f.if(() => {
        atomicAdd(f, "alarm", 1);
        f.emit("drop");
        notify(f, "alarm");
      });
      f.push(atomicLoad(f, "messages"));
      f.call(takeParts);
      f.set(looks, 0);
      f.block((end) => {
        f.loop((again) => {
          f.set(done, atomicLoad(f, "done"));
          f.push(equal(done, parts));
          f.branchIf(end);
          f.increment(looks, 1);
          f.push(less(looks, looksForEnd));
          f.branchIf(again);
          f.push(load(poolAddresses.maySleep));
          f.if(() => {
            atomicStore("callerSleeps", 1);
            wait(f, "done", done);
            atomicStore("callerSleeps", 0);
          });
          f.branch(again);
        });
      });
    },
  );
}

function callKernel(f: FunctionBuilder, kernel: Operand, args: Operand, part: Operand, parts: Operand): void {
  for (const operand of [args, part, parts, kernel]) f.push(operand);
  f.callIndirect(kernelSignature);
}

function partsOf(f: FunctionBuilder, ticket: Operand): Operand {
  const { and, shiftRight } = integers(f);
  return and(shiftRight(ticket, numberBits), mostParts);
}

function nextOf(f: FunctionBuilder, ticket: Operand): Operand {
  return integers(f).and(ticket, mostParts);
}

function atomicLoad(f: FunctionBuilder, name: keyof typeof poolAddresses): Operand {
  return () => {
    f.i32(poolAddresses[name]);
    f.atomic("i32.atomic.load");
  };
}

// Leaves what was there.
function atomicAdd(f: FunctionBuilder, name: keyof typeof poolAddresses, value: number): void {
  f.i32(poolAddresses[name]);
  f.i32(value);
  f.atomic("i32.atomic.rmw.add");
}

function notify(f: FunctionBuilder, name: keyof typeof poolAddresses): void {
  f.i32(poolAddresses[name]);
  f.i32(-1);
  f.atomic("memory.atomic.notify");
  f.emit("drop");
}

// Sleeps, without a limit, while a word is what it was.
function wait(f: FunctionBuilder, name: keyof typeof poolAddresses, value: Operand): void {
  f.i32(poolAddresses[name]);
  f.push(value);
  f.i32(-1);
  f.emit("i64.extend_i32_s");
  f.atomic("memory.atomic.wait32");
  f.emit("drop");
}
