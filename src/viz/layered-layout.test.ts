// Whatever the graph: nodes stand apart, lines lead downwards and touch no node but their own.
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Box, type Edge, layOut, type Place } from "./layered-layout.ts";

const graphs = fc
  .array(fc.record({ width: fc.integer({ min: 6, max: 200 }), height: fc.integer({ min: 6, max: 120 }) }), {
    minLength: 1,
    maxLength: 14,
  })
  .chain((boxes) => {
    const edge = fc
      .tuple(fc.nat(boxes.length - 1), fc.nat(boxes.length - 1))
      .filter(([from, to]) => from < to);
    const edges: fc.Arbitrary<Edge[]> =
      boxes.length < 2
        ? fc.constant([])
        : fc.uniqueArray(edge, { maxLength: 24, selector: ([from, to]) => `${from} ${to}` });
    return fc.record({ boxes: fc.constant(boxes), edges });
  });

test("nodes do not overlap and lie within the picture", () => {
  fc.assert(
    fc.property(graphs, ({ boxes, edges }) => {
      const { width, height, places } = layOut(boxes, edges);
      for (const [i, [x, y]] of places.entries()) {
        const [w, h] = [boxes[i].width / 2, boxes[i].height / 2];
        expect(Math.min(x - w, y - h, width - x - w, height - y - h)).toBeGreaterThan(-1e-6);
        for (let j = 0; j < i; j++) {
          const apart = Math.max(
            Math.abs(x - places[j][0]) - w - boxes[j].width / 2,
            Math.abs(y - places[j][1]) - h - boxes[j].height / 2,
          );
          expect(apart).toBeGreaterThan(1);
        }
      }
    }),
  );
});

test("lines lead from below one node to above another, downwards, and cross no node", () => {
  fc.assert(
    fc.property(graphs, ({ boxes, edges }) => {
      const { places, routes } = layOut(boxes, edges);
      for (const [i, [from, to]] of edges.entries()) {
        const route = routes[i];
        expect(route[0]).toEqual([places[from][0], places[from][1] + boxes[from].height / 2]);
        expect(route[route.length - 1]).toEqual([places[to][0], places[to][1] - boxes[to].height / 2]);
        for (const [x, y] of pointsAlong(route)) {
          for (const [node, box] of boxes.entries()) expect(isWithin([x, y], places[node], box)).toBe(false);
        }
        for (let k = 1; k < route.length; k++) expect(route[k][1]).toBeGreaterThan(route[k - 1][1]);
      }
    }),
  );
});

/** Places on the curves that are drawn between the places of a route. */
function pointsAlong(route: readonly Place[]): Place[] {
  return route.slice(1).flatMap(([x, y], i) => {
    const [fromX, fromY] = route[i];
    return Array.from({ length: 9 }, (_, k): Place => {
      const t = (k + 1) / 10;
      const half = (fromY + y) / 2;
      const weights = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t ** 2 * (1 - t), t ** 3];
      const mix = (...values: readonly number[]): number =>
        values.reduce((sum, value, j) => sum + weights[j] * value, 0);
      return [mix(fromX, fromX, x, x), mix(fromY, half, half, y)];
    });
  });
}

function isWithin([x, y]: Place, [middleX, middleY]: Place, { width, height }: Box): boolean {
  return Math.abs(x - middleX) < width / 2 - 1e-6 && Math.abs(y - middleY) < height / 2 - 1e-6;
}
