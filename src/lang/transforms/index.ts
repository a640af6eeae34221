export { type CheckOptions, checkGradients } from "./check.ts";
export { jvp, linearize, vjp } from "./directional.ts";
export { type GradientOptions, grad, valueAndGrad } from "./gradient.ts";
export { hessian, type JacobianOptions, jacobian, jacobianForward, jacobianReverse } from "./jacobian.ts";
export { type Marked, type MarkedGradients, type MarkOptions, withMarks } from "./marks.ts";
export type { AnyTensors, Gradients, JacobianOf, Jacobians, Positions, Tensors } from "./types.ts";
export { type VmapOptions, vmap } from "./vectorize.ts";
