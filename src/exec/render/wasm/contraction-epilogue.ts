import type { Load } from "../../../lang/kernel/expression.ts";
import type { Contraction, KernelBuffer } from "../../../lang/kernel/kernel.ts";
import { mergeGroup, sitesOf } from "../nest/canonical.ts";
import { Graph } from "../nest/graph.ts";
import { type CheckNode, type IndexNode, type StoreNode, statementNodes } from "../nest/nodes.ts";
import { laneFacts } from "./contraction-tile.ts";
import type {
  FunctionBuilder,
  FunctionReference,
  Local,
  ModuleBuilder,
  Operand,
  Signature,
} from "./encoder.ts";
import { integers } from "./encoder-integers.ts";
import { Emitter, type LaneMode } from "./expression.ts";
import { emitCheck, emitStore } from "./memory.ts";

/**
 * (args, batch index, first row, rows, first column, columns): what a contraction does with a block of sums,
 * which lie at the start of scratch.
 */
export const epilogueSignature: Signature = { parameters: new Array(6).fill("i32"), results: [] };

/** An axis of the epilogue: its number in expressions, and its extent as a run-time word. */
interface Axis {
  readonly number: number;
  readonly extent: IndexNode;
}

/** A group of axes that one flat index counts. */
type Group = readonly Axis[];

/** A contraction's epilogue as code and words. */
export class Epilogue {
  /** True if every sum's results lie in places of their own, so that the work can be divided. */
  readonly isDivisible: boolean;
  readonly #graph: Graph;
  readonly #statements: readonly (StoreNode | CheckNode)[];
  readonly #batch: Group;
  readonly #rows: Group;
  readonly #columns: Group;
  /** The number of the axis that counts sums from the start of scratch to lane 0's, less the vector axis' index. */
  readonly #sumsAxis: number;
  readonly #rowElements: IndexNode;
  readonly #lanes: 2 | 4;

  /** `before` words stand before the epilogue's own, `rowElements` sums lie from one row to the next. */
  constructor(contraction: Contraction, before: number, rowElements: number) {
    const { batch, rows, columns, dtype, buffers, epilogue } = contraction;
    const axisCount = batch.length + rows.length + columns.length;
    const nest = { ...contraction, kind: "loops", space: [], inner: [], statements: epilogue } as const;
    const { coordinates, hasDouble } = sitesOf(nest);
    this.#sumsAxis = axisCount;
    const merged = {
      batch: mergeGroup(batch, 0, coordinates),
      rows: mergeGroup(rows, batch.length, coordinates),
      columns: mergeGroup(columns, batch.length + rows.length, coordinates),
    };
    // Lanes lie along the last column axis; where there is none, one of extent 1 takes its place.
    if (merged.columns.sources.length === 0) merged.columns = { extents: [1], sources: [axisCount + 1] };
    const vectorAxis = merged.columns.sources[merged.columns.sources.length - 1];
    const order = [
      ...merged.batch.sources,
      ...merged.rows.sources,
      ...merged.columns.sources.slice(0, -1),
      this.#sumsAxis,
      vectorAxis,
    ];
    // The sums are a buffer more, whose address is the word behind the others: that of scratch.
    const sums: KernelBuffer = { dtype, access: "read" };
    const graph = new Graph({ buffers: [...buffers, sums], before, order, vectorAxis, resultAxes: 0 });
    const group = ({ extents, sources }: { extents: number[]; sources: number[] }): Group =>
      sources.map((number, k) => ({ number, extent: graph.use(graph.word(extents[k]), "extent") }));
    this.#batch = group(merged.batch);
    this.#rows = group(merged.rows);
    this.#columns = group(merged.columns);
    this.#rowElements = graph.use(graph.word(rowElements), "row");
    const coefficients = new Array<number>(axisCount + 2).fill(0);
    coefficients[this.#sumsAxis] = 1;
    coefficients[vectorAxis] = 1;
    const load: Load = {
      kind: "load",
      dtype,
      buffer: buffers.length,
      index: { offset: 0, coefficients, dynamic: [] },
      guards: [],
      fill: 0,
    };
    graph.fixResult(0, graph.value(load));
    this.#statements = epilogue.map((statement) => {
      graph.nextStatement();
      return statement.kind === "store" ? graph.store(statement) : graph.check(statement);
    });
    this.isDivisible = epilogue.every((statement) => statement.kind === "check" || statement.mode === "set");
    this.#graph = graph;
    this.#lanes = hasDouble || laneFacts[dtype].lanes === 2 ? 2 : 4;
  }

  get words(): readonly number[] {
    return this.#graph.words;
  }

  get key(): string {
    const ranks = [this.#batch, this.#rows, this.#columns].map((group) =>
      group.map((axis) => axis.number).join(),
    );
    return `${this.#lanes}|${ranks.join("|")}|${this.#graph.key}`;
  }

  /** Defines the epilogue's function. */
  define(module: ModuleBuilder): FunctionReference {
    return module.define(undefined, epilogueSignature, (f) => this.#emit(module, f));
  }

  #emit(module: ModuleBuilder, f: FunctionBuilder): void {
    const { add, subtract, multiply, minimum, less } = integers(f);
    const [args, batchIndex, firstRow, rowCount, firstColumn, columnCount] = f.parameters;
    const e = new Emitter(module, f, args, this.#graph, this.#lanes);
    const roots = this.#statements.flatMap((statement) => [...statementNodes(statement)]);
    const [row, rowStart, sums, position, end] = f.manyLocals("i32", 5);
    const push = (node: IndexNode) => () => e.pushIndex(node);
    const bind = (group: Group, indices: readonly Local[]): void => {
      group.forEach((axis, k) => {
        e.bind(axis.number, indices[k]);
      });
    };
    const locals = (group: Group): Local[] => f.manyLocals("i32", group.length);
    const [batch, rows, columns] = [locals(this.#batch), locals(this.#rows), locals(this.#columns)];
    const lastColumn = columns[columns.length - 1];

    e.scope(() => {
      e.hoist(
        [this.#rowElements, ...[this.#batch, this.#rows, this.#columns].flat().map((axis) => axis.extent)],
        0,
      );
      const digits = (group: Group, indices: readonly Local[], flat: Operand): void =>
        setDigits(
          f,
          group.map((axis) => push(axis.extent)),
          indices,
          flat,
        );
      digits(this.#batch, batch, batchIndex);
      bind(this.#batch, batch);
      e.hoist(roots, 0);
      digits(this.#rows, rows, firstRow);
      f.forRange(row, { from: 0, to: rowCount }, () => {
        e.scope(() => {
          f.set(rowStart, multiply(row, push(this.#rowElements)));
          bind(this.#rows, rows);
          e.hoist(roots, 0);
          digits(this.#columns, columns, firstColumn);
          f.set(position, 0);
          f.loop((nextRun) => {
            // A run along the last column axis: sums + its index = row start + position.
            f.set(sums, subtract(add(rowStart, position), lastColumn));
            f.set(end, subtract(add(lastColumn, columnCount), position));
            f.set(end, minimum(end, push(this.#columns[columns.length - 1].extent)));
            f.increment(position, subtract(end, lastColumn));
            e.scope(() => {
              e.bind(this.#sumsAxis, sums);
              bind(this.#columns.slice(0, -1), columns);
              e.hoist(roots, 0);
              this.#emitRun(e, lastColumn, end);
            });
            if (columns.length === 1) return;
            f.set(lastColumn, 0);
            this.#carry(e, this.#columns.slice(0, -1), columns);
            f.push(less(position, columnCount));
            f.branchIf(nextRun);
          });
        });
        this.#carry(e, this.#rows, rows);
      });
    });
  }

  // One step along the last axis of a group, carrying into those before it.
  #carry(e: Emitter, group: Group, indices: readonly Local[]): void {
    const { f } = e;
    const { equal } = integers(f);
    const step = (k: number): void => {
      if (k < 0) return;
      f.increment(indices[k], 1);
      if (k === 0) return;
      f.push(equal(indices[k], () => e.pushIndex(group[k].extent)));
      f.if(() => {
        f.set(indices[k], 0);
        step(k - 1);
      });
    };
    step(group.length - 1);
  }

  // The statements for the last column axis from `index` to `end`.
  #emitRun(e: Emitter, index: Local, end: Local): void {
    const { f, lanes } = e;
    const { subtract, greaterOrEqual, less } = integers(f);
    const vectorAxis = this.#columns[this.#columns.length - 1].number;
    const body = (mode: LaneMode): void =>
      e.scope(() => {
        e.mode = mode;
        e.bind(vectorAxis, index);
        for (const statement of this.#statements) {
          if (statement.kind === "store") emitStore(e, statement, 0);
          else emitCheck(e, statement, 0);
        }
      });
    const lastVector = f.local("i32");
    f.set(lastVector, subtract(end, lanes));
    f.push(greaterOrEqual(lastVector, index));
    f.if(
      () => {
        f.loop((next) => {
          body("vector");
          f.increment(index, lanes);
          f.push(greaterOrEqual(lastVector, index));
          f.branchIf(next);
        });
        // The last vector overlaps the one before: only its lanes from `index` on are new.
        f.push(less(index, end));
        f.if(() => {
          const active = f.local("v128");
          f.v128(new Uint8Array(new Int32Array([0, 1, 2, 3]).buffer));
          f.push(subtract(index, lastVector));
          f.emit("i32x4.splat", "i32x4.ge_s");
          f.set(active);
          e.active = active;
          f.set(index, lastVector);
          body("overlap");
        });
      },
      () => f.forRange(index, { to: end }, () => body("single")),
    );
    e.mode = "single";
  }
}

// indices = the digits of a flat index in the radices of the extents.
function setDigits(
  f: FunctionBuilder,
  extents: readonly Operand[],
  indices: readonly Local[],
  flat: Operand,
): void {
  const { remainder, divide } = integers(f);
  if (indices.length === 0) return;
  const rest = f.local("i32");
  f.set(rest, flat);
  for (let k = indices.length - 1; k > 0; k--) {
    f.set(indices[k], remainder(rest, extents[k]));
    f.set(rest, divide(rest, extents[k]));
  }
  f.set(indices[0], rest);
}
