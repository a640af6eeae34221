/** Does a piece of work so many times. */
export type Work = (count: number) => void;

/** Milliseconds since some moment. */
export type Clock = () => number;

const shortestTrial = 2;

/**
 * The clock of a measurement: on one thread the processor time of this process, which other programs do not lengthen; on
 * several the time that passes.
 */
export function clockOf(threads: number): Clock {
  if (threads > 1) return () => performance.now();
  return () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  };
}

/** The least mean time of the work in milliseconds, over trials of 2 ms or more that fill a while. */
export function leastTime(work: Work, clock: Clock, milliseconds = 30): number {
  const timeOf = (count: number): number => {
    const start = clock();
    work(count);
    return clock() - start;
  };
  let count = 1;
  let time = timeOf(count);
  while (time < shortestTrial) {
    count = time === 0 ? 2 * count : Math.ceil(count * Math.max(1.5, Math.min(16, shortestTrial / time)));
    time = timeOf(count);
  }
  let best = time;
  for (let spent = time; spent < milliseconds; spent += time) {
    time = timeOf(count);
    best = Math.min(best, time);
  }
  return best / count;
}
