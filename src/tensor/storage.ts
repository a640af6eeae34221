import type { TypedArray } from "../base/dtype.ts";
import { Concrete } from "../lang/program/tensor.ts";

/** The elements of a concrete tensor, row-major, in an array of the host that nobody writes to. */
export class Storage extends Concrete {
  readonly device: string = "host";
  readonly host: TypedArray;

  constructor(host: TypedArray) {
    super();
    this.host = host;
  }
}
