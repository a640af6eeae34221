import { dtypeFacts } from "../../../base/dtype.ts";
import type { ContractionType } from "../contraction/sizes.ts";
import { placeLanes } from "./contraction-places.ts";
import { vectorText } from "./contraction-text.ts";
import type { SharedText, Target } from "./rendered.ts";

/** The type that a contraction computes in: signs do not matter to products and sums modulo 2³². */
export type TileType = "f32" | "f64" | "u32";

/** The block of sums that the registers hold. */
export interface TileShape {
  readonly type: TileType;
  readonly bytes: 4 | 8;
  readonly lanes: number;
  /** Rows of a whole tile; one at the edge has a multiple of `rowStep`. */
  readonly rows: number;
  readonly rowStep: number;
  /** Vectors in a row; a tile at the edge has fewer. */
  readonly vectors: number;
}

/** The largest tile, measured: its sums, a row of right vectors and one left value fill the registers. */
export function tileShape(dtype: ContractionType, { architecture, vectorBytes }: Target): TileShape {
  const type = dtype === "i32" ? "u32" : dtype;
  const bytes = dtypeFacts[type].bytes === 8 ? 8 : 4;
  const lanes = vectorBytes / bytes;
  if (vectorBytes === 64) return { type, bytes, lanes, rows: 12, rowStep: 4, vectors: 2 };
  if (architecture === "aarch64") return { type, bytes, lanes, rows: 8, rowStep: 4, vectors: 3 };
  return { type, bytes, lanes, rows: vectorBytes === 32 ? 6 : 4, rowStep: 2, vectors: 2 };
}

/** Columns of a whole tile. */
export function tileColumns({ vectors, lanes }: TileShape): number {
  return vectors * lanes;
}

/**
 * How a tile finds its left values: `rows` names for each run along depth where it begins in every row; `list` names for
 * each depth where the tile's rows begin, one behind the other.
 */
export type LeftForm = "rows" | "list";

/** How far ahead left values are fetched that a list names; behind the end of a list there is room for so many more places. */
const prefetchedDepths = placeLanes;

/** What names one shape's functions. */
export function tileSuffix({ type, lanes, rows, vectors }: TileShape): string {
  return `${type}_${rows}x${vectors * lanes}`;
}

/**
 * Σ over depth of left · right for tiles of every size up to `shape`, and tables of these functions:
 * tiles_rows_SUFFIX[rows / rowStep − 1][vectors − 1], and tiles_list_SUFFIX.
 */
export function tileText(shape: TileShape, { fma }: Target): SharedText {
  const { type, bytes, lanes, rows, rowStep, vectors } = shape;
  const suffix = tileSuffix(shape);
  const sizes = Array.from({ length: rows / rowStep }, (_, k) => (k + 1) * rowStep);
  const widths = Array.from({ length: vectors }, (_, k) => k + 1);
  const forms: readonly LeftForm[] = ["rows", "list"];
  const fused = fma && type !== "u32";
  const functions = forms.flatMap((form) =>
    sizes.flatMap((size) => widths.map((width) => tileFunction(shape, form, size, width))),
  );
  const tables = forms.map((form) => {
    const lines = sizes.map(
      (size) => `  { ${widths.map((w) => functionName(shape, form, size, w)).join(", ")} },`,
    );
    return `static void (*const tiles_${form}_${suffix}[${sizes.length}][${vectors}])(const tile_${suffix} *) = {\n${lines.join("\n")}\n};`;
  });
  const source = `typedef ${type} vector_${suffix} __attribute__((vector_size(${bytes * lanes}), aligned(${bytes})));
typedef struct {
  /* Where left values lie, from memory, and how long their runs are. */
  const char *memory;
  const u32 *places;
  const i32 *lengths;
  i64 runs;
  /* A packed panel of right values. */
  const ${type} *right;
  /* Rows of sums, sumsStep elements apart. */
  ${type} *sums;
  i64 sumsStep;
  bool accumulate;
} tile_${suffix};
${vectorText(functions.join("\n"), fused)}
${tables.join("\n")}`;
  return {
    key: `tile_${suffix}${fused ? "_fma" : ""}`,
    source,
    library: { declaration: "", isCalled: false },
  };
}

function functionName(shape: TileShape, form: LeftForm, rows: number, vectors: number): string {
  return `tile_${form}_${rows}x${vectors}_${tileSuffix(shape)}`;
}

function tileFunction(shape: TileShape, form: LeftForm, rows: number, vectors: number): string {
  const { type, bytes, lanes } = shape;
  const width = tileColumns(shape);
  const suffix = tileSuffix(shape);
  const vector = `vector_${suffix}`;
  const each = (count: number, text: (k: number) => string, separator = " "): string =>
    Array.from({ length: count }, (_, k) => text(k)).join(separator);
  const tile = (text: (i: number, j: number) => string): string =>
    each(rows, (i) => each(vectors, (j) => text(i, j)), "\n  ");
  const multiply = (left: (i: number) => string): string => `${each(
    vectors,
    (j) => `${vector} b${j} = *(const ${vector} *)(right + ${j * lanes});`,
  )}
      ${each(rows, (i) => `{ ${type} a = ${left(i)}; ${each(vectors, (j) => `s${i}_${j} += a * b${j};`)} }`, "\n      ")}`;
  const loops: Record<LeftForm, string> = {
    rows: `for (i64 r = 0; r < t->runs; r++, places += ${shape.rows}) {
    ${each(rows, (i) => `const u64 p${i} = places[${i}];`)}
    const char *left = memory;
    for (const ${type} *end = right + t->lengths[r] * ${width}; right != end; right += ${width}, left += ${bytes}) {
      ${multiply((i) => `*(const ${type} *)(left + p${i})`)}
    }
  }`,
    list: `for (i64 k = 0; k < t->runs; k++, right += ${width}) {
      const ${type} *p = (const ${type} *)(memory + places[k]);
      __builtin_prefetch(memory + places[k + ${prefetchedDepths}]);
      ${multiply((i) => `p[${i}]`)}
  }`,
  };
  const sum = (i: number, j: number): string => `*(${vector} *)(sums + ${i} * sumsStep + ${j * lanes})`;
  return `static __attribute__((noinline)) void ${functionName(shape, form, rows, vectors)}(const tile_${suffix} *t) {
  const char *memory = t->memory;
  const u32 *places = t->places;
  const ${type} *right = t->right;
  ${type} *sums = t->sums;
  const i64 sumsStep = t->sumsStep;
  ${tile((i, j) => `${vector} s${i}_${j} = {0};`)}
  ${loops[form]}
  if (t->accumulate) {
  ${tile((i, j) => `s${i}_${j} += ${sum(i, j)};`)}
  }
  ${tile((i, j) => `${sum(i, j)} = s${i}_${j};`)}
}`;
}
