import type { ContractionType } from "../contraction/sizes.ts";
import { packFrame } from "./contraction-pack.ts";
import { importShared, multiplyFunction, packFunction, walkFunction } from "./contraction-shared.ts";
import { laneFacts, pushMultiplyArguments, tileColumns, tileRows, tileVectors } from "./contraction-tile.ts";
import {
  type LoopWord,
  loopWord,
  type OperandWord,
  operandWord,
  type PackedOperand,
  placesBytes,
} from "./contraction-words.ts";
import {
  type FunctionBuilder,
  type FunctionReference,
  kernelSignature,
  type Local,
  type ModuleBuilder,
  type Operand,
} from "./encoder.ts";
import { type Integers, integers } from "./encoder-integers.ts";
import { startOfPart } from "./parts.ts";
import type { SharedFunction } from "./rendered.ts";

/** What the code of a contraction depends on. */
export interface DriverStructure {
  readonly dtype: ContractionType;
  /** Whether products and sums may be rounded once. */
  readonly relaxed: boolean;
  /** The position of the scratch address in the arguments; the contraction's words follow. */
  readonly scratchWord: number;
  readonly left: PackedOperand;
  readonly right: PackedOperand;
}

/** The shared functions that a contraction calls. */
export function sharedFunctions({ dtype, relaxed, left, right }: DriverStructure): SharedFunction[] {
  const shared = [left.plan, right.plan].flatMap(({ along, guards }) => [
    walkFunction("elements", guards),
    walkFunction("runs", guards),
    packFunction(along ? "along" : "across", guards, laneFacts[dtype].bytes),
  ]);
  return [multiplyFunction(dtype, relaxed), ...shared];
}

type Side = "left" | "right";

/** Where loops over rows, columns or batches begin and end. */
interface Share {
  readonly from: Local;
  readonly to: Local;
}

/** Defines the kernel function of a contraction: the loops over its blocks. */
export function defineDriver(
  module: ModuleBuilder,
  exportName: string | undefined,
  structure: DriverStructure,
  epilogue: FunctionReference,
): FunctionReference {
  return module.define(exportName, kernelSignature, (f) => new Driver(module, f, structure).emit(epilogue));
}

class Driver {
  readonly #module: ModuleBuilder;
  readonly #f: FunctionBuilder;
  readonly #structure: DriverStructure;
  readonly #args: Local;
  readonly #scratch: Local;
  readonly #is: Integers;

  constructor(module: ModuleBuilder, f: FunctionBuilder, structure: DriverStructure) {
    this.#module = module;
    this.#f = f;
    this.#structure = structure;
    [this.#args] = f.parameters;
    this.#scratch = f.local("i32");
    this.#is = integers(f);
  }

  emit(epilogue: FunctionReference): void {
    const f = this.#f;
    const structure = this.#structure;
    const scratch = this.#scratch;
    const { add, subtract, divide, minimum, equal, load } = this.#is;
    const [batch, column, row, depth, columns, rows, depths, leftPanels, rightPanels, slot, limit] =
      f.manyLocals("i32", 11);
    const multiplyBlock = importShared(this.#module, multiplyFunction(structure.dtype, structure.relaxed));
    f.set(scratch, load(this.#args, 4 * structure.scratchWord));
    this.#takeScratchOfPart();
    const share = this.#share();
    const depthEnd = f.local("i32");
    f.set(depthEnd, this.#word("depth"));
    f.push(this.#inScratch(this.#word("zeroPlaces")));
    f.i32(0);
    f.i32(placesBytes);
    f.memoryFill();
    for (const side of ["left", "right"] as const) {
      this.#materialize(side);
      this.#initialize(side);
    }
    // size = min(block, end − from), and that in whole tiles
    const cut = (size: Local, block: LoopWord, end: Local, from: Local): void => {
      f.set(size, subtract(end, from));
      f.set(limit, this.#word(block));
      f.set(size, minimum(size, limit));
    };
    const panelsOf = (size: Local, tile: number): Operand => divide(add(size, tile - 1), tile);

    f.forRange(batch, share.batch, () => {
      this.#startAt("left", batch);
      this.#startAt("right", batch);
      f.forRange(column, { ...share.columns, step: this.#word("blockColumns") }, () => {
        cut(columns, "blockColumns", share.columns.to, column);
        f.set(rightPanels, panelsOf(columns, tileColumns(structure.dtype)));
        f.forRange(row, { ...share.rows, step: this.#word("blockRows") }, () => {
          cut(rows, "blockRows", share.rows.to, row);
          f.set(leftPanels, panelsOf(rows, tileRows));
          f.set(slot, this.#inScratch(this.#word("rightBlock")));
          f.forRange(depth, { from: 0, to: depthEnd, step: this.#word("blockDepth") }, () => {
            cut(depths, "blockDepth", depthEnd, depth);
            f.push(this.#word("direct"));
            f.if(
              () => f.set(slot, this.#inPlace(column, depth)),
              () => {
                // The right block is packed for the first block of rows and kept for the others if it can be.
                f.push(equal(row, share.rows.from));
                f.push(this.#word("repackRight"));
                f.emit("i32.or");
                f.if(() =>
                  this.#pack(
                    "right",
                    slot,
                    column,
                    columns,
                    rightPanels,
                    depth,
                    depths,
                    this.#word("rightPanelBytes"),
                  ),
                );
              },
            );
            const left = this.#inScratch(this.#word("leftBlock"));
            this.#pack("left", left, row, rows, leftPanels, depth, depths, this.#word("leftPanelBytes"));
            pushMultiplyArguments(f, {
              left,
              right: slot,
              sums: scratch,
              depth: depths,
              leftPanels,
              rightPanels,
              leftPanelBytes: this.#word("leftPanelBytes"),
              rightPanelBytes: this.#word("rightPanelBytes"),
              rightDepthBytes: this.#word("rightDepthBytes"),
              rowBytes: this.#word("rowBytes"),
              accumulate: depth,
            });
            f.call(multiplyBlock);
            f.increment(slot, this.#word("rightSlotBytes"));
          });
          for (const operand of [this.#args, batch, row, rows, column, columns]) f.push(operand);
          f.call(epilogue);
        });
      });
    });
  }

  // Each part works in a scratch area of its own, on a copy of the arguments that names it.
  #takeScratchOfPart(): void {
    const f = this.#f;
    const { multiply, store } = this.#is;
    const [args, part] = f.parameters;
    f.get(part);
    f.if(() => {
      f.increment(this.#scratch, multiply(part, this.#word("partBytes")));
      const own = f.local("i32");
      f.set(own, this.#inScratch(this.#word("ownArguments")));
      for (const operand of [own, args, this.#word("argumentBytes")]) f.push(operand);
      f.memoryCopy();
      store(own, 4 * this.#structure.scratchWord, this.#scratch);
      f.set(args, own);
    });
  }

  // This part's share: of the batch, or else of the longer of rows and columns, in whole tiles.
  #share(): Record<"batch" | "rows" | "columns", Share> {
    const f = this.#f;
    const { add, divide, multiply, minimum, less, greater } = this.#is;
    const [, part, parts] = f.parameters;
    const start = startOfPart(this.#module);
    const whole = (name: LoopWord): Share => {
      const [from, to] = f.manyLocals("i32", 2);
      f.set(to, this.#word(name));
      return { from, to };
    };
    const divideAmongParts = ({ from, to }: Share, tile: number): void => {
      const tiles = f.local("i32");
      const startOf =
        (number: Operand): Operand =>
        () => {
          for (const operand of [tiles, number, parts]) f.push(operand);
          f.call(start);
        };
      f.set(tiles, divide(add(to, tile - 1), tile));
      f.set(from, multiply(startOf(part), tile));
      f.set(tiles, multiply(startOf(add(part, 1)), tile));
      f.set(to, minimum(to, tiles));
    };
    const [batch, rows, columns] = (["batch", "rows", "columns"] as const).map(whole);
    f.push(greater(parts, 1));
    f.if(() => {
      f.push(less(batch.to, parts));
      f.if(
        () => {
          f.push(greater(rows.to, columns.to));
          f.if(
            () => divideAmongParts(rows, tileRows),
            () => divideAmongParts(columns, tileColumns(this.#structure.dtype)),
          );
        },
        () => divideAmongParts(batch, 1),
      );
    });
    return { batch, rows, columns };
  }

  // Runs the nest that computes an operand, on arguments of its own: the contraction's buffers, the operand, the nest's words.
  #materialize(side: Side): void {
    const f = this.#f;
    const structure = this.#structure;
    const { add, store } = this.#is;
    const { nest } = structure[side];
    if (nest === undefined) return;
    const target = f.local("i32");
    const buffersBytes = 4 * structure.scratchWord;
    const copy = (to: Operand, from: Operand, bytes: Operand): void => {
      for (const operand of [to, from, bytes]) f.push(operand);
      f.memoryCopy();
    };
    f.set(target, this.#inScratch(this.#operand(side, "nestArguments")));
    copy(target, this.#args, buffersBytes);
    store(target, buffersBytes, this.#inScratch(this.#operand(side, "materialized")));
    copy(
      add(target, buffersBytes + 4),
      add(this.#args, this.#operand(side, "nestWords")),
      this.#operand(side, "nestBytes"),
    );
    for (const operand of [target, 0, 1]) f.push(operand);
    f.call(nest.define(this.#module, undefined));
  }

  // Writes what stays the same of an operand's pack frame, and its fills.
  #initialize(side: Side): void {
    const f = this.#f;
    const structure = this.#structure;
    const { store, equal, add } = this.#is;
    const { plan } = structure[side];
    const [frame, area] = f.manyLocals("i32", 2);
    f.set(frame, this.#inScratch(this.#operand(side, "frame")));
    f.set(area, this.#inScratch(this.#operand(side, "fillArea")));
    const lanes = laneFacts[structure.dtype].lanes;
    const fields: [keyof typeof packFrame, Operand][] = [
      ["source", this.#source(side)],
      ["elements", this.#inScratch(this.#operand(side, "elements"))],
      ["runs", this.#inScratch(this.#operand(side, "runs"))],
      ["guards", add(this.#args, this.#operand(side, "limits"))],
      ["stride", this.#operand(side, "stride")],
      ["panelBytes", this.#word(side === "left" ? "leftPanelBytes" : "rightPanelBytes")],
      ["vectorsPerPanel", side === "left" ? tileRows / lanes : tileVectors],
      ["fillArea", area],
    ];
    for (const [name, value] of fields) store(frame, packFrame[name], value);
    store(frame, packFrame.fill, this.#operand(side, "fillLow"));
    store(frame, packFrame.fill + 4, this.#operand(side, "fillHigh"));
    if (plan.guards === 0) return;
    const end = f.local("i32");
    f.set(end, add(area, this.#operand(side, "fillBytes")));
    f.loop((again) => {
      store(area, 0, this.#operand(side, "fillLow"));
      store(area, 4, this.#operand(side, "fillHigh"));
      f.increment(area, 8);
      f.push(equal(area, end));
      f.emit("i32.eqz");
      f.branchIf(again);
    });
  }

  #source(side: Side): Operand {
    const { plan, nest } = this.#structure[side];
    if (nest !== undefined) return this.#inScratch(this.#operand(side, "materialized"));
    return this.#is.load(this.#args, 4 * plan.buffer);
  }

  // The address of a block of a right operand that is read where it lies.
  #inPlace(column: Local, depth: Local): Operand {
    const { add, multiply, load } = this.#is;
    const { bytes } = laneFacts[this.#structure.dtype];
    const start = add(this.#source("right"), load(this.#inScratch(this.#operand("right", "places"))));
    return add(start, add(multiply(depth, this.#word("rightDepthBytes")), multiply(column, bytes)));
  }

  // The places of an operand at a batch index.
  #startAt(side: Side, batch: Local): void {
    const f = this.#f;
    const { add } = this.#is;
    this.#walk(
      side,
      "elements",
      this.#inScratch(this.#operand(side, "places")),
      "batch",
      add(this.#args, this.#operand(side, "start")),
      batch,
      1,
    );
    f.emit("drop");
  }

  // Packs a block of an operand to `out`.
  #pack(
    side: Side,
    out: Operand,
    position: Local,
    count: Local,
    panels: Local,
    depth: Local,
    depths: Local,
    panelBytes: Operand,
  ): void {
    const f = this.#f;
    const structure = this.#structure;
    const { along, guards } = structure[side].plan;
    const { add, subtract, multiply, store, load, greater } = this.#is;
    const frame = f.local("i32");
    const tile = side === "left" ? tileRows : tileColumns(structure.dtype);
    f.set(frame, this.#inScratch(this.#operand(side, "frame")));
    store(frame, packFrame.out, out);
    const places = this.#inScratch(this.#operand(side, "places"));
    const zeros = this.#inScratch(this.#word("zeroPlaces"));
    const [elementGroup, runGroup] = along ? (["depth", "panel"] as const) : (["panel", "depth"] as const);
    const rangeOf = { panel: [position, count], depth: [depth, depths] } as const;
    const elements = load(frame, packFrame.elements);
    const runs = load(frame, packFrame.runs);
    store(frame, packFrame.elementCount, () =>
      this.#walk(side, "elements", elements, elementGroup, places, ...rangeOf[elementGroup]),
    );
    store(frame, packFrame.runCount, () =>
      this.#walk(side, "runs", runs, runGroup, zeros, ...rangeOf[runGroup]),
    );
    // Lanes of the last panel that no row or column fills must not hold denormals, which are slow.
    f.push(greater(multiply(panels, tile), count));
    f.if(() => {
      f.push(add(load(frame, packFrame.out), multiply(subtract(panels, 1), panelBytes)));
      f.i32(0);
      f.push(panelBytes);
      f.memoryFill();
    });
    f.get(frame);
    const direction = along ? "along" : "across";
    f.call(importShared(this.#module, packFunction(direction, guards, laneFacts[structure.dtype].bytes)));
  }

  // Leaves the number of entries written.
  #walk(
    side: Side,
    write: "elements" | "runs",
    out: Operand,
    group: "batch" | "panel" | "depth",
    start: Operand,
    from: Operand,
    count: Operand,
  ): void {
    const f = this.#f;
    const { add } = this.#is;
    const axes = add(this.#args, this.#operand(side, `${group}Axes`));
    const rank = this.#operand(side, `${group}Rank`);
    const indices = this.#inScratch(this.#word("indices"));
    for (const operand of [out, axes, rank, start, from, count, indices]) f.push(operand);
    f.call(importShared(this.#module, walkFunction(write, this.#structure[side].plan.guards)));
  }

  #inScratch(offset: Operand): Operand {
    return this.#is.add(this.#scratch, offset);
  }

  #word(name: LoopWord): Operand {
    return this.#is.load(this.#args, 4 * (this.#structure.scratchWord + 1 + loopWord(name)));
  }

  #operand(side: Side, name: OperandWord): Operand {
    return this.#is.load(this.#args, 4 * (this.#structure.scratchWord + 1 + operandWord(side, name)));
  }
}
