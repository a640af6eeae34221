// Lecture 1, error backpropagation: seven neurons, with edges that skip a layer. We write the forward pass only; the
// derivatives by hand are the lecture's.
//
//     npx tsx examples/lecture1-seven-neurons.ts
import { add, grad, mark, maximum, mul, neg, type Tensor, tanh, withMarks } from "neurite";

const [a1, a2] = [0.6, -0.4];
const t = 1;
const weights = { w13: 0.7, w23: -0.5, w24: 0.9, w35: 0.4, w36: -1.2, w46: 0.8, w57: 0.3, w67: 0.5 };

function error(w: typeof weights): Tensor {
  const a3 = mark("δ3", tanh(add(mul(a1, w.w13), mul(a2, w.w23))));
  const a4 = mark("δ4", tanh(mul(a2, w.w24)));
  const a5 = mark("δ5", tanh(mul(a3, w.w35)));
  const a6 = mark("δ6", tanh(add(mul(a3, w.w36), mul(a4, w.w46))));
  const z7 = mark("δ7", add(mul(a5, w.w57), mul(a6, w.w67)));
  return maximum(0, neg(mul(z7, t))); // ℰ = max(0, −z₇ t)
}

function byHand(w: typeof weights): Record<string, number> {
  const a3 = Math.tanh(a1 * w.w13 + a2 * w.w23);
  const a4 = Math.tanh(a2 * w.w24);
  const a5 = Math.tanh(a3 * w.w35);
  const a6 = Math.tanh(a3 * w.w36 + a4 * w.w46);
  const z7 = a5 * w.w57 + a6 * w.w67;
  const slope = (a: number): number => 1 - a ** 2; // g′(z), where a = g(z) = tanh z
  const δ7 = -z7 * t > 0 ? -t : 0;
  const δ6 = δ7 * w.w67;
  const δ5 = δ7 * w.w57;
  const δ4 = δ6 * slope(a6) * w.w46;
  const δ3 = δ6 * slope(a6) * w.w36 + δ5 * slope(a5) * w.w35;
  return {
    δ7,
    δ6,
    δ5,
    δ4,
    δ3,
    w67: δ7 * a6,
    w57: δ7 * a5,
    w46: δ6 * slope(a6) * a4,
    w36: δ6 * slope(a6) * a3,
    w35: δ5 * slope(a5) * a3,
    w24: δ4 * slope(a4) * a2,
    w23: δ3 * slope(a3) * a2,
    w13: δ3 * slope(a3) * a1,
  };
}

const { gradients: deltas } = withMarks(() => error(weights), { gradients: true })();
const computed: Record<string, Tensor> = { ...deltas, ...grad(error)(weights) };
console.log("derivative of ℰ by   computed    by hand");
for (const [name, expected] of Object.entries(byHand(weights))) {
  const columns = [computed[name].item(), expected].map((value) => value.toFixed(6).padStart(9));
  console.log(name.padEnd(18), ...columns);
}
