import { type DType, dtypeFacts } from "../../../base/dtype.ts";
import { errorWordAddress } from "../../../lang/kernel/rendered.ts";
import type { FunctionBuilder, Local } from "./encoder.ts";
import type { Emitter } from "./expression.ts";
import { convertMask, emitPair, zeroVector } from "./lanes.ts";
import type { Access, CheckNode, LaneNode, StoreNode } from "./nodes.ts";

type LoadNode = Extract<LaneNode, { kind: "load" }>;

/** Puts the lanes of a load on the stack; where its condition fails no memory is touched. */
export function emitLoad(e: Emitter, node: LoadNode, copy: number): void {
  const { access, condition, fill } = node;
  const { f } = e;
  const { all, each } = condition;
  const orFill = (load: () => void): void => {
    f.if(
      () => e.scope(load),
      () => e.scope(() => e.push(fill, copy)),
      "v128",
    );
  };
  const load = (): void => {
    if (each === undefined) loadLanes(e, access, copy, false);
    else if (e.isUniform(each)) {
      e.push(each, copy, 32);
      f.lane("i32x4.extract_lane", 0);
      orFill(() => loadLanes(e, access, copy, true));
    } else {
      e.borrow("i32", (bits) => {
        pushBits(e, each, copy);
        f.tee(bits);
        f.i32(allLanes(e));
        f.emit("i32.eq");
        f.if(
          () => e.scope(() => loadLanes(e, access, copy, true)),
          () => e.scope(() => loadEachLane(e, access, copy, { bits, fill })),
          "v128",
        );
      });
    }
  };
  if (all === undefined) load();
  else {
    e.pushIndex(all);
    orFill(load);
  }
}

/** Stores the lanes that are to be stored. */
export function emitStore(e: Emitter, store: StoreNode, copy: number): void {
  const { f } = e;
  const { all } = store.condition;
  const run = (): void => {
    e.push(store.value, copy, 32);
    e.borrow("v128", (value) => {
      f.set(value);
      if (e.mode === "single") storeSingle(e, store, value, copy);
      else storeLanes(e, store, value, copy);
    });
  };
  if (all === undefined) run();
  else {
    e.pushIndex(all);
    f.if(() => e.scope(run));
  }
}

function storeSingle(e: Emitter, store: StoreNode, value: Local, copy: number): void {
  const { f } = e;
  const { each } = store.condition;
  if (each === undefined) storeAt(e, store, value, 0);
  else {
    e.push(each, copy, 32);
    f.lane("i32x4.extract_lane", 0);
    f.if(() => e.scope(() => storeAt(e, store, value, 0)));
  }
}

function storeLanes(e: Emitter, store: StoreNode, value: Local, copy: number): void {
  const { f } = e;
  const { access, mode, condition } = store;
  const { each } = condition;
  const overlap = e.mode === "overlap";
  const isContiguous = access.offsets === undefined && access.along === "unit";
  const everyLane = (bits?: Local): void => {
    forEachLane(e, access, copy, bits, (lane, address) => storeLane(e, store, value, lane, address));
  };
  if (each === undefined) {
    const isWide = dtypeFacts[access.dtype].bytes > 1;
    // Of several values for one place the last one stays.
    if (mode === "set" && access.offsets === undefined && access.along === "same") {
      storeAt(e, store, value, e.lanes - 1);
      return;
    }
    if (isContiguous && (!overlap || isWide)) {
      storeVector(e, store, value, copy, false);
      return;
    }
    if (!overlap) {
      everyLane();
      return;
    }
  }
  e.borrow("i32", (bits) => {
    pushBits(e, each, copy);
    f.set(bits);
    if (!isContiguous || overlap) {
      everyLane(bits);
      return;
    }
    f.get(bits);
    f.i32(allLanes(e));
    f.emit("i32.eq");
    f.if(
      () => e.scope(() => storeVector(e, store, value, copy, true)),
      () => e.scope(() => everyLane(bits)),
    );
  });
}

// Stores one lane at the address of the first.
function storeAt(e: Emitter, store: StoreNode, value: Local, lane: number): void {
  pushLaneAddress(e, store.access);
  e.borrow("i32", (address) => {
    e.f.set(address);
    storeLane(e, store, value, lane, address);
  });
}

/** Writes the code of a check into the error word if it is the first that fails. */
export function emitCheck(e: Emitter, check: CheckNode, copy: number): void {
  const { f } = e;
  pushBits(e, check.condition, copy);
  f.if(() => {
    f.i32(errorWordAddress);
    f.memory("i32.load");
    f.emit("i32.eqz");
    f.if(() =>
      e.scope(() => {
        f.i32(errorWordAddress);
        e.pushIndex(check.code);
        f.memory("i32.store");
      }),
    );
  });
}

function allLanes(e: Emitter): number {
  return (1 << e.lanes) - 1;
}

// One bit for each lane where the mask (if there is one) is true and which is new.
function pushBits(e: Emitter, mask: LaneNode | undefined, copy: number): void {
  const { f, active } = e;
  const overlapping = e.mode === "overlap" && active !== undefined;
  if (mask !== undefined) e.push(mask, copy, 32);
  if (overlapping) f.get(active);
  if (overlapping && mask !== undefined) f.emit("v128.and");
  f.emit("i32x4.bitmask");
  f.i32(e.mode === "single" ? 1 : allLanes(e));
  f.emit("i32.and");
}

// The address of the first lane.
function pushLaneAddress(e: Emitter, access: Access): void {
  e.pushIndex(access.address);
  if (access.offsets === undefined) return;
  e.push(access.offsets, 0);
  e.f.lane("i32x4.extract_lane", 0);
  e.f.emit("i32.add");
}

function loadLanes(e: Emitter, access: Access, copy: number, guarded: boolean): void {
  const { along, offsets, dtype } = access;
  if (e.mode === "single" || (along === "same" && offsets === undefined)) {
    pushLaneAddress(e, access);
    loadSplat(e.f, dtype);
  } else if (along === "unit" && offsets === undefined) {
    loadVector(e.f, dtype, e.lanes, pushVectorAddress(e, access, copy, guarded));
  } else {
    loadEachLane(e, access, copy, undefined);
  }
}

// Pushes an address and returns the constant to add to it. The first copy's address may be outside of memory
// where guards fail, and a constant would not wrap around with it: then it is added before.
function pushVectorAddress(e: Emitter, access: Access, copy: number, guarded: boolean): number {
  e.pushIndex(access.address);
  const distance = copy * e.lanes * dtypeFacts[access.dtype].bytes;
  if (!guarded || distance === 0) return distance;
  e.f.i32(distance);
  e.f.emit("i32.add");
  return 0;
}

function loadEachLane(
  e: Emitter,
  access: Access,
  copy: number,
  guard: { readonly bits: Local; readonly fill: LaneNode } | undefined,
): void {
  const { f } = e;
  const { dtype } = access;
  e.borrow("v128", (value) => {
    if (guard === undefined) zeroVector(f);
    else e.push(guard.fill, copy);
    f.set(value);
    forEachLane(e, access, copy, guard?.bits, (lane, address) => {
      const { bytes } = dtypeFacts[dtype];
      if (bytes > 1) {
        f.get(address);
        f.get(value);
        f.memoryLane(bytes === 8 ? "v128.load64_lane" : "v128.load32_lane", lane);
      } else {
        f.get(value);
        loadByte(f, dtype, address);
        f.lane("i32x4.replace_lane", lane);
      }
      f.set(value);
    });
    f.get(value);
  });
}

// Runs `body` for each lane, or for those whose bits are set, with the lane's address.
function forEachLane(
  e: Emitter,
  access: Access,
  copy: number,
  bits: Local | undefined,
  body: (lane: number, address: Local) => void,
): void {
  const { f } = e;
  const { along, offsets, dtype } = access;
  const pushDistance = (): void => {
    if (typeof along === "string") f.i32(dtypeFacts[dtype].bytes);
    else e.pushIndex(along);
  };
  const visit = (lane: number, address: Local): void => {
    if (bits === undefined) body(lane, address);
    else {
      f.get(bits);
      f.i32(1 << lane);
      f.emit("i32.and");
      f.if(() => e.scope(() => body(lane, address)));
    }
  };
  e.borrow("i32", (address) => {
    e.pushIndex(access.address);
    if (along !== "same" && copy > 0) {
      pushDistance();
      f.i32(copy * e.lanes);
      f.emit("i32.mul", "i32.add");
    }
    f.set(address);
    if (offsets === undefined) {
      for (let lane = 0; lane < e.lanes; lane++) {
        if (along !== "same" && lane > 0) f.increment(address, pushDistance);
        visit(lane, address);
      }
      return;
    }
    e.borrow("v128", (distances) => {
      e.push(offsets, copy);
      f.set(distances);
      e.borrow("i32", (laneAddress) => {
        for (let lane = 0; lane < e.lanes; lane++) {
          if (along !== "same" && lane > 0) f.increment(address, pushDistance);
          f.get(address);
          f.get(distances);
          f.lane("i32x4.extract_lane", lane);
          f.emit("i32.add");
          f.set(laneAddress);
          visit(lane, laneAddress);
        }
      });
    });
  });
}

function loadSplat(f: FunctionBuilder, dtype: DType): void {
  switch (dtype) {
    case "f64":
      f.memory("v128.load64_splat");
      break;
    case "u8":
      f.memory("i32.load8_u");
      f.emit("i32x4.splat");
      break;
    case "bool":
      f.memory("i32.load8_u");
      byteToMask(f);
      f.emit("i32x4.splat");
      break;
    default:
      f.memory("v128.load32_splat");
  }
}

function loadByte(f: FunctionBuilder, dtype: DType, address: Local): void {
  f.get(address);
  f.memory("i32.load8_u");
  if (dtype === "bool") byteToMask(f);
}

// (x = 0) − 1
function byteToMask(f: FunctionBuilder): void {
  f.emit("i32.eqz");
  f.i32(1);
  f.emit("i32.sub");
}

function loadVector(f: FunctionBuilder, dtype: DType, lanes: 2 | 4, offset: number): void {
  const { bytes } = dtypeFacts[dtype];
  if (bytes * lanes === 16) f.memory("v128.load", offset);
  else if (bytes * lanes === 8) f.memory("v128.load64_zero", offset);
  else {
    if (lanes === 4) f.memory("v128.load32_zero", offset);
    else {
      f.memory("i32.load16_u", offset);
      f.emit("i32x4.splat");
    }
    f.emit("i16x8.extend_low_i8x16_u", "i32x4.extend_low_i16x8_u");
    if (dtype !== "bool") return;
    zeroVector(f);
    f.emit("i32x4.gt_s");
  }
}

// Stores contiguous lanes; of an overlapping vector the old lanes are written back as they were.
function storeVector(e: Emitter, store: StoreNode, value: Local, copy: number, guarded: boolean): void {
  const { f, lanes } = e;
  const { access, mode } = store;
  const { dtype } = access;
  const offset = pushVectorAddress(e, access, copy, guarded);
  const blended = e.mode === "overlap" ? e.active : undefined;
  const pushOld = (): void => loadVector(f, dtype, lanes, pushVectorAddress(e, access, copy, guarded));
  f.get(value);
  if (mode === "add") {
    pushOld();
    emitPair(f, "add", dtype);
  }
  if (blended !== undefined) {
    pushOld();
    f.get(blended);
    convertMask(f, 32, dtype === "f64" ? 64 : 32);
    f.emit("v128.bitselect");
  }
  const { bytes } = dtypeFacts[dtype];
  if (bytes * lanes === 16) f.memory("v128.store", offset);
  else if (bytes * lanes === 8) f.memoryLane("v128.store64_lane", 0, offset);
  else {
    maskToByte(f, dtype);
    e.borrow("v128", (packed) => {
      f.tee(packed);
      f.get(packed);
      f.emit("i16x8.narrow_i32x4_u");
      f.tee(packed);
      f.get(packed);
      f.emit("i8x16.narrow_i16x8_u");
    });
    f.memoryLane(lanes === 4 ? "v128.store32_lane" : "v128.store16_lane", 0, offset);
  }
}

function maskToByte(f: FunctionBuilder, dtype: DType): void {
  if (dtype !== "bool") return;
  f.i32(31);
  f.emit("i32x4.shr_u");
}

function storeLane(e: Emitter, store: StoreNode, value: Local, lane: number, address: Local): void {
  const { f } = e;
  const { dtype } = store.access;
  const { bytes } = dtypeFacts[dtype];
  f.get(address);
  f.get(value);
  if (store.mode === "add") {
    f.get(address);
    loadSplat(f, dtype);
    emitPair(f, "add", dtype);
  }
  if (bytes > 1) f.memoryLane(bytes === 8 ? "v128.store64_lane" : "v128.store32_lane", lane);
  else {
    maskToByte(f, dtype);
    f.memoryLane("v128.store8_lane", 4 * lane);
  }
}
