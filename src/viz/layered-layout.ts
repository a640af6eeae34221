/** The size of a node of a graph. */
export interface Box {
  readonly width: number;
  readonly height: number;
}

/** From one node to another, by number. */
export type Edge = readonly [from: number, to: number];

/** A place in the picture. */
export type Place = readonly [x: number, y: number];

/** Where everything is drawn. */
export interface Layout extends Box {
  /** The middle of each node. */
  readonly places: readonly Place[];
  /** For each edge the places that it goes through, from the lower side of its first node to the upper side of its second. */
  readonly routes: readonly (readonly Place[])[];
}

/** A node, or a place on a long edge, in a layer. */
interface Item {
  readonly width: number;
  readonly above: number[];
  readonly below: number[];
  x: number;
}

const across = 18;
const down = 30;
const rounds = 12;

/**
 * A directed graph without cycles from top to bottom, in layers (Sugiyama, Tagawa and Toda, 1981): each node lies below
 * those that it depends on, long edges bend in the layers between, nodes are ordered by the mean place of their neighbours,
 * and pulled towards it as far as the others let them. Edges lead from lower to higher numbers.
 */
export function layOut(boxes: readonly Box[], edges: readonly Edge[]): Layout {
  const depths = depthsOf(boxes.length, edges);
  const items: Item[] = boxes.map(({ width }) => ({ width, above: [], below: [], x: 0 }));
  const layers: number[][] = Array.from({ length: 1 + Math.max(0, ...depths) }, () => []);
  for (const [node, depth] of depths.entries()) layers[depth].push(node);
  const chains = edges.map(([from, to]) => {
    const chain = [from];
    for (let depth = depths[from] + 1; depth < depths[to]; depth++) {
      layers[depth].push(items.length);
      chain.push(items.length);
      items.push({ width: 8, above: [], below: [], x: 0 });
    }
    chain.push(to);
    for (let i = 1; i < chain.length; i++) {
      items[chain[i - 1]].below.push(chain[i]);
      items[chain[i]].above.push(chain[i - 1]);
    }
    return chain;
  });
  for (const layer of layers) spread(layer, items);
  for (let round = 0; round < rounds; round++) {
    const isDownward = round % 2 === 0;
    const order = isDownward ? layers : [...layers].reverse();
    for (const layer of order) pull(layer, items, isDownward, round < rounds / 2);
  }
  return measure(boxes, depths, layers, items, chains);
}

/** The longest way from a node without dependencies; such a node moves down to where it is used first. */
function depthsOf(count: number, edges: readonly Edge[]): number[] {
  const depths = new Array<number>(count).fill(0);
  const byTarget = [...edges].sort((a, b) => a[1] - b[1]);
  for (const [from, to] of byTarget) depths[to] = Math.max(depths[to], depths[from] + 1);
  const hasParent = new Set(edges.map(([, to]) => to));
  for (let node = 0; node < count; node++) {
    const users = edges.filter(([from]) => from === node).map(([, to]) => depths[to]);
    if (!hasParent.has(node) && users.length > 0) depths[node] = Math.min(...users) - 1;
  }
  return depths;
}

function spread(layer: readonly number[], items: readonly Item[]): void {
  let x = 0;
  for (const item of layer) {
    items[item].x = x + items[item].width / 2;
    x += items[item].width + across;
  }
}

/** Moves the items of a layer towards their neighbours above or below; at first they may change places. */
function pull(layer: number[], items: readonly Item[], isDownward: boolean, mayReorder: boolean): void {
  const wanted = new Map(
    layer.map((item) => {
      const neighbours = isDownward ? items[item].above : items[item].below;
      const mean = neighbours.reduce((sum, other) => sum + items[other].x, 0) / neighbours.length;
      return [item, neighbours.length === 0 ? items[item].x : mean];
    }),
  );
  const aim = (item: number): number => wanted.get(item) ?? 0;
  if (mayReorder) layer.sort((a, b) => aim(a) - aim(b));
  // Neighbours that want the same place form a block around the mean of what they want.
  const blocks: { members: number[]; width: number; left: number; weight: number }[] = [];
  for (const item of layer) {
    const { width } = items[item];
    let block = { members: [item], width, left: aim(item) - width / 2, weight: 1 };
    for (
      let last = blocks.at(-1);
      last !== undefined && last.left + last.width + across > block.left;
      last = blocks.at(-1)
    ) {
      blocks.pop();
      const moved = block.left - last.width - across;
      const weight = last.weight + block.weight;
      block = {
        members: [...last.members, ...block.members],
        width: last.width + across + block.width,
        left: (last.left * last.weight + moved * block.weight) / weight,
        weight,
      };
    }
    blocks.push(block);
  }
  for (const { members, left } of blocks) {
    let x = left;
    for (const item of members) {
      items[item].x = x + items[item].width / 2;
      x += items[item].width + across;
    }
  }
}

function measure(
  boxes: readonly Box[],
  depths: readonly number[],
  layers: readonly (readonly number[])[],
  items: readonly Item[],
  chains: readonly (readonly number[])[],
): Layout {
  const left = Math.min(...items.map(({ x, width }) => x - width / 2));
  const right = Math.max(...items.map(({ x, width }) => x + width / 2));
  const tall = layers.map((layer) => Math.max(...layer.map((item) => boxes[item]?.height ?? 0)));
  const tops: number[] = [];
  let height = 0;
  for (const extent of tall) {
    tops.push(height);
    height += extent + down;
  }
  const depthOf = new Map(layers.flatMap((layer, depth) => layer.map((item) => [item, depth] as const)));
  const xOf = (item: number): number => items[item].x - left;
  const places = boxes.map((_, node): Place => [xOf(node), tops[depths[node]] + tall[depths[node]] / 2]);
  /** Lines go straight down past the nodes of a layer and bend between layers, so that they never cross a node. */
  const pass = (item: number): readonly [above: Place, below: Place] => {
    const [x, depth] = [xOf(item), depthOf.get(item) ?? 0];
    return [
      [x, tops[depth]],
      [x, tops[depth] + tall[depth]],
    ];
  };
  return {
    width: right - left,
    height: height - down,
    places,
    routes: chains.map((chain) => {
      const [from, to] = [chain[0], chain[chain.length - 1]];
      const [[fromX, fromY], [toX, toY]] = [places[from], places[to]];
      const route: Place[] = [
        [fromX, fromY + boxes[from].height / 2],
        pass(from)[1],
        ...chain.slice(1, -1).flatMap(pass),
        pass(to)[0],
        [toX, toY - boxes[to].height / 2],
      ];
      return route.filter(([x, y], i) => i === 0 || x !== route[i - 1][0] || y !== route[i - 1][1]);
    }),
  };
}
