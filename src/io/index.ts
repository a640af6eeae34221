export { checkWritable, readBytes, writeWhole } from "./files.ts";
export { decodeSafetensors, encodeSafetensors, type Safetensors } from "./safetensors.ts";
