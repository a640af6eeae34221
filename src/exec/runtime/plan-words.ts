import { dtypeFacts } from "../../base/dtype.ts";
import type { Command, Plan, Routine } from "../../lang/kernel/kernel.ts";
import { commandCodes } from "../../lang/kernel/machine.ts";
import { firstOverwrite, listsOf } from "../../lang/kernel/overwrites.ts";
import { errorWordAddress } from "../../lang/kernel/rendered.ts";

/** Where the arguments of a kernel come from. */
export interface KernelCode {
  /** Its index in the function table. */
  readonly index: number;
  readonly words: readonly number[];
  readonly scratchBytes: number;
  /** Into how many parts the work is worth dividing. */
  readonly parts: number;
}

/** The places whose addresses a plan learns at run time. */
export type Root = `input ${number}` | `output ${number}` | `step ${number}` | "arena" | "constants";

/** A routine, and the positions of the words with the addresses of its buffers. */
export interface RoutineCall {
  readonly number: number;
  readonly routine: Routine;
  readonly buffers: readonly number[];
  readonly position: number;
}

/** A word: a number, the address of another word, or an address in memory. */
type Word = number | { readonly word: number } | { readonly root: Root; readonly offset: number }[];

interface StepHeader {
  readonly root: Root;
  /** The position of the header. */
  readonly at: number;
}

/** A plan as words: the commands of machine.ts and the arguments of its kernels. */
export class PlanWords {
  readonly words: number[] = [];
  /** Positions of the words that are addresses of words of the plan itself, counted in bytes from its start. */
  readonly own: number[] = [];
  /** For each root pairs of a word's position and its distance in bytes from the root. */
  readonly patches: Map<Root, number[]> = new Map();
  readonly routines: RoutineCall[] = [];
  /** The position of the first command. */
  readonly start: number;
  /** The bytes from the arena's start to the end of the scratch area behind it. */
  arenaBytes: number;
  readonly constantOffsets: readonly number[];
  readonly constantBytes: number;
  readonly #plan: Plan;
  readonly #codeOf: (command: Extract<Command, { kind: "kernel" }>) => KernelCode;
  readonly #firstRoutine: number;
  readonly #stepped = new Set<number>();
  readonly #headers: StepHeader[] = [];
  readonly #scratchOffset: number;

  /** `codeOf` finds a kernel's code; routines are numbered from `firstRoutine`. */
  constructor(
    plan: Plan,
    codeOf: (command: Extract<Command, { kind: "kernel" }>) => KernelCode,
    firstRoutine: number,
  ) {
    this.#plan = plan;
    this.#codeOf = codeOf;
    this.#firstRoutine = firstRoutine;
    this.#scratchOffset = align(plan.arenaBytes);
    this.arenaBytes = plan.arenaBytes;
    let constantBytes = 0;
    this.constantOffsets = plan.buffers.map(({ place }) => {
      const offset = constantBytes;
      if (place.kind === "constant") constantBytes += align(place.data.byteLength);
      return offset;
    });
    this.constantBytes = constantBytes;
    this.#findSteps(plan.commands);
    this.start = this.#wholeList();
    this.#appendPatches();
  }

  // Where a check has failed before the first input is overwritten, the run ends there: the error word selects what follows.
  #wholeList(): number {
    const { commands, checks } = this.#plan;
    const first = firstOverwrite(this.#plan);
    const copies = this.#outputCopies();
    if (checks.length === 0 || first === commands.length) return this.#list(commands, copies);
    const rest: Word = { word: this.#list(commands.slice(first), copies) };
    const nothing = this.#listAddress([]);
    return this.#list(commands.slice(0, first), [commandCodes.branch, errorWordAddress, 4, 2, rest, nothing]);
  }

  #findSteps(commands: readonly Command[]): void {
    for (const command of commands) {
      if (command.kind === "repeat") {
        for (const step of command.steps) this.#stepped.add(step.buffer);
      }
      for (const list of listsOf(command)) this.#findSteps(list);
    }
  }

  // An output that is not computed in its own place is copied there at the end.
  #outputCopies(): Word[] {
    return this.#plan.outputs.flatMap((buffer, output): Word[] => {
      const { place } = this.#plan.buffers[buffer];
      if (place.kind === "input" || (place.kind === "output" && place.output === output)) return [];
      return [
        commandCodes.copy,
        [{ root: `output ${output}`, offset: 0 }],
        this.#address(buffer),
        this.#bytesOf(buffer),
      ];
    });
  }

  #list(commands: readonly Command[], last: readonly Word[] = []): number {
    const words = commands.flatMap((command) => this.#command(command));
    return this.#append([...words, ...last, commandCodes.end]);
  }

  #command(command: Command): Word[] {
    switch (command.kind) {
      case "kernel":
        return this.#kernel(command);
      case "copy": {
        const { from, to } = command;
        return [commandCodes.copy, this.#address(to), this.#address(from), this.#bytesOf(to)];
      }
      case "branch": {
        const { selector, branches } = command;
        const { bytes } = dtypeFacts[this.#plan.buffers[selector].dtype];
        const lists = branches.map((branch) => this.#listAddress(branch));
        return [commandCodes.branch, this.#address(selector), bytes, branches.length, ...lists];
      }
      case "while": {
        const { condition, predicate, body } = command;
        return [
          commandCodes.while,
          this.#listAddress(condition),
          this.#address(predicate),
          this.#listAddress(body),
        ];
      }
      case "repeat": {
        const { count, body, steps } = command;
        const headers = steps.flatMap(({ buffer, strideBytes }): Word[] => [
          this.#stepBase(buffer),
          strideBytes,
          0,
          { word: 0 },
        ]);
        const address = this.#append(headers);
        steps.forEach(({ buffer }, k) => {
          this.#headers.push({ root: `step ${buffer}`, at: address + 4 * k });
        });
        return [commandCodes.repeat, count, this.#listAddress(body), steps.length, { word: address }];
      }
    }
  }

  #kernel(command: Extract<Command, { kind: "kernel" }>): Word[] {
    const { kernel, buffers } = command;
    const addresses = buffers.map((buffer) => this.#address(buffer));
    if (kernel.kind === "routine") {
      const position = this.#append(addresses);
      const number = this.#firstRoutine + this.routines.length;
      this.routines.push({ number, routine: kernel, buffers, position });
      return [commandCodes.routine, number];
    }
    const { index, words, scratchBytes, parts } = this.#codeOf(command);
    const scratch: Word[] = [];
    if (scratchBytes > 0) {
      scratch.push([{ root: "arena", offset: this.#scratchOffset }]);
      this.arenaBytes = Math.max(this.arenaBytes, this.#scratchOffset + scratchBytes);
    }
    const call = [index, { word: this.#append([...addresses, ...scratch, ...words]) }];
    return parts > 1 ? [commandCodes.parts, parts, ...call] : call;
  }

  #listAddress(commands: readonly Command[]): Word {
    return { word: this.#list(commands) };
  }

  #append(words: readonly Word[]): number {
    const start = this.words.length;
    for (const word of words) {
      const position = this.words.length;
      if (typeof word === "number") this.words.push(word);
      else if ("word" in word) {
        this.own.push(position);
        this.words.push(4 * word.word);
      } else {
        this.words.push(0);
        for (const { root, offset } of word) this.#patch(root, position, offset);
      }
    }
    return start;
  }

  #patch(root: Root, position: number, offset: number): void {
    const list = this.patches.get(root);
    if (list === undefined) this.patches.set(root, [position, offset]);
    else list.push(position, offset);
  }

  // The address of a buffer follows the place it lies in, and every stepped view on the way there.
  #address(buffer: number, offset = 0): { root: Root; offset: number }[] {
    const { place } = this.#plan.buffers[buffer];
    const moving: { root: Root; offset: number }[] = this.#stepped.has(buffer)
      ? [{ root: `step ${buffer}`, offset }]
      : [];
    switch (place.kind) {
      case "input":
        return [...moving, { root: `input ${place.input}`, offset }];
      case "output":
        return [...moving, { root: `output ${place.output}`, offset }];
      case "arena":
        return [...moving, { root: "arena", offset: offset + place.byteOffset }];
      case "constant":
        return [...moving, { root: "constants", offset: offset + this.constantOffsets[buffer] }];
      case "view":
        return [...moving, ...this.#address(place.of, offset + place.byteOffset)];
    }
  }

  #stepBase(buffer: number): Word {
    const { place } = this.#plan.buffers[buffer];
    if (place.kind !== "view") throw new TypeError("only views are stepped");
    return this.#address(place.of, place.byteOffset);
  }

  #bytesOf(buffer: number): number {
    const { dtype, length } = this.#plan.buffers[buffer];
    return length * dtypeFacts[dtype].bytes;
  }

  // All words are known now, and with them those that each stepped view moves.
  #appendPatches(): void {
    for (const { root, at } of this.#headers) {
      const patches = this.patches.get(root) ?? [];
      const words: Word[] = patches.map((number, k) => (k % 2 === 0 ? { word: number } : number));
      this.words[at + 2] = patches.length / 2;
      this.words[at + 3] = 4 * this.#append(words);
    }
  }
}

function align(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}
