import { dtypeFacts } from "../../../base/dtype.ts";
import type { Access, LaneNode } from "../nest/nodes.ts";
import type { Local } from "./encoder.ts";
import type { Emitter } from "./expression.ts";
import { zeroVector } from "./lanes-basic.ts";
import {
  allLanes,
  forEachLane,
  loadByte,
  loadSplat,
  loadVector,
  pushBits,
  pushLaneAddress,
  pushVectorAddress,
} from "./memory-lanes.ts";

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
