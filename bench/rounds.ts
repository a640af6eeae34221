/** Does one round and says how many milliseconds a piece of work took in it; anything else counts as no result. */
export type Contestant = () => unknown;

const rounds = 5;

/** The least time of each contestant; they take turns, round by round, so that all meet the same disturbances. */
export async function leastTimes(contestants: readonly Contestant[]): Promise<(number | undefined)[]> {
  const least = contestants.map((): number | undefined => undefined);
  for (let round = 0; round < rounds; round++) {
    for (const [k, contestant] of contestants.entries()) {
      const time = await contestant();
      if (typeof time === "number") least[k] = Math.min(time, least[k] ?? time);
    }
  }
  return least;
}
