import { dot, plusScaled } from "./vectors.ts";

/** A place with the value of the function there and its gradient. */
export interface Point {
  readonly x: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
}

/** A point on the line, its distance from the start in units of the direction, and the slope along it. */
interface Trial {
  readonly distance: number;
  readonly value: number;
  readonly slope: number;
  readonly point: Point;
}

/** The constants c₁ and c₂ of the Wolfe conditions, as Nocedal and Wright propose for quasi-Newton methods. */
const [leastDecrease, mostSlope] = [1e-4, 0.9];
const mostTrials = 30;

/**
 * A point along a direction of descent that fulfils the strong Wolfe conditions: Nocedal and Wright, Numerical Optimization
 * (2nd edition), algorithms 3.5 and 3.6. Where trials run out or rounding hides the descent it is the lowest point found,
 * or undefined when none is lower than the start. A value that is not finite counts as too high.
 */
export function searchLine(
  start: Point,
  direction: Float64Array,
  firstDistance: number,
  evaluate: (x: Float64Array) => Point | undefined,
): Point | undefined {
  const firstSlope = dot(start.gradient, direction);
  let trials = 0;
  const trialAt = (distance: number): Trial | undefined => {
    const point = trials++ < mostTrials ? evaluate(plusScaled(start.x, direction, distance)) : undefined;
    return point && { distance, value: point.value, slope: dot(point.gradient, direction), point };
  };
  const isLow = ({ distance, value }: Trial): boolean =>
    value <= start.value + leastDecrease * distance * firstSlope;
  const isFlat = ({ slope }: Trial): boolean => Math.abs(slope) <= -mostSlope * firstSlope;

  /** Between `low`, which is low enough and falls towards `high`, lies what is wanted. */
  const zoom = (low: Trial, high: Trial): Trial => {
    const trial = trialAt(between(low, high));
    if (trial === undefined) return low;
    if (!isLow(trial) || trial.value >= low.value) return zoom(low, trial);
    if (isFlat(trial)) return trial;
    const risesTowardsHigh = trial.slope * (high.distance - low.distance) >= 0;
    return zoom(trial, risesTowardsHigh ? low : high);
  };

  const origin: Trial = { distance: 0, value: start.value, slope: firstSlope, point: start };
  let found = origin;
  for (let distance = firstDistance; ; distance *= 2) {
    const trial = trialAt(distance);
    if (trial === undefined) break;
    if (!isLow(trial) || trial.value >= found.value) {
      found = zoom(found, trial);
      break;
    }
    if (trial.slope >= 0 && !isFlat(trial)) {
      found = zoom(trial, found);
      break;
    }
    found = trial;
    if (isFlat(trial)) break;
  }
  return found === origin ? undefined : found.point;
}

/** The minimum of the cubic through the values and slopes of two trials, kept off both ends; else the middle. */
function between(low: Trial, high: Trial): number {
  const width = high.distance - low.distance;
  const d1 = low.slope + high.slope - (3 * (high.value - low.value)) / width;
  const d2 = Math.sign(width) * Math.sqrt(d1 * d1 - low.slope * high.slope);
  const share = 1 - (high.slope + d2 - d1) / (high.slope - low.slope + 2 * d2);
  const kept = Number.isFinite(share) ? Math.min(Math.max(share, 0.1), 0.9) : 0.5;
  return low.distance + kept * width;
}
