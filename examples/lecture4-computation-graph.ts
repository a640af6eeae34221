// Lecture 4, "Computation Graphs": f(x, g) = 3x + 2g with g(x) = 2x. What is ∂f/∂x, and what is df/dx?
//
//     npx tsx examples/lecture4-computation-graph.ts
import { add, grad, jvp, mul, printProgram, programOf, type Tensor, tensor, vjp } from "neurite";

const g = (x: Tensor): Tensor => mul(2, x);
const f = (x: Tensor, g: Tensor): Tensor => add(mul(3, x), mul(2, g));
const composed = (x: Tensor): Tensor => f(x, g(x));

const x = tensor(5);
const one = tensor(1);

// The partial derivative looks at f alone: its arguments are values, whatever they depend on.
console.log("partial", grad(f)(x, g(x)).item());

// The total derivative looks at the whole graph, forward from x …
const [, forward] = jvp(composed, [x], [one]);
console.log("total, forward", forward.item());

// … or backward from f.
const [, pullback] = vjp(composed, x);
console.log("total, backward", pullback(one)[0].item());

console.log(printProgram(programOf(composed, x)));
