import { type DType, dtypeFacts } from "../../base/dtype.ts";
import type { CheckInfo, Place, PlanBuffer } from "../../lang/kernel/kernel.ts";
import { type Lifetime, planArena } from "./memory.ts";

interface Draft {
  readonly dtype: DType;
  readonly length: number;
  /** Arena buffers know their frame and their position in it. */
  readonly place: Place | { readonly kind: "frame"; readonly frame: Frame; readonly slot: number };
}

/** The buffers and error codes of a plan while it is written. */
export class Drafts {
  readonly checks: CheckInfo[] = [];
  readonly #drafts: Draft[] = [];

  /** A buffer at a known place. */
  add(dtype: DType, length: number, place: Place): number {
    return this.#drafts.push({ dtype, length, place }) - 1;
  }

  /** A buffer of a frame, alive from its step to the last use that is reported. */
  addToFrame(dtype: DType, length: number, frame: Frame): number {
    const slot = frame.reserve(length * dtypeFacts[dtype].bytes);
    return this.#drafts.push({ dtype, length, place: { kind: "frame", frame, slot } }) - 1;
  }

  /** Another name for a frame buffer's memory, which lives as long as either is used. */
  share(buffer: number, dtype: DType, length: number): number {
    return this.#drafts.push({ dtype, length, place: this.#drafts[buffer].place }) - 1;
  }

  /** Keeps a frame buffer alive up to the frame's current step. */
  use(buffer: number): void {
    const { place } = this.#drafts[buffer];
    if (place.kind === "frame") place.frame.extend(place.slot);
    else if (place.kind === "view") this.use(place.of);
  }

  /** The frame a buffer lies in, if it does. */
  frameOf(buffer: number): Frame | undefined {
    const { place } = this.#drafts[buffer];
    return place.kind === "frame" ? place.frame : undefined;
  }

  /** The dtype, the length and the kind of place of a buffer. */
  describe(buffer: number): { dtype: DType; length: number; kind: Place["kind"] | "frame" } {
    const { dtype, length, place } = this.#drafts[buffer];
    return { dtype, length, kind: place.kind };
  }

  /** The finished buffers; call after `top.place(0)`. */
  finish(): PlanBuffer[] {
    return this.#drafts.map(({ dtype, length, place }) => {
      if (place.kind !== "frame") return { dtype, length, place };
      return { dtype, length, place: { kind: "arena", byteOffset: place.frame.offsetOf(place.slot) } };
    });
  }
}

/** The scratch memory of one program: of the plan itself, or of a branch or loop body, which lies inside its parent's. */
export class Frame {
  /** The step being written. */
  step = 0;
  readonly #lifetimes: Lifetime[] = [];
  readonly #children: { readonly frame: Frame; readonly slot: number }[] = [];
  #offsets: readonly number[] = [];
  #base = 0;

  reserve(bytes: number): number {
    return this.#lifetimes.push({ bytes, first: this.step, last: this.step }) - 1;
  }

  extend(slot: number): void {
    this.#lifetimes[slot].last = Math.max(this.#lifetimes[slot].last, this.step);
  }

  /** Lays out a nested frame as one block of this one, alive during the current step only. */
  close(child: Frame): void {
    const slot = this.reserve(child.layOut());
    this.#children.push({ frame: child, slot });
  }

  /** Chooses offsets and returns the size. */
  layOut(): number {
    const { offsets, bytes } = planArena(this.#lifetimes);
    this.#offsets = offsets;
    return bytes;
  }

  /** Fixes absolute positions from the byte offset of this frame in the arena. */
  place(base: number): void {
    this.#base = base;
    for (const { frame, slot } of this.#children) frame.place(base + this.#offsets[slot]);
  }

  offsetOf(slot: number): number {
    return this.#base + this.#offsets[slot];
  }
}
