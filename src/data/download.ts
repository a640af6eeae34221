import { NeuriteError } from "../base/error.ts";
import { writeWhole } from "../io/index.ts";

/** A file of which every byte is known. */
export interface KnownFile {
  readonly address: string;
  /** SHA-256 of its bytes, in hexadecimal. */
  readonly checksum: string;
}

/** Told while bytes come; the total is 0 where the server does not say it. */
export type OnBytes = (received: number, total: number) => void;

/**
 * Downloads a file to a path, whole or not at all. Throws a NeuriteError where the server does not give it, and for bytes that
 * are not the known ones; nothing is written then.
 */
export async function download(
  { address, checksum }: KnownFile,
  path: string,
  onBytes: OnBytes,
): Promise<Uint8Array> {
  const bytes = await fetchBytes(address, onBytes);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const got = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (got !== checksum) {
    throw new NeuriteError({
      operation: "download",
      got: `${bytes.length} bytes with the SHA-256 ${got} from ${address}`,
      expected: checksum,
      hint: "the file was damaged on the way, or is another; nothing was written",
    });
  }
  await writeWhole(path, bytes);
  return bytes;
}

async function fetchBytes(address: string, onBytes: OnBytes): Promise<Uint8Array<ArrayBuffer>> {
  const failed = (got: string): NeuriteError =>
    new NeuriteError({ operation: "download", got: `${got} from ${address}`, expected: "the file" });
  const response = await fetch(address).catch((error: unknown) => {
    throw failed(`no answer (${error instanceof Error ? error.message : String(error)})`);
  });
  if (!response.ok || response.body === null) throw failed(`the status ${response.status}`);
  const total = Number(response.headers.get("content-length") ?? 0);
  const chunks: Uint8Array[] = [];
  let received = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      throw failed(
        `${received} bytes and then nothing (${error instanceof Error ? error.message : String(error)})`,
      );
    });
    if (done) break;
    chunks.push(value);
    received += value.length;
    onBytes(received, total);
  }
  const bytes = new Uint8Array(received);
  let position = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, position);
    position += chunk.length;
  }
  return bytes;
}
