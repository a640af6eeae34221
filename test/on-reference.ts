import "../src/tensor/install.ts";
import { setDevice } from "../src/tensor/devices.ts";

// Tests of programs and their transformations compare exact numbers: they run on the oracle unless a device is named.
if (process.env.NEURITE_DEVICE === undefined) setDevice("reference");
