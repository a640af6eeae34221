import type { DType, Shape, Tensor } from "../tensor/index.ts";

/** Named tensors, nested by layer: parameters, or what a layer carries from step to step. */
export interface NamedTensorTree {
  readonly [name: string]: Tensor | NamedTensorTree;
}

/** What a layer starts with. Shapes leave out the batch axis. */
export interface Initialized {
  /** What training changes. */
  readonly params: NamedTensorTree;
  /** What a training step returns anew without differentiating it, such as running means. */
  readonly state: NamedTensorTree;
  /** The shapes of the outputs, without the batch axis. */
  readonly outputShapes: readonly Shape[];
}

/** Parameters and state of a layer. */
export interface Variables {
  readonly params: NamedTensorTree;
  readonly state: NamedTensorTree;
}

/** How a layer is applied. */
export interface ApplyOptions {
  /** True in a training step: dropout drops. Default false. */
  readonly training?: boolean;
  /** The key of the layer's randomness; needed by random layers in training only. */
  readonly key?: Tensor;
  /**
   * For each input, which steps of its sequences count: bool [batch, steps], or undefined where all of them do. Default: all
   * of all inputs.
   */
  readonly masks?: Masks;
}

/** For each tensor its mask, bool [batch, steps], or undefined where every step counts. */
export type Masks = readonly (Tensor | undefined)[];

/** What a layer computes. */
export interface Applied {
  readonly outputs: readonly Tensor[];
  readonly state: NamedTensorTree;
  /** A scalar to be added to the loss, such as a weight penalty. */
  readonly penalty?: Tensor;
  /** The masks of the outputs; absent where every step of all of them counts. */
  readonly masks?: Masks;
  /** For each output its logits, or undefined where it has none; absent where no output has. */
  readonly logits?: readonly (Logits | undefined)[];
}

/** What an output was before its last act, a sigmoid or a softmax: cross-entropies work on it, and overflow nowhere. */
export interface Logits {
  readonly sigmoid?: Tensor;
  readonly softmax?: Tensor;
}

/** What JSON can hold. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/** The options that make a layer, as JSON: what `save` writes. */
export type LayerConfig = { readonly [key: string]: Json | undefined };

/**
 * A layer as a value: two pure functions and the options that made it. It holds no tensors.
 *
 * The model that contains a layer names it, opens the scope of that name around `apply`, and passes the parts of its
 * own trees that belong to it. A layer of a user's own is an object literal with these fields.
 */
export interface Layer {
  /** The name of the function that makes it, `"dense"`: how saved files and summaries call it. */
  readonly type: string;
  /** The name given by the user; without one the model makes one from the type. */
  readonly name?: string;
  readonly config: LayerConfig;
  /** The shape of one input without the batch axis, where the user gave it: models need it for their first layer. */
  readonly inputShape?: Shape;
  /**
   * For each input whether it takes ids, which are integers: models make them of plain arrays of whole numbers. Absent: none
   * does.
   */
  readonly takesIds?: readonly boolean[];
  /** Parameters from a key. Throws a NeuriteError for input shapes that do not fit. */
  init(key: Tensor, inputShapes: readonly Shape[], dtype: DType): Initialized;
  /** Outputs for a batch; the first axis of every input and output is the batch. */
  apply(variables: Variables, inputs: readonly Tensor[], options?: ApplyOptions): Applied;
}
