import { type DType, dtypeFacts } from "../../../base/dtype.ts";
import { errorWordAddress } from "../../../lang/kernel/rendered.ts";
import type { CheckNode, StoreNode } from "../nest/nodes.ts";
import type { FunctionBuilder, Local } from "./encoder.ts";
import type { Emitter } from "./expression.ts";
import { convertMask, emitPair } from "./lanes-basic.ts";
import {
  allLanes,
  forEachLane,
  loadSplat,
  loadVector,
  pushBits,
  pushLaneAddress,
  pushVectorAddress,
} from "./memory-lanes.ts";

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
