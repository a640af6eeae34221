/**
 * Files in the format of safetensors, and files that are written whole or not at all.
 *
 * @module neurite/io
 */

export { appendBytes, checkWritable, readBytes, writeWhole } from "./files.ts";
export { type FolderEntry, listFolder, makeFolder } from "./folders.ts";
export { type Found, readOrPrevious, writeKeepingPrevious } from "./previous.ts";
export { decodeSafetensors, encodeSafetensors, type Safetensors } from "./safetensors.ts";
