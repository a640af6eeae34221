import { NeuriteError, setDevice } from "../tensor/index.ts";
import { WrongUse } from "./terminal.ts";

/** Computes on the device of a name from now on; a name that is none is a wrong use. */
export function chooseDevice(name: string | undefined): void {
  if (name === undefined) return;
  try {
    setDevice(name);
  } catch (error) {
    throw error instanceof NeuriteError ? new WrongUse(error.message) : error;
  }
}
