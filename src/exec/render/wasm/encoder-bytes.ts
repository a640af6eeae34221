/** Bytes in a buffer that grows. */
export class ByteWriter {
  private bytes: Uint8Array<ArrayBuffer>;
  length = 0;

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity);
  }

  byte(value: number): void {
    if (this.length === this.bytes.length) this.grow(1);
    this.bytes[this.length++] = value;
  }

  /** Unsigned LEB128. */
  unsigned(value: number): void {
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** Signed LEB128 of a 32-bit integer. */
  signed(value: number): void {
    let rest = value | 0;
    while (rest < -0x40 || rest > 0x3f) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    this.byte(rest & 0x7f);
  }

  /** Unsigned LEB128 padded to five bytes, so that it can be overwritten later by `patch`. */
  padded(value: number): number {
    const position = this.length;
    for (let k = 0; k < 5; k++) this.byte(0);
    this.patch(position, value);
    return position;
  }

  patch(position: number, value: number): void {
    for (let k = 0; k < 4; k++) this.bytes[position + k] = ((value >>> (7 * k)) & 0x7f) | 0x80;
    this.bytes[position + 4] = (value >>> 28) & 0x7f;
  }

  append(bytes: ArrayLike<number> & { readonly length: number }): void {
    if (this.length + bytes.length > this.bytes.length) this.grow(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** A name: its length and its UTF-8 bytes. */
  text(value: string): void {
    const bytes = new TextEncoder().encode(value);
    this.unsigned(bytes.length);
    this.append(bytes);
  }

  /** Another writer's bytes behind their length. */
  sized(part: ByteWriter): void {
    this.unsigned(part.length);
    this.append(part.view());
  }

  /** The bytes written so far, without a copy. */
  view(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length);
  }

  private grow(needed: number): void {
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + needed));
    larger.set(this.view());
    this.bytes = larger;
  }
}
