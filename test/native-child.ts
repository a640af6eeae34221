/**
 * A process that computes on the device of NEURITE_DEVICE, or the default, for tests that need several of them:
 * `native-child.ts operation [path]`. It prints a line of JSON with what it got, or the error. If there is a path, what lies
 * there is removed, and then it computes another operation, and the first again.
 */
import { rmSync } from "node:fs";
import {
  add,
  cos,
  exp,
  getDevice,
  jit,
  matmul,
  mul,
  sin,
  sum,
  type Tensor,
  tanh,
  tensor,
} from "../src/index.ts";

const operations: Readonly<Record<string, (x: Tensor) => Tensor>> = { exp, sin, cos, tanh };

/** The sums of the rows of operation(x x + ½), compiled once, beside a product large enough for register tiles. */
function program(operation: string): () => void {
  const large = tensor(
    Float32Array.from({ length: 64 * 64 }, (_, k) => (k % 7) - 3),
    { shape: [64, 64] },
  );
  const f = jit((x: Tensor) => {
    const rows = sum(operations[operation](add(matmul(x, x), 0.5)), { axis: 1 });
    return add(rows, mul(sum(matmul(large, large)), 0));
  });
  return () => {
    try {
      const values = f(tensor([0.5, -1, 0.25, 2], { shape: [2, 2] })).toArray();
      console.log(JSON.stringify({ device: getDevice(), values }));
    } catch (error) {
      console.log(JSON.stringify({ error: String(error) }));
    }
  };
}

const [, , operation, path] = process.argv;
const first = program(operation);
first();
if (path !== undefined) {
  rmSync(path, { recursive: true });
  program("cos")();
  first();
}
