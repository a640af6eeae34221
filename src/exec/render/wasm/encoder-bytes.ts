const encoder = new TextEncoder();

/** A growing list of bytes; small numbers in an array, since a typed array for each of many short functions costs more. */
export class ByteWriter {
  readonly #bytes: number[] = [];

  get length(): number {
    return this.#bytes.length;
  }

  byte(value: number): void {
    this.#bytes.push(value);
  }

  /** Unsigned LEB128. */
  unsigned(value: number): void {
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.#bytes.push((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.#bytes.push(rest);
  }

  /** Signed LEB128 of a 32-bit integer. */
  signed(value: number): void {
    let rest = value | 0;
    while (rest < -0x40 || rest > 0x3f) {
      this.#bytes.push((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    this.#bytes.push(rest & 0x7f);
  }

  /** Unsigned LEB128 padded to five bytes, so that it can be overwritten later by `patch`. */
  padded(value: number): number {
    const position = this.#bytes.length;
    this.#bytes.push(0, 0, 0, 0, 0);
    this.patch(position, value);
    return position;
  }

  patch(position: number, value: number): void {
    for (let k = 0; k < 4; k++) this.#bytes[position + k] = ((value >>> (7 * k)) & 0x7f) | 0x80;
    this.#bytes[position + 4] = (value >>> 28) & 0x7f;
  }

  append(bytes: ArrayLike<number>): void {
    for (let k = 0; k < bytes.length; k++) this.#bytes.push(bytes[k]);
  }

  /** A name: its length and its UTF-8 bytes. */
  text(value: string): void {
    const bytes = encoder.encode(value);
    this.unsigned(bytes.length);
    this.append(bytes);
  }

  /** Another writer's bytes. */
  splice(part: ByteWriter): void {
    this.append(part.#bytes);
  }

  /** What `write` adds, behind its length. */
  sized(write: () => void): void {
    const position = this.padded(0);
    write();
    this.patch(position, this.#bytes.length - position - 5);
  }

  finish(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#bytes);
  }
}
