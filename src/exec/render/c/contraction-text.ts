/**
 * Text whose vectors are written out: the compiler need not look for more of them, which takes it three times as long.
 * With `fuse` x · y + z rounds once in it; everywhere else it rounds twice.
 */
export function vectorText(source: string, fuse = false): string {
  return `#ifndef __clang__
#pragma GCC push_options
#pragma GCC optimize("O1"${fuse ? ', "expensive-optimizations", "no-ivopts", "fp-contract=fast"' : ""})
#endif
${fuse ? fused(source) : source}
#ifndef __clang__
#pragma GCC pop_options
#endif`;
}

function fused(source: string): string {
  return `#ifdef __clang__
#pragma clang fp contract(fast)
#endif
${source}
#ifdef __clang__
#pragma clang fp contract(off)
#endif`;
}
