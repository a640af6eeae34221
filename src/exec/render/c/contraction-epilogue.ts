import type { Contraction } from "../../../lang/kernel/kernel.ts";
import { mergeGroup, sitesOf } from "../nest/canonical.ts";
import { Graph } from "../nest/graph.ts";
import {
  type CheckNode,
  type IndexNode,
  type LaneNode,
  type StoreNode,
  statementNodes,
} from "../nest/nodes.ts";
import type { TileShape } from "./contraction-tile.ts";
import { Emitter } from "./emitter.ts";

/** An axis of the epilogue: its number in expressions, and its extent as a run-time word. */
interface Axis {
  readonly number: number;
  readonly extent: IndexNode;
}

/** A group of axes that one flat index counts. */
type Group = readonly Axis[];

/** A contraction's epilogue as text and words: what becomes of the rows of sums of a tile. */
export class Epilogue {
  /** True if every sum's results lie in places of their own, so that the work can be divided. */
  readonly isDivisible: boolean;
  private readonly graph: Graph;
  private readonly dtype: Contraction["dtype"];
  private readonly statements: readonly (StoreNode | CheckNode)[];
  private readonly sum: LaneNode;
  private readonly batch: Group;
  private readonly rows: Group;
  private readonly columns: Group;

  /** `before` words stand before the epilogue's own. */
  constructor(contraction: Contraction, before: number) {
    const { batch, rows, columns, dtype, buffers, epilogue } = contraction;
    const axisCount = batch.length + rows.length + columns.length;
    const nest = { ...contraction, kind: "loops", space: [], inner: [], statements: epilogue } as const;
    const { coordinates } = sitesOf(nest);
    const merged = {
      batch: mergeGroup(batch, 0, coordinates),
      rows: mergeGroup(rows, batch.length, coordinates),
      columns: mergeGroup(columns, batch.length + rows.length, coordinates),
    };
    // The innermost loop runs along the last column axis; where there is none, one of extent 1 takes its place.
    if (merged.columns.sources.length === 0) merged.columns = { extents: [1], sources: [axisCount] };
    const order = [...merged.batch.sources, ...merged.rows.sources, ...merged.columns.sources];
    const graph = new Graph({
      buffers,
      before,
      order,
      vectorAxis: order[order.length - 1],
      resultAxes: order.reduce((axes, axis) => axes | (1 << axis), 0),
    });
    const group = ({ extents, sources }: { extents: number[]; sources: number[] }): Group =>
      sources.map((number, k) => ({ number, extent: graph.use(graph.word(extents[k]), "extent") }));
    this.batch = group(merged.batch);
    this.rows = group(merged.rows);
    this.columns = group(merged.columns);
    this.sum = graph.value({ kind: "result", dtype, reduction: 0 });
    this.statements = epilogue.map((statement) => {
      graph.nextStatement();
      return statement.kind === "store" ? graph.store(statement) : graph.check(statement);
    });
    this.dtype = dtype;
    this.graph = graph;
    this.isDivisible = epilogue.every((statement) => statement.kind === "check" || statement.mode === "set");
  }

  get words(): readonly number[] {
    return this.graph.words;
  }

  get key(): string {
    const ranks = [this.batch, this.rows, this.columns].map((group) =>
      group.map((axis) => axis.number).join(),
    );
    return `${ranks.join("|")}|${this.graph.key}`;
  }

  /** The text of the function OWN_NAME(KERNEL, epilogue). */
  define(shape: TileShape): string {
    const e = new Emitter(this.graph);
    const roots = this.statements.flatMap((statement) => [...statementNodes(statement)]);
    const axes = [...this.batch, ...this.rows, ...this.columns];
    const head = `static void OWN_NAME(KERNEL, epilogue)(char *memory, const i32 *args, i64 batch, i64 row, i64 rows, i64 column, i64 columns, const ${shape.type} *sums, i64 sumsStep)`;
    e.block(head, () => {
      e.hoist(axes.map((axis) => axis.extent));
      e.hoist(roots);
      this.digits(e, this.batch, "batch");
      e.hoist(roots);
      this.digits(e, this.rows, "row", false);
      e.block("for (i64 k = 0; k < rows; k++, sums += sumsStep)", () => {
        for (const axis of this.rows) e.bind(axis.number, nameOf(axis));
        e.hoist(roots);
        this.row(e, roots);
        this.carry(e, this.rows);
      });
    });
    return e.text;
  }

  // One row of sums: runs along the last column axis.
  private row(e: Emitter, roots: Parameters<Emitter["hoist"]>[0]): void {
    const outer = this.columns.slice(0, -1);
    const last = this.columns[this.columns.length - 1];
    const run = (from: string, to: string, sum: string): void => {
      e.independent(this.statements);
      e.loop(last.number, from, to, () => {
        e.define(this.sum, sum);
        for (const statement of this.statements) e.statement(statement);
      });
    };
    const index = nameOf(last);
    const cast = this.dtype === "i32" ? "(i32)" : "";
    if (outer.length === 0) {
      run("column", "column + columns", `${cast}sums[${index} - column]`);
      return;
    }
    this.digits(e, this.columns, "column", false, "first_");
    e.block("for (i64 position = 0; position < columns;)", () => {
      for (const axis of outer) e.bind(axis.number, nameOf(axis, "first_"));
      e.hoist(roots);
      const first = nameOf(last, "first_");
      e.line(`i64 const end = least(${first} + columns - position, ${e.name(last.extent)});`);
      run(first, "end", `${cast}sums[position + ${index} - ${first}]`);
      e.line(`position += end - ${first};`);
      e.line(`${first} = 0;`);
      this.carry(e, outer, "first_");
    });
  }

  // The digits of a flat index in the radices of the extents.
  private digits(e: Emitter, group: Group, flat: string, bound = true, prefix = ""): void {
    let rest = flat;
    for (let k = group.length - 1; k >= 0; k--) {
      const extent = e.name(group[k].extent);
      const name = nameOf(group[k], prefix);
      e.line(`i64 ${name} = ${k === 0 ? rest : `${rest} % ${extent}`};`);
      if (bound) e.bind(group[k].number, name);
      rest = k === group.length - 1 ? `${rest} / ${extent}` : `(${rest}) / ${extent}`;
    }
  }

  // One step along the last axis of a group, carrying into those before it.
  private carry(e: Emitter, group: Group, prefix = ""): void {
    const step = (k: number): void => {
      const name = nameOf(group[k], prefix);
      if (k === 0) {
        e.line(`${name}++;`);
        return;
      }
      e.block(`if (++${name} == ${e.name(group[k].extent)})`, () => {
        e.line(`${name} = 0;`);
        step(k - 1);
      });
    };
    if (group.length > 0) step(group.length - 1);
  }
}

function nameOf(axis: Axis, prefix = ""): string {
  return `${prefix}a${axis.number}`;
}
