import { vectorText } from "./contraction-text.ts";
import type { SharedText } from "./rendered.ts";

/** The most axes of a group that the walks have room for. */
export const rankLimit = 8;
/** The most guards of an operand. */
export const guardLimit = 3;
/** How many places are found at a time: behind the end of a list there is room for so many more. */
export const placeLanes = 16;

const guardCounts = Array.from({ length: guardLimit + 1 }, (_, guards) => guards);

/**
 * Walks over groups of axes. A group in the words: for each axis, outermost first, its extent and its step in every *place*;
 * places are the byte offset of a load and the coordinates of its guards. Lists of places are kept place by place.
 */
export const placesText: SharedText = {
  key: "contraction_places",
  library: { declaration: "", isCalled: false },
  source: vectorText(`typedef u32 place_lanes __attribute__((vector_size(64), aligned(4)));
typedef struct { const i32 *axes; i64 rank, places; i32 index[${rankLimit}]; u32 at[${1 + guardLimit}]; } place_walk;

/* A walk that stands at the flattened point \`from\`; the first point lies at \`start\`. */
static place_walk place_walk_from(const i32 *axes, i32 rank, i32 places, const u32 *start, i64 from) {
  place_walk w = { axes, rank, places, {0}, {0} };
  for (i64 p = 0; p < places; p++) w.at[p] = start[p];
  for (i64 k = rank - 1; k >= 0; k--) {
    const i32 *axis = axes + k * (1 + places);
    const i64 outer = from / axis[0];
    w.index[k] = (i32)(from - outer * axis[0]);
    for (i64 p = 0; p < places; p++) w.at[p] += (u32)w.index[k] * (u32)axis[1 + p];
    from = outer;
  }
  return w;
}

/* The points that are left on the innermost axis. */
INLINE i64 place_walk_left(const place_walk *w) {
  return w->axes[(w->rank - 1) * (1 + w->places)] - w->index[w->rank - 1];
}

/* Goes along the innermost axis, at most to its end, which is the beginning of the next row. */
static void place_walk_along(place_walk *w, i64 count) {
  for (i64 k = w->rank - 1;; k--, count = 1) {
    const i32 *axis = w->axes + k * (1 + w->places);
    w->index[k] += (i32)count;
    for (i64 p = 0; p < w->places; p++) w->at[p] += (u32)count * (u32)axis[1 + p];
    if (w->index[k] < axis[0] || k == 0) return;
    w->index[k] = 0;
    for (i64 p = 0; p < w->places; p++) w->at[p] -= (u32)axis[0] * (u32)axis[1 + p];
  }
}

/* Lists the places of the next \`count\` > 0 points; the lanes behind repeat the last. */
static void place_list(place_walk *w, i64 count, u32 *out, i64 capacity) {
  const place_lanes lanes = {${Array.from({ length: placeLanes }, (_, k) => k).join(", ")}};
  const i32 *steps = w->axes + (w->rank - 1) * (1 + w->places) + 1;
  i64 entries = 0;
  while (entries < count) {
    i64 length = place_walk_left(w);
    if (length > count - entries) length = count - entries;
    for (i64 p = 0; p < w->places; p++) {
      place_lanes at = lanes * (u32)steps[p] + w->at[p];
      for (i64 k = 0; k < length; k += ${placeLanes}) {
        *(place_lanes *)(out + p * capacity + entries + k) = at;
        at += ${placeLanes}u * (u32)steps[p];
      }
    }
    entries += length;
    place_walk_along(w, length);
  }
  for (i64 p = 0; p < w->places; p++) {
    *(place_lanes *)(out + p * capacity + entries) = (place_lanes){0} + out[p * capacity + entries - 1];
  }
}

/* Lists where the runs of the next \`count\` points along the innermost axis begin, and their lengths; returns how many there are. */
static i64 place_runs(place_walk *w, i64 count, u32 *out, i64 capacity, i32 *lengths) {
  i64 entries = 0;
  while (count > 0) {
    i64 length = place_walk_left(w);
    if (length > count) length = count;
    for (i64 p = 0; p < w->places; p++) out[p * capacity + entries] = w->at[p];
    lengths[entries++] = (i32)length;
    count -= length;
    place_walk_along(w, length);
  }
  return entries;
}

INLINE place_lanes place_inside(place_lanes at, place_lanes coordinate, i32 extent, u32 fill) {
  const place_lanes inside = (place_lanes)(coordinate < (u32)extent);
  return (at & inside) | (fill & ~inside);
}

${guardCounts.map(functionsFor).join("\n\n")}

/* Where elements lie that one place and each of a list have in common: their sum, or \`fill\` where a guard fails. */
static void (*const place_along[])(u32 *, const u32 *, i64, i64, const u32 *, const i32 *, u32) = {
  ${guardCounts.map((guards) => `place_along_${guards}`).join(", ")}
};

/* The same for ${placeLanes} places, side by side, and each of a list; \`step\` is the distance of the results. */
static void (*const place_across[])(u32 *, i64, const u32 *, i64, const u32 *, i64, i64, const i32 *, u32) = {
  ${guardCounts.map((guards) => `place_across_${guards}`).join(", ")}
};`),
};

function functionsFor(guards: number): string {
  const each = (text: (guard: number) => string): string =>
    Array.from({ length: guards }, (_, guard) => text(guard)).join("\n    ");
  return `static void place_along_${guards}(
  u32 *out, const u32 *list, i64 capacity, i64 count, const u32 *one, const i32 *extents, u32 fill
) {
  for (i64 k = 0; k < count; k += ${placeLanes}) {
    place_lanes at = *(const place_lanes *)(list + k) + one[0];
    ${each((g) => `at = place_inside(at, *(const place_lanes *)(list + ${1 + g} * capacity + k) + one[${1 + g}], extents[${g}], fill);`)}
    *(place_lanes *)(out + k) = at;
  }
}
static void place_across_${guards}(
  u32 *out, i64 step, const u32 *lanes, i64 lanesCapacity, const u32 *list, i64 capacity, i64 count, const i32 *extents, u32 fill
) {
  const place_lanes first = *(const place_lanes *)lanes;
  ${each((g) => `const place_lanes lanes${g} = *(const place_lanes *)(lanes + ${1 + g} * lanesCapacity);`)}
  for (i64 k = 0; k < count; k++, out += step) {
    place_lanes at = first + list[k];
    ${each((g) => `at = place_inside(at, lanes${g} + list[${1 + g} * capacity + k], extents[${g}], fill);`)}
    *(place_lanes *)out = at;
  }
}`;
}
