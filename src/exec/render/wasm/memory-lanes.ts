import { type DType, dtypeFacts } from "../../../base/dtype.ts";
import type { Access, LaneNode } from "../nest/nodes.ts";
import type { FunctionBuilder, Local } from "./encoder.ts";
import type { Emitter } from "./expression.ts";
import { zeroVector } from "./lanes-basic.ts";

/** One bit for each lane. */
export function allLanes(e: Emitter): number {
  return (1 << e.lanes) - 1;
}

/** Pushes one bit for each lane where the mask (if there is one) is true and which is new. */
export function pushBits(e: Emitter, mask: LaneNode | undefined, copy: number): void {
  const { f, active } = e;
  const overlapping = e.mode === "overlap" && active !== undefined;
  if (mask !== undefined) e.push(mask, copy, 32);
  if (overlapping) f.get(active);
  if (overlapping && mask !== undefined) f.emit("v128.and");
  f.emit("i32x4.bitmask");
  f.i32(e.mode === "single" ? 1 : allLanes(e));
  f.emit("i32.and");
}

/** Pushes the address of the first lane. */
export function pushLaneAddress(e: Emitter, access: Access): void {
  e.pushIndex(access.address);
  if (access.offsets === undefined) return;
  e.push(access.offsets, 0);
  e.f.lane("i32x4.extract_lane", 0);
  e.f.emit("i32.add");
}

/**
 * Pushes an address and returns the constant to add to it. Where guards fail the first copy's address may lie outside of
 * memory, and a constant would not wrap around with it: then it is added before.
 */
export function pushVectorAddress(e: Emitter, access: Access, copy: number, guarded: boolean): number {
  e.pushIndex(access.address);
  const distance = copy * e.lanes * dtypeFacts[access.dtype].bytes;
  if (!guarded || distance === 0) return distance;
  e.f.i32(distance);
  e.f.emit("i32.add");
  return 0;
}

/** Runs `body` for each lane, or for those whose bits are set, with the lane's address. */
export function forEachLane(
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

/** Loads the element at the address on the stack into every lane. */
export function loadSplat(f: FunctionBuilder, dtype: DType): void {
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

/** Loads a byte as an i32, a truth value as a mask. */
export function loadByte(f: FunctionBuilder, dtype: DType, address: Local): void {
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

/** Loads contiguous lanes. */
export function loadVector(f: FunctionBuilder, dtype: DType, lanes: 2 | 4, offset: number): void {
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
