/** A process that computes on the native device and prints what it got, for tests that need several of them. */
import { add, exp, jit, matmul, setDevice, sum, type Tensor, tensor } from "../src/index.ts";

setDevice("native");
const f = jit((x: Tensor) => sum(exp(add(matmul(x, x), 0.5)), { axis: 1 }));
console.log(JSON.stringify(f(tensor([0.5, -1, 0.25, 2], { shape: [2, 2] })).toArray()));
