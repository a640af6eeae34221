/** A buffer's size and the steps between which it holds data (both included). */
export interface Lifetime {
  readonly bytes: number;
  readonly first: number;
  last: number;
}

const alignment = 64;

/** Byte offsets such that buffers alive at the same time do not overlap, and the size of the arena that holds them. */
export function planArena(lifetimes: readonly Lifetime[]): { offsets: number[]; bytes: number } {
  const offsets = new Array<number>(lifetimes.length).fill(0);
  const placed: number[] = [];
  let total = 0;
  const order = lifetimes.map((_, i) => i).sort((a, b) => lifetimes[b].bytes - lifetimes[a].bytes || a - b);
  for (const i of order) {
    const { bytes, first, last } = lifetimes[i];
    const size = Math.max(alignment, Math.ceil(bytes / alignment) * alignment);
    const conflicts = placed
      .filter((j) => lifetimes[j].first <= last && first <= lifetimes[j].last)
      .map((j) => ({ start: offsets[j], end: offsets[j] + Math.max(alignment, roundUp(lifetimes[j].bytes)) }))
      .sort((a, b) => a.start - b.start);
    let offset = 0;
    for (const { start, end } of conflicts) {
      if (offset + size <= start) break;
      offset = Math.max(offset, end);
    }
    offsets[i] = offset;
    placed.push(i);
    total = Math.max(total, offset + size);
  }
  return { offsets, bytes: total };
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
