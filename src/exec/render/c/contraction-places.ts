import { vectorText } from "./contraction-text.ts";
import type { SharedText } from "./rendered.ts";

/** The most axes of a group, and the most places of an operand, that the walks have room for. */
export const walkLimit = 8;

/** How many places are found at a time: lists have room for a multiple of this. */
export const placeLanes = 16;

/**
 * Walks over groups of axes. A group in the words: for each axis, outermost first, its extent and its step in every *place*;
 * places are the byte offset of a load and the coordinates of its guards. Lists of places are kept place by place.
 */
export const placesText: SharedText = {
  key: "contraction_places",
  source: vectorText(`typedef u32 place_lanes __attribute__((vector_size(64), aligned(4)));
typedef struct { const i32 *axes; i64 rank, places; i32 index[${walkLimit}]; u32 at[${walkLimit}]; } place_walk;

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
INLINE void place_walk_along(place_walk *w, i64 count) {
  for (i64 k = w->rank - 1;; k--, count = 1) {
    const i32 *axis = w->axes + k * (1 + w->places);
    w->index[k] += (i32)count;
    for (i64 p = 0; p < w->places; p++) w->at[p] += (u32)count * (u32)axis[1 + p];
    if (w->index[k] < axis[0] || k == 0) return;
    w->index[k] = 0;
    for (i64 p = 0; p < w->places; p++) w->at[p] -= (u32)axis[0] * (u32)axis[1 + p];
  }
}

/*
 * Lists the places of the next \`count\` points, or of the runs of them along the innermost axis and how long those are;
 * fills the last lanes with the last places. Returns the length of the list.
 */
static i64 place_list(place_walk *w, i64 count, bool whole, u32 *out, i64 capacity, i32 *lengths) {
  i64 entries = 0;
  while (count > 0) {
    i64 length = 1;
    if (whole) {
      length = place_walk_left(w);
      if (length > count) length = count;
      lengths[entries] = (i32)length;
    }
    for (i64 p = 0; p < w->places; p++) out[p * capacity + entries] = w->at[p];
    entries++;
    count -= length;
    place_walk_along(w, length);
  }
  for (i64 p = 0; p < w->places; p++) {
    for (i64 k = entries; k % ${placeLanes} != 0; k++) out[p * capacity + k] = out[p * capacity + entries - 1];
  }
  return entries;
}

/* Where the elements lie that one place and every one of a list have in common: their sum, or \`fill\` where a guard fails. */
INLINE void place_sums(
  u32 *out, const u32 *list, i64 capacity, i64 count, const u32 *one, i64 distance, const i32 *extents, i64 guards, u32 fill
) {
  for (i64 k = 0; k < count; k += ${placeLanes}) {
    place_lanes at = *(const place_lanes *)(list + k) + one[0];
    for (i64 g = 0; g < guards; g++) {
      const place_lanes coordinate = *(const place_lanes *)(list + (1 + g) * capacity + k) + one[(1 + g) * distance];
      const place_lanes inside = (place_lanes)(coordinate < (u32)extents[g]);
      at = (at & inside) | (fill & ~inside);
    }
    *(place_lanes *)(out + k) = at;
  }
}`),
};
