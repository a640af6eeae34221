export { appendBytes, checkWritable, readBytes, writeWhole } from "./files.ts";
export { type Found, readOrPrevious, writeKeepingPrevious } from "./previous.ts";
export { decodeSafetensors, encodeSafetensors, type Safetensors } from "./safetensors.ts";
