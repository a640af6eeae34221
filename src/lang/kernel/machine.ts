/**
 * A plan as 32-bit words in memory, which the driver of a device interprets. A command starts with its code; a code that is
 * not negative is the table index of a kernel, followed by the address of its arguments. Addresses are in bytes.
 */
export const commandCodes = {
  /** Ends a list of commands. */
  end: -1,
  /** to, from, bytes */
  copy: -2,
  /** number of a host function */
  routine: -3,
  /** address of the selector, its bytes (1 or 4), count, then the address of each branch's commands */
  branch: -4,
  /** address of the condition's commands, address of the predicate, address of the body's commands */
  while: -5,
  /** count, address of the body's commands, number of steps, address of the steps */
  repeat: -6,
  /** how many parts at most, the table index of a kernel, the address of its arguments: parts may run at the same time */
  parts: -7,
} as const;

/**
 * One stepped view of a repeat is four words: base address, stride in bytes, number of patches, address of the patches.
 * A patch is two words, the address of a word and an offset: before step t the word becomes base + t · stride + offset,
 * and behind the loop base + offset.
 */
export const stepWords = 4;
