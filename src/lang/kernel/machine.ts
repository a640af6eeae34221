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

/**
 * The words of the pool of threads, as byte addresses behind the error word: what the caller writes, and on another cache
 * line what the others do.
 */
export const poolAddresses = {
  /** The generation of a task in the bits from 12 up, its number of parts, and in the lowest 6 the next part that nobody took. */
  ticket: 64,
  /** The table index of the task's kernel and the address of its arguments. */
  kernel: 68,
  arguments: 72,
  /** How many threads run a task at most, the caller's included; fewer than 2: no others. */
  threads: 76,
  /** 1 if the caller may sleep. */
  maySleep: 80,
  /** How many messages the threads have been sent: who has not read all of them takes no part. */
  messages: 84,
  /** The number of parts that are done. */
  done: 128,
  /** 1 while the caller sleeps. */
  callerSleeps: 132,
  /** How many of the others sleep. */
  sleeping: 136,
  /** Changes when those who sleep are to look again. */
  alarm: 140,
} as const;

/** The first byte of memory that a block may take: the words above lie before it. */
export const firstFreeAddress = 192;
