import { guardLimit, placeLanes } from "./contraction-places.ts";
import { vectorText } from "./contraction-text.ts";
import { type TileShape, tileColumns, tileSuffix } from "./contraction-tile.ts";
import { operandFields, planFields } from "./contraction-words.ts";
import type { SharedText } from "./rendered.ts";

const planTypes = `typedef struct { i32 ${operandFields.join(", ")}; } contraction_operand;
typedef struct { i32 ${planFields.join(", ")}; contraction_operand left, right; } contraction_plan;

INLINE i64 least(i64 a, i64 b) { return a < b ? a : b; }

/* The functions of one kernel are called after it. */
#define JOIN_NAMES(x, y) x##_##y
#define OWN_NAME(x, y) JOIN_NAMES(x, y)`;

/** The words that every contraction has, as the C structs that the loops read. */
export const planText: SharedText = {
  key: "contraction_plan",
  source: planTypes,
  library: { declaration: planTypes, isCalled: false },
};

/** How the loops find the values of operands. */
export const operandText: SharedText = {
  key: "contraction_operands",
  library: { declaration: "", isCalled: false },
  source: vectorText(`/* The places of an operand at a batch index. */
static void contraction_start(const i32 *args, const contraction_operand *o, i64 batch, u32 *start) {
  const u32 *from = (const u32 *)args + o->start;
  const place_walk w = place_walk_from(args + o->batchAxes, o->batchRank, 1 + o->guards, from, batch);
  for (i64 p = 0; p <= o->guards; p++) start[p] = w.at[p];
  start[0] += (u32)args[o->buffer];
}

/* Lists the runs, or the elements, of an operand along a part of depth; returns how many there are. */
static i64 contraction_list(char *memory, const i32 *args, u32 scratch, const contraction_operand *o, i64 from, i64 count) {
  static const u32 origin[${1 + guardLimit}];
  place_walk w = place_walk_from(args + o->depthAxes, o->depthRank, 1 + o->guards, origin, from);
  u32 *list = (u32 *)(memory + scratch + o->list);
  i32 *lengths = (i32 *)(memory + scratch + o->lengths);
  if (o->whole) return place_runs(&w, count, list, o->capacity, lengths);
  place_list(&w, count, list, o->capacity);
  for (i64 k = 0; k < count; k++) lengths[k] = 1;
  return count;
}`),
};

/**
 * The loops over blocks and tiles: \`contract_SUFFIX\`. A block of the right operand is packed, then every row tile passes over
 * it; the left operand is read where it lies, or copied a tile at a time. Whole rows of sums go to the epilogue.
 */
export function driverText(shape: TileShape): SharedText {
  const { type, bytes, rows, rowStep, lanes } = shape;
  const suffix = tileSuffix(shape);
  const width = tileColumns(shape);
  const key = `contract_${suffix}`;
  const types = `typedef void epilogue_${suffix}(
  char *memory, const i32 *args, i64 batch, i64 row, i64 rows, i64 column, i64 columns, const ${type} *sums, i64 sumsStep
);
typedef void type_of_${key}(
  char *memory, const i32 *args, const contraction_plan *plan, u32 scratch, i32 part, i32 parts, epilogue_${suffix} *epilogue
);`;
  const declaration = `${types}\ntype_of_${key} *linked_${key};\n#define ${key} linked_${key}`;
  const source = `${types}

static void fill_${suffix}(char *area, const contraction_operand *o) {
  const u32 pattern[2] = { (u32)o->fillLow, (u32)o->fillHigh };
  for (i64 k = 0; k < o->fillBytes; k += 4) *(u32 *)(area + k) = pattern[k / 4 % 2];
}

static void pack_right_${suffix}(
  char *memory, const i32 *args, const contraction_plan *plan, u32 scratch, const u32 *start,
  i64 column, i64 columns, i64 depth, i64 entries, ${type} *out
) {
  const contraction_operand *o = &plan->right;
  place_walk walk = place_walk_from(args + o->panelAxes, o->panelRank, 1 + o->guards, start, column);
  const u32 *list = (const u32 *)(memory + scratch + o->list);
  const i32 *lengths = (const i32 *)(memory + scratch + o->lengths);
  const i32 *extents = args + o->extents;
  const u32 fill = scratch + (u32)o->fill;
  if (o->listed) {
    u32 *places = (u32 *)(memory + scratch + plan->places);
    pack_listed_${suffix}(
      memory, out, plan->rightPanel, list, o->capacity, depth, &walk, columns, extents, fill, places
    );
    return;
  }
  for (i64 k = 0; k < columns; k += ${width}, out += plan->rightPanel) {
    const i64 count = least(${width}, columns - k);
    pack_runs_${suffix}(memory, out, list, o->capacity, entries, lengths, &walk, count, extents, fill);
  }
}

/* Where the left values of the next rows lie: a walk over the rows, where the next copies go or are kept, and how many of
   the copied rows are not yet used. */
typedef struct { place_walk walk; char *copies; bool copied; i64 packed; const char *panel; } left_${suffix};

/* Copies the left values of rows that lie one behind the other, a tile behind the other. */
static void pack_left_${suffix}(const char *memory, const u32 *places, i64 depth, i64 count, ${type} *out, i64 panel) {
  const i64 tiles = count / ${rows};
  for (i64 k = 0; k < depth; k++) {
    const ${type} *from = (const ${type} *)(memory + places[k]);
    for (i64 t = 0; t < tiles; t++) copy_${suffix}(out + t * panel + k * ${rows}, from + t * ${rows}, ${rows});
  }
  count -= tiles * ${rows};
  if (count == 0) return;
  out += tiles * panel;
  for (i64 k = 0; k < depth; k++) {
    const ${type} *from = (const ${type} *)(memory + places[k]) + tiles * ${rows};
    for (i64 i = 0; i < ${rows}; i++) out[k * ${rows} + i] = i < count ? from[i] : 0;
  }
}

/* Tells a tile where the left values of the next of \`count\` rows lie; returns how many rows it has. */
static i64 place_left_${suffix}(
  char *memory, const i32 *args, const contraction_plan *plan, u32 scratch, left_${suffix} *left, i64 count,
  i64 depth, i64 entries, tile_${suffix} *tile
) {
  const contraction_operand *o = &plan->left;
  const u32 *list = (const u32 *)(memory + scratch + o->list);
  const i32 *extents = args + o->extents;
  const u32 fill = scratch + (u32)o->fill;
  u32 *places = (u32 *)(memory + scratch + plan->places);
  if (!o->listed) {
    count = least(count, ${rows});
    u32 rowList[${(1 + guardLimit) * 2 * placeLanes}];
    place_list(&left->walk, count, rowList, ${2 * placeLanes});
    place_across[o->guards](places, ${rows}, rowList, ${2 * placeLanes}, list, o->capacity, entries, extents, fill);
    return count;
  }
  if (left->packed == 0) {
    count = least(count, least(place_walk_left(&left->walk), ${rows} * plan->leftTiles));
    place_along[o->guards](places, list, o->capacity, depth, left->walk.at, extents, fill);
    place_walk_along(&left->walk, count);
    if (plan->leftTiles == 1 && count % ${rowStep} == 0) {
      tile->memory = memory;
      return count;
    }
    left->packed = count;
    left->panel = left->copies;
    if (!left->copied) pack_left_${suffix}(memory, places, depth, count, (${type} *)left->copies, plan->leftPanel);
    if (plan->keepLeft) left->copies += (count + ${rows - 1}) / ${rows} * plan->leftPanel * ${bytes};
    for (i64 k = 0; k < depth; k++) places[k] = (u32)(k * ${rows * bytes});
  }
  tile->memory = left->panel;
  left->panel += plan->leftPanel * ${bytes};
  count = least(left->packed, ${rows});
  left->packed -= count;
  return count;
}

LINKED void ${key}(
  char *memory, const i32 *args, const contraction_plan *plan, u32 scratch, i32 part, i32 parts, epilogue_${suffix} *epilogue
) {
  if (parts > plan->parts) parts = plan->parts;
  if (part >= parts) return;
  i64 batchFrom = 0, batchTo = plan->batch, rowFrom = 0, rowTo = plan->rows, columnFrom = 0, columnTo = plan->columns;
  if (plan->batch >= parts) {
    batchFrom = start_of_part(batchTo, part, parts);
    batchTo = start_of_part(batchTo, part + 1, parts);
  } else if (plan->rows > plan->columns) {
    const i64 tiles = (rowTo + ${rows - 1}) / ${rows};
    rowFrom = ${rows} * start_of_part(tiles, part, parts);
    rowTo = least(rowTo, ${rows} * start_of_part(tiles, part + 1, parts));
  } else {
    const i64 tiles = (columnTo + ${width - 1}) / ${width};
    columnFrom = ${width} * start_of_part(tiles, part, parts);
    columnTo = least(columnTo, ${width} * start_of_part(tiles, part + 1, parts));
  }
  scratch += (u32)plan->area + (u32)part * (u32)plan->partBytes;
  fill_${suffix}(memory + scratch + plan->left.fill, &plan->left);
  fill_${suffix}(memory + scratch + plan->right.fill, &plan->right);
  const bool oneDepth = plan->depthBlock >= plan->depth;
  i64 listed = -1, leftEntries = 0, rightEntries = 0;
  tile_${suffix} tile;
  tile.memory = memory;
  tile.places = (const u32 *)(memory + scratch + plan->places);
  tile.lengths = (const i32 *)(memory + scratch + plan->left.lengths);
  for (i64 batch = batchFrom; batch < batchTo; batch++) {
    u32 leftStart[${1 + guardLimit}], rightStart[${1 + guardLimit}];
    contraction_start(args, &plan->left, batch, leftStart);
    contraction_start(args, &plan->right, batch, rightStart);
    for (i64 column = columnFrom; column < columnTo; column += plan->columnBlock) {
      const i64 columns = least(plan->columnBlock, columnTo - column);
      char *copies = memory + scratch + plan->leftBlock;
      const bool copied = plan->keepLeft && column > columnFrom;
      for (i64 firstRow = rowFrom; firstRow < rowTo; firstRow += plan->rowBlock) {
        const i64 endRow = least(firstRow + plan->rowBlock, rowTo);
        for (i64 depth = 0; depth < plan->depth; depth += plan->depthBlock) {
          const i64 depths = least(plan->depthBlock, plan->depth - depth);
          const bool isLast = depth + depths == plan->depth;
          if (listed != depth) {
            leftEntries = contraction_list(memory, args, scratch, &plan->left, depth, depths);
            rightEntries = contraction_list(memory, args, scratch, &plan->right, depth, depths);
            listed = depth;
          }
          ${type} *right = (${type} *)(memory + scratch + plan->rightBlock) + depth / plan->depthBlock * plan->rightSlot;
          if (firstRow == rowFrom || (!oneDepth && plan->rightSlot == 0)) {
            pack_right_${suffix}(memory, args, plan, scratch, rightStart, column, columns, depths, rightEntries, right);
          }
          const contraction_operand *o = &plan->left;
          left_${suffix} left = {
            place_walk_from(args + o->panelAxes, o->panelRank, 1 + o->guards, leftStart, firstRow), copies, copied, 0, 0
          };
          ${type} *sums = (${type} *)(memory + scratch + plan->sums);
          tile.runs = leftEntries;
          tile.sumsStep = plan->sumsStep;
          tile.accumulate = depth > 0;
          for (i64 row = firstRow; row < endRow;) {
            const i64 count = place_left_${suffix}(
              memory, args, plan, scratch, &left, endRow - row, depths, leftEntries, &tile
            );
            const i64 size = (count + ${rowStep - 1}) / ${rowStep} - 1;
            tile.right = right;
            for (i64 k = 0; k < columns; k += ${width}, tile.right += plan->rightPanel) {
              const i64 vectors = (least(${width}, columns - k) + ${lanes - 1}) / ${lanes} - 1;
              tile.sums = sums + k;
              (o->listed ? tiles_list_${suffix} : tiles_rows_${suffix})[size][vectors](&tile);
            }
            if (isLast) epilogue(memory, args, batch, row, count, column, columns, sums, plan->sumsStep);
            if (!oneDepth) sums += ${rows} * plan->sumsStep;
            row += count;
          }
          copies = left.copies;
        }
      }
    }
  }
}`;
  return { key, source: vectorText(source), library: { declaration, isCalled: true } };
}
