import { ByteWriter } from "./encoder-bytes.ts";
import {
  type AtomicOpcode,
  atomicOpcodes,
  type LaneOpcode,
  laneOpcodes,
  type MemoryLaneOpcode,
  type MemoryOpcode,
  memoryLaneOpcodes,
  memoryOpcodes,
  type PlainOpcode,
  plainOpcodes,
} from "./encoder-opcodes.ts";
import { type FunctionReference, type Signature, type ValueType, valueTypeCodes } from "./encoder-types.ts";

/** A parameter or a local variable of a function. */
export interface Local {
  readonly index: number;
  readonly type: ValueType;
}

/** An i32 to put on the stack: a local, a constant, or code that leaves one. */
export type Operand = Local | number | (() => void);

/** The target of branches: the end of a block, or the start of a loop. */
export interface Label {
  readonly depth: number;
}

const bits = new DataView(new ArrayBuffer(8));

/** The body of one function under construction: instructions are appended in order. */
export class FunctionBuilder {
  readonly parameters: readonly Local[];
  readonly #code = new ByteWriter();
  readonly #locals: ValueType[] = [];
  readonly #calls: { readonly position: number; readonly target: FunctionReference }[] = [];
  readonly #typeIndex: (signature: Signature) => number;
  #depth = 0;

  /** `typeIndex` gives the index of a signature in the module's type section. */
  constructor(signature: Signature, typeIndex: (signature: Signature) => number) {
    this.#typeIndex = typeIndex;
    this.parameters = signature.parameters.map((type, index) => ({ index, type }));
  }

  /** A new local variable, 0 at first. */
  local(type: ValueType): Local {
    const index = this.parameters.length + this.#locals.push(type) - 1;
    return { index, type };
  }

  /** Several new local variables. */
  manyLocals(type: ValueType, count: number): Local[] {
    return Array.from({ length: count }, () => this.local(type));
  }

  /** Instructions without immediates. */
  emit(...operations: PlainOpcode[]): void {
    for (const operation of operations) this.#opcode(plainOpcodes[operation]);
  }

  /** A load or a store at the address on the stack plus a constant offset. */
  memory(operation: MemoryOpcode, offset = 0): void {
    this.#opcode(memoryOpcodes[operation]);
    this.#code.byte(0);
    this.#code.unsigned(offset);
  }

  /** An atomic instruction on the 32-bit word at the address on the stack. */
  atomic(operation: AtomicOpcode): void {
    this.#opcode(atomicOpcodes[operation]);
    // Its alignment as a power of two, then an offset.
    this.#code.append([2, 0]);
  }

  /** A load or a store of one lane. */
  memoryLane(operation: MemoryLaneOpcode, lane: number, offset = 0): void {
    this.#opcode(memoryLaneOpcodes[operation]);
    this.#code.byte(0);
    this.#code.unsigned(offset);
    this.#code.byte(lane);
  }

  /** Extracts or replaces a lane. */
  lane(operation: LaneOpcode, lane: number): void {
    this.#opcode(laneOpcodes[operation]);
    this.#code.byte(lane);
  }

  /** Picks 16 bytes out of the 32 of two vectors. */
  shuffle(bytes: readonly number[]): void {
    this.#opcode(0xfd000d);
    this.#code.append(bytes);
  }

  /** Picks 4 words out of the 8 of two vectors. */
  shuffleWords(words: readonly number[]): void {
    this.shuffle(words.flatMap((word) => [4 * word, 4 * word + 1, 4 * word + 2, 4 * word + 3]));
  }

  i32(value: number): void {
    this.#code.byte(0x41);
    this.#code.signed(value);
  }

  f32(value: number): void {
    this.#code.byte(0x43);
    bits.setFloat32(0, value, true);
    for (let k = 0; k < 4; k++) this.#code.byte(bits.getUint8(k));
  }

  f64(value: number): void {
    this.#code.byte(0x44);
    bits.setFloat64(0, value, true);
    for (let k = 0; k < 8; k++) this.#code.byte(bits.getUint8(k));
  }

  /** A vector constant from its 16 bytes. */
  v128(bytes: ArrayLike<number>): void {
    this.#opcode(0xfd000c);
    for (let k = 0; k < 16; k++) this.#code.byte(bytes[k]);
  }

  get(local: Local): void {
    this.#code.byte(0x20);
    this.#code.unsigned(local.index);
  }

  /** Sets a local to a value, or to what is on the stack. */
  set(local: Local, value?: Operand): void {
    if (value !== undefined) this.push(value);
    this.#code.byte(0x21);
    this.#code.unsigned(local.index);
  }

  /** Sets a local and leaves the value on the stack. */
  tee(local: Local): void {
    this.#code.byte(0x22);
    this.#code.unsigned(local.index);
  }

  /** Puts an i32 on the stack. */
  push(value: Operand): void {
    if (typeof value === "number") this.i32(value);
    else if (typeof value === "function") value();
    else this.get(value);
  }

  /** local += value, for i32 locals. */
  increment(local: Local, value: Operand): void {
    this.get(local);
    this.push(value);
    this.emit("i32.add");
    this.set(local);
  }

  /** A block; branching to its label leaves it. */
  block(body: (end: Label) => void): void {
    this.#structure(0x02, body);
  }

  /** A loop; branching to its label starts it again, falling through leaves it. */
  loop(body: (start: Label) => void): void {
    this.#structure(0x03, body);
  }

  /** Runs one of two bodies by the i32 on the stack; with a result type each leaves one value. */
  if(then: () => void, otherwise?: () => void, result?: ValueType): void {
    this.#code.byte(0x04);
    this.#code.byte(result === undefined ? 0x40 : valueTypeCodes[result]);
    this.#depth++;
    then();
    if (otherwise !== undefined) {
      this.#code.byte(0x05);
      otherwise();
    }
    this.#depth--;
    this.#code.byte(0x0b);
  }

  branch(label: Label): void {
    this.#code.byte(0x0c);
    this.#code.unsigned(this.#depth - label.depth);
  }

  /** Branches if the i32 on the stack is not 0. */
  branchIf(label: Label): void {
    this.#code.byte(0x0d);
    this.#code.unsigned(this.#depth - label.depth);
  }

  /** for (counter = from; counter < to; counter += step) body, in signed numbers; without `from` the counter starts as it is. */
  forRange(
    counter: Local,
    range: { readonly from?: Operand; readonly to: Operand; readonly step?: Operand },
    body: () => void,
  ): void {
    if (range.from !== undefined) this.set(counter, range.from);
    this.get(counter);
    this.push(range.to);
    this.emit("i32.lt_s");
    this.if(() => {
      this.loop((start) => {
        body();
        this.get(counter);
        this.push(range.step ?? 1);
        this.emit("i32.add");
        this.tee(counter);
        this.push(range.to);
        this.emit("i32.lt_s");
        this.branchIf(start);
      });
    });
  }

  call(target: FunctionReference): void {
    this.#code.byte(0x10);
    this.#calls.push({ position: this.#code.padded(0), target });
  }

  /** Calls the function at the table index on the stack. */
  callIndirect(signature: Signature): void {
    this.#code.byte(0x11);
    this.#code.unsigned(this.#typeIndex(signature));
    this.#code.byte(0);
  }

  /** memory.copy: destination, source and byte count are on the stack. */
  memoryCopy(): void {
    this.#opcode(0xfc000a);
    this.#code.append([0, 0]);
  }

  /** memory.fill: destination, byte value and byte count are on the stack. */
  memoryFill(): void {
    this.#opcode(0xfc000b);
    this.#code.byte(0);
  }

  /** The number of code bytes so far. */
  get size(): number {
    return this.#code.length;
  }

  /** Writes the body as an entry of the code section. */
  write(out: ByteWriter, indexOf: (reference: FunctionReference) => number): void {
    for (const { position, target } of this.#calls) this.#code.patch(position, indexOf(target));
    out.sized(() => {
      const runs = runsOf(this.#locals);
      out.unsigned(runs.length);
      for (const { type, count } of runs) {
        out.unsigned(count);
        out.byte(valueTypeCodes[type]);
      }
      out.splice(this.#code);
      out.byte(0x0b);
    });
  }

  #structure(code: number, body: (label: Label) => void): void {
    this.#code.byte(code);
    this.#code.byte(0x40);
    this.#depth++;
    body({ depth: this.#depth });
    this.#depth--;
    this.#code.byte(0x0b);
  }

  #opcode(code: number): void {
    if (code < 0x100) {
      this.#code.byte(code);
    } else {
      this.#code.byte(code >>> 16);
      this.#code.unsigned(code & 0xffff);
    }
  }
}

function runsOf(types: readonly ValueType[]): { type: ValueType; count: number }[] {
  const runs: { type: ValueType; count: number }[] = [];
  for (const type of types) {
    const last = runs.at(-1);
    if (last?.type === type) last.count++;
    else runs.push({ type, count: 1 });
  }
  return runs;
}
