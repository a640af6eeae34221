// The public surface of the core. What users see is listed here by name, everything else stays inside; of the files of
// elementwise operations every export is public, so that a new operation touches its own file only.
import "./install.ts";

export type { DType, TypedArray } from "../base/dtype.ts";
export { type ErrorParts, NeuriteError } from "../base/error.ts";
export type { Shape } from "../base/shape.ts";
export type { Tree } from "../base/tree.ts";
export type { TensorType } from "../base/type.ts";
export {
  checkpoint,
  cond,
  customGradient,
  type Returned,
  type ScanOptions,
  scan,
  switchCase,
  whileLoop,
} from "../lang/control/index.ts";
export { printKernel } from "../lang/kernel/print.ts";
export * from "../lang/ops/activations.ts";
export * from "../lang/ops/arithmetic.ts";
export * from "../lang/ops/comparison.ts";
export * from "../lang/ops/exponential.ts";
export {
  all,
  any,
  arange,
  argmax,
  argmin,
  argsort,
  asTensor,
  avgPool,
  bitcast,
  broadcastTo,
  type ConvolutionOptions,
  type CumulativeOptions,
  cast,
  cholesky,
  clip,
  concatenate,
  conv,
  convTranspose,
  cosh,
  cumprod,
  cumsum,
  determinant,
  dot,
  dropout,
  dynamicSlice,
  dynamicUpdateSlice,
  eigh,
  einsum,
  expandDims,
  eye,
  flip,
  floorDivide,
  full,
  fullLike,
  gather,
  hypot,
  inverse,
  iota,
  isFinite,
  isInf,
  isNaN,
  linspace,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  logSoftmax,
  logSumExp,
  mark,
  matmul,
  max,
  maxPool,
  mean,
  min,
  mod,
  moveAxis,
  type NormOptions,
  norm,
  oneHot,
  ones,
  onesLike,
  outer,
  type PadWidth,
  type PoolingOptions,
  type PositionOptions,
  pad,
  prod,
  type ReductionOptions,
  random,
  reciprocal,
  reshape,
  type SliceBound,
  type SortOptions,
  type Starts,
  scatter,
  select,
  sinh,
  slice,
  softmax,
  solve,
  sort,
  sortBy,
  split,
  square,
  squeeze,
  stack,
  std,
  stopGradient,
  sum,
  sumPool,
  swapAxes,
  type TensorLike,
  type TriangularSolveOptions,
  take,
  takeAlongAxis,
  tan,
  tensordot,
  topK,
  transpose,
  triangularSolve,
  tril,
  triu,
  type VarianceOptions,
  variance,
  where,
  zeros,
  zerosLike,
} from "../lang/ops/index.ts";
export { printProgram } from "../lang/program/print.ts";
export { type Atom, type Equation, Literal, Program, Var } from "../lang/program/program.ts";
export { type NestedNumbers, Tensor } from "../lang/program/tensor.ts";
export { isTracing, withScope } from "../lang/program/trace.ts";
export * from "../lang/transforms/index.ts";
export { type TensorData, type TensorOptions, tensor } from "./create.ts";
export { type DeviceStatus, devices, getDevice, setDevice } from "./devices.ts";
export { type JitOptions, type Jitted, jit, type Lowered, programOf } from "./jit.ts";
export { type CacheStatus, cacheStatus, clearCache } from "./native-device.ts";
export { setThreads } from "./threads.ts";
