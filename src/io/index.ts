export { appendBytes, checkWritable, readBytes, writeWhole } from "./files.ts";
export { type FolderEntry, listFolder, makeFolder } from "./folders.ts";
export { type Found, readOrPrevious, writeKeepingPrevious } from "./previous.ts";
export { decodeSafetensors, encodeSafetensors, type Safetensors } from "./safetensors.ts";
