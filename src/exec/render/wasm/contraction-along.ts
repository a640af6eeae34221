import { loadChecked, narrow, readFrame, repeat, vectorAddress } from "./contraction-pack.ts";
import { addressSignature, type FunctionReference, type ModuleBuilder, type Operand } from "./encoder.ts";
import { integers } from "./encoder-integers.ts";

/** Packs an operand whose runs lie along its panel axis: contiguous vectors are copied. */
export function defineAlong(
  module: ModuleBuilder,
  name: string,
  guards: number,
  bytes: 4 | 8,
): FunctionReference {
  return module.define(name, addressSignature, (f) => {
    const { add, subtract, multiply, and, equal, less, greaterOrEqual, load } = integers(f);
    const lanes = 16 / bytes;
    const frame = readFrame(f, guards);
    const [element, elements, run, runs, position, length, i, to] = f.manyLocals("i32", 8);
    const [low, high, start, end, address, out, target, step, pointBytes] = f.manyLocals("i32", 9);
    const places = f.manyLocals("i32", 1 + guards);
    const copyChecked = (from: Operand, until: Operand): void => {
      f.set(to, until);
      f.forRange(i, { from, to }, () => {
        f.push(
          add(
            vectorAddress(f, frame, out, add(position, i), lanes),
            multiply(and(add(position, i), lanes - 1), bytes),
          ),
        );
        loadChecked(f, frame, bytes, i, low, high, add(address, multiply(i, pointBytes)));
        f.memory(bytes === 4 ? "f32.store" : "f64.store");
      });
    };
    f.set(elements, frame.elementCount);
    f.set(element, frame.elements);
    f.set(out, frame.out);
    f.loop((nextElement) => {
      places.forEach((place, k) => {
        f.set(place, load(element, 4 * k));
      });
      f.set(position, 0);
      f.set(run, frame.runs);
      f.set(runs, frame.runCount);
      f.loop((nextRun) => {
        f.set(length, load(run));
        f.set(address, add(frame.source, add(places[0], load(run, 4))));
        f.set(low, 0);
        f.set(high, length);
        for (let g = 0; g < guards; g++)
          narrow(f, frame, g, add(places[1 + g], load(run, 8 + 4 * g)), low, high);
        f.set(pointBytes, bytes);
        // A run that is outside everywhere is copied from the fills, so that it needs no checks.
        if (guards > 0) {
          f.push(greaterOrEqual(low, high));
          f.if(() => {
            f.set(low, 0);
            f.set(high, length);
            f.set(address, frame.fillArea);
            f.set(pointBytes, 0);
          });
        }
        // The vectors that lie inside whole.
        f.set(start, subtract(and(add(add(position, low), lanes - 1), -lanes), position));
        f.set(end, subtract(and(add(position, high), -lanes), position));
        f.push(less(start, end));
        f.if(
          () => {
            copyChecked(0, start);
            f.set(target, vectorAddress(f, frame, out, add(position, start), lanes));
            f.set(step, frame.panelBytes);
            f.push(equal(frame.vectorsPerPanel, 2));
            f.if(() => {
              f.push(and(add(position, start), lanes));
              f.if(
                () => f.set(step, subtract(frame.panelBytes, 16)),
                () => f.set(step, 16),
              );
            });
            f.increment(address, multiply(start, pointBytes));
            f.set(i, start);
            f.loop((next) => {
              f.get(target);
              f.get(address);
              f.memory("v128.load");
              f.memory("v128.store");
              f.increment(address, multiply(pointBytes, lanes));
              f.increment(target, step);
              // Steps alternate between 16 and panelBytes − 16 in panels of two vectors.
              f.set(step, subtract(frame.twoSteps, step));
              f.push(add(i, lanes));
              f.tee(i);
              f.push(end);
              f.emit("i32.lt_s");
              f.branchIf(next);
            });
            f.increment(address, multiply(subtract(0, end), pointBytes));
            copyChecked(end, length);
          },
          () => copyChecked(0, length),
        );
        f.increment(position, length);
        f.increment(run, 8 + 4 * guards);
        repeat(f, runs, nextRun);
      });
      f.increment(out, frame.depthBytes);
      f.increment(element, 4 + 4 * guards);
      repeat(f, elements, nextElement);
    });
  });
}
