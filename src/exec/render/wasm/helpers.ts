import type { FunctionReference, ModuleBuilder } from "./encoder.ts";

/** The exact floating remainder x − trunc(x / y) · y, with the sign of x, as a function of a module. */
export function remainderFunction(module: ModuleBuilder): FunctionReference {
  return module.helper("remainder", { parameters: ["f64", "f64"], results: ["f64"] }, (f) => {
    const [x, y] = f.parameters;
    const [rest, divisor, step] = f.manyLocals("f64", 3);
    f.get(x);
    f.emit("f64.abs");
    f.set(rest);
    f.get(y);
    f.emit("f64.abs");
    f.tee(divisor);
    f.set(step);
    // NaN unless |x| is finite and |y| positive.
    f.get(rest);
    f.f64(Number.POSITIVE_INFINITY);
    f.emit("f64.lt");
    f.get(divisor);
    f.f64(0);
    f.emit("f64.gt", "i32.and", "i32.eqz");
    f.if(() => {
      f.f64(Number.NaN);
      f.emit("return");
    });
    f.get(rest);
    f.get(divisor);
    f.emit("f64.lt");
    f.if(() => {
      f.get(x);
      f.emit("return");
    });
    // The largest divisor · 2^k that is not above |x|, then down again: every subtraction is exact.
    f.loop((start) => {
      f.get(step);
      f.get(rest);
      f.f64(0.5);
      f.emit("f64.mul", "f64.le");
      f.if(() => {
        f.get(step);
        f.get(step);
        f.emit("f64.add");
        f.set(step);
        f.branch(start);
      });
    });
    f.loop((start) => {
      f.get(step);
      f.get(divisor);
      f.emit("f64.ge");
      f.if(() => {
        f.get(rest);
        f.get(step);
        f.emit("f64.ge");
        f.if(() => {
          f.get(rest);
          f.get(step);
          f.emit("f64.sub");
          f.set(rest);
        });
        f.get(step);
        f.f64(0.5);
        f.emit("f64.mul");
        f.set(step);
        f.branch(start);
      });
    });
    f.get(rest);
    f.get(x);
    f.emit("f64.copysign");
  });
}
