/** Pixels of an image, row by row, each red, green, blue and opacity from 0 to 255. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array;
}

/** An image as the address of a PNG that holds it, for `<image>` in SVG. Nothing is packed: these images are small. */
export function toDataAddress({ width, height, rgba }: Pixels): string {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  // Eight bits for each of four channels.
  header.set([8, 6], 8);
  const lines = new Uint8Array(height * (1 + 4 * width));
  for (let row = 0; row < height; row++) {
    lines.set(rgba.subarray(4 * width * row, 4 * width * (row + 1)), row * (1 + 4 * width) + 1);
  }
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  const parts = [
    signature,
    chunk("IHDR", header),
    chunk("IDAT", store(lines)),
    chunk("IEND", new Uint8Array(0)),
  ];
  return `data:image/png;base64,${btoa(parts.map((part) => toText(part)).join(""))}`;
}

function toText(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function chunk(name: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = name.charCodeAt(i);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, cyclicCheck(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/** A zlib stream of stored blocks (RFC 1950, RFC 1951). */
function store(data: Uint8Array): Uint8Array {
  const largest = 0xffff;
  const blocks = Math.max(1, Math.ceil(data.length / largest));
  const bytes = new Uint8Array(2 + 5 * blocks + data.length + 4);
  const view = new DataView(bytes.buffer);
  bytes.set([0x78, 0x01]);
  let end = 2;
  for (let i = 0; i < blocks; i++) {
    const block = data.subarray(i * largest, (i + 1) * largest);
    bytes[end] = i === blocks - 1 ? 1 : 0;
    view.setUint16(end + 1, block.length, true);
    view.setUint16(end + 3, ~block.length & 0xffff, true);
    bytes.set(block, end + 5);
    end += 5 + block.length;
  }
  view.setUint32(end, adler(data));
  return bytes;
}

/** Adler-32 (RFC 1950). */
function adler(data: Uint8Array): number {
  let [a, b] = [1, 0];
  for (const byte of data) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return b * 65536 + a;
}

/** CRC-32 (PNG, Annex D). */
function cyclicCheck(data: Uint8Array): number {
  let check = ~0;
  for (const byte of data) {
    check ^= byte;
    for (let bit = 0; bit < 8; bit++) check = (check >>> 1) ^ (check & 1 ? 0xedb88320 : 0);
  }
  return ~check >>> 0;
}
