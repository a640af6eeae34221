/** The version of the format that is written, and the newest that can be read. */
export const formatVersion = 1;

/** Stands before the paths of an optimizer's tensors; no layer's name holds a slash. */
export const optimizerPrefix = "optimizer/";
