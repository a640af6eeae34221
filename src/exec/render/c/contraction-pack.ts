import { roundUp } from "../contraction/sizes.ts";
import { guardLimit, placeLanes } from "./contraction-places.ts";
import { vectorText } from "./contraction-text.ts";
import { type TileShape, tileColumns, tileSuffix } from "./contraction-tile.ts";
import type { SharedText } from "./rendered.ts";

/**
 * Packs right operands into panels: for each depth the columns of one tile. Columns that lie one behind the other are copied
 * (`pack_listed`), those whose depths do are transposed (`pack_runs`).
 */
export function packText(shape: TileShape): SharedText {
  const { type, bytes, lanes } = shape;
  const suffix = tileSuffix(shape);
  const width = tileColumns(shape);
  const capacity = roundUp(width, placeLanes) + placeLanes;
  const quarter = 16 / bytes;
  const source = `typedef ${type} quarter_${suffix} __attribute__((vector_size(16), aligned(${bytes})));
INLINE void copy_${suffix}(${type} *out, const ${type} *from, i64 count) {
  i64 k = 0;
  for (; k + ${quarter} <= count; k += ${quarter}) *(quarter_${suffix} *)(out + k) = *(const quarter_${suffix} *)(from + k);
  for (; k < count; k++) out[k] = from[k];
}

INLINE void copy_row_${suffix}(${type} *out, const ${type} *from) {
  for (i64 k = 0; k < ${width}; k += ${lanes}) *(vector_${suffix} *)(out + k) = *(const vector_${suffix} *)(from + k);
}

/* The next \`count\` columns of a walk, at the listed depths; panels lie \`panel\` elements apart. */
static void pack_listed_${suffix}(
  const char *memory, ${type} *out, i64 panel, const u32 *list, i64 listCapacity, i64 depth, place_walk *columns, i64 count,
  const i32 *extents, u32 fill, u32 *places
) {
  if (count % ${lanes} != 0) {
    ${type} *last = out + count / ${width} * panel + count % ${width} / ${lanes} * ${lanes};
    for (i64 k = 0; k < depth; k++) *(vector_${suffix} *)(last + k * ${width}) = (vector_${suffix}){0};
  }
  for (i64 column = 0; column < count;) {
    i64 length = place_walk_left(columns);
    if (length > count - column) length = count - column;
    place_along[columns->places - 1](places, list, listCapacity, depth, columns->at, extents, fill);
    place_walk_along(columns, length);
    const i64 end = column + length;
    i64 shift = 0;
    while (column < end) {
      const i64 offset = column % ${width};
      ${type} *to = out + column / ${width} * panel + offset;
      i64 taken = end - column;
      if (offset == 0 && taken >= ${width}) {
        const i64 panels = taken / ${width};
        for (i64 k = 0; k < depth; k++) {
          const ${type} *from = (const ${type} *)(memory + places[k]) + shift;
          for (i64 p = 0; p < panels; p++) copy_row_${suffix}(to + p * panel + k * ${width}, from + p * ${width});
        }
        taken = panels * ${width};
      } else {
        if (taken > ${width} - offset) taken = ${width} - offset;
        for (i64 k = 0; k < depth; k++) copy_${suffix}(to + k * ${width}, (const ${type} *)(memory + places[k]) + shift, taken);
      }
      column += taken;
      shift += taken;
    }
  }
}

${transposeText(shape)}

/* The next \`count\` ≤ ${width} columns of a walk, along the listed runs. */
static void pack_runs_${suffix}(
  const char *memory, ${type} *out, const u32 *list, i64 listCapacity, i64 runs, const i32 *lengths,
  place_walk *columns, i64 count, const i32 *extents, u32 fill
) {
  u32 columnList[${(1 + guardLimit) * capacity}], places[${capacity}], run[${1 + guardLimit}];
  place_list(columns, count, columnList, ${capacity});
  const i64 used = (count + ${lanes - 1}) / ${lanes} * ${lanes};
  for (i64 r = 0; r < runs; r++) {
    for (i64 p = 0; p < columns->places; p++) run[p] = list[p * listCapacity + r];
    place_along[columns->places - 1](places, columnList, ${capacity}, used, run, extents, fill);
    const i64 length = lengths[r];
    i64 k = 0;
    for (; k + ${lanes} <= length; k += ${lanes}) {
      for (i64 j = 0; j < used; j += ${lanes}) transpose_${suffix}(memory + k * ${bytes}, places + j, out + k * ${width} + j);
    }
    for (; k < length; k++) {
      for (i64 j = 0; j < used; j++) out[k * ${width} + j] = *(const ${type} *)(memory + places[j] + k * ${bytes});
    }
    out += length * ${width};
  }
}`;
  return { key: `pack_${suffix}`, source: vectorText(source), library: { declaration: "", isCalled: false } };
}

// Interleaving row i with row i + lanes / 2, log2(lanes) times over, transposes.
function transposeText(shape: TileShape): string {
  const { type, bytes, lanes } = shape;
  const suffix = tileSuffix(shape);
  const vector = `vector_${suffix}`;
  const index = bytes === 8 ? "i64" : "i32";
  const rows = Array.from({ length: lanes }, (_, k) => k);
  const mask = (from: number): string =>
    rows.map((k) => (k % 2) * lanes + from + Math.floor(k / 2)).join(", ");
  const lines: string[] = [];
  let names = rows.map((k) => `r0_${k}`);
  for (const k of rows) lines.push(`${names[k]} = *(const ${vector} *)(memory + places[${k}])`);
  for (let step = 1; 2 ** step <= lanes; step++) {
    const next = rows.map((k) => `r${step}_${k}`);
    for (const k of rows) {
      const half = k % 2 === 0 ? "LOW" : "HIGH";
      const source = Math.floor(k / 2);
      lines.push(`${next[k]} = ${half}_${suffix}(${names[source]}, ${names[source + lanes / 2]})`);
    }
    names = next;
  }
  return `#ifdef __clang__
#define LOW_${suffix}(x, y) __builtin_shufflevector(x, y, ${mask(0)})
#define HIGH_${suffix}(x, y) __builtin_shufflevector(x, y, ${mask(lanes / 2)})
#else
typedef ${index} lanes_${suffix} __attribute__((vector_size(${bytes * lanes})));
#define LOW_${suffix}(x, y) __builtin_shuffle(x, y, (lanes_${suffix}){${mask(0)}})
#define HIGH_${suffix}(x, y) __builtin_shuffle(x, y, (lanes_${suffix}){${mask(lanes / 2)}})
#endif
/* ${lanes} × ${lanes} elements: rows lie at the places, columns go to rows of \`out\`. */
INLINE void transpose_${suffix}(const char *memory, const u32 *places, ${type} *out) {
${lines.map((line) => `  const ${vector} ${line};`).join("\n")}
${rows.map((k) => `  *(${vector} *)(out + ${k * tileColumns(shape)}) = ${names[k]};`).join("\n")}
}`;
}
