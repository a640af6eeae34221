/**
 * Tensors, functions of tensors, and the transformations of such functions: gradients, compiling, batching, loops.
 *
 * @module neurite
 */

export * from "./tensor/index.ts";
