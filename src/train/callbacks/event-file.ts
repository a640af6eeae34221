// The files that TensorBoard reads: records of the TFRecord format, each a protocol buffer `Event`, of which only the
// fields that hold scalars are written here.

/** One event: when it was, in seconds since 1970, at which step, and what. */
export interface Event {
  readonly wallTime: number;
  readonly step: number;
  /** Figures by tag; absent: the event that opens a file. */
  readonly scalars?: Readonly<Record<string, number>>;
}

/** An event as a record. */
export function encodeRecord(event: Event): Uint8Array<ArrayBuffer> {
  const data = encodeEvent(event);
  const record = new Uint8Array(data.length + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedChecksum(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, maskedChecksum(data), true);
  return record;
}

// Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5 }
function encodeEvent({ wallTime, step, scalars }: Event): Uint8Array {
  const what =
    scalars === undefined
      ? lengthDelimited(3, new TextEncoder().encode("brain.Event:2"))
      : lengthDelimited(5, encodeSummary(scalars));
  return join([...doubleField(1, wallTime), ...varintField(2, step)], what);
}

// Summary { repeated Value value = 1 } with Value { string tag = 1; float simple_value = 2 }
function encodeSummary(scalars: Readonly<Record<string, number>>): Uint8Array {
  const values = Object.entries(scalars).map(([tag, value]) =>
    lengthDelimited(1, join(lengthDelimited(1, new TextEncoder().encode(tag)), floatField(2, value))),
  );
  return join(...values);
}

// A field begins with its number and the kind of what follows: 0 a varint, 1 eight bytes, 2 a length and bytes, 5 four bytes.
function varintField(field: number, value: number): number[] {
  return [field << 3, ...varint(value)];
}

function doubleField(field: number, value: number): number[] {
  return [(field << 3) | 1, ...new Uint8Array(littleEndian(8, (view) => view.setFloat64(0, value, true)))];
}

function floatField(field: number, value: number): number[] {
  return [(field << 3) | 5, ...new Uint8Array(littleEndian(4, (view) => view.setFloat32(0, value, true)))];
}

function lengthDelimited(field: number, bytes: Uint8Array): Uint8Array {
  return join([(field << 3) | 2, ...varint(bytes.length)], bytes);
}

// Seven bits in each byte, the lowest first; the eighth bit says that more come.
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}

function littleEndian(bytes: number, write: (view: DataView) => void): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(bytes));
  write(view);
  return view.buffer;
}

function join(...parts: readonly ArrayLike<number>[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let position = 0;
  for (const part of parts) {
    joined.set(part, position);
    position += part.length;
  }
  return joined;
}

/** CRC-32C (Castagnoli; RFC 3720, B.4) of some bytes. */
export function crc32c(bytes: Uint8Array): number {
  let remainder = 0xffffffff;
  for (const byte of bytes) remainder = (remainder >>> 8) ^ remainderOf((remainder ^ byte) & 255);
  return ~remainder >>> 0;
}

function remainderOf(byte: number): number {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? 0x82f63b78 : 0);
  return remainder;
}

// Rotated and shifted, as the format asks, for data that hold checksums themselves.
function maskedChecksum(bytes: Uint8Array): number {
  const checksum = crc32c(bytes);
  return (((checksum >>> 15) | (checksum << 17)) + 0xa282ead8) >>> 0;
}
