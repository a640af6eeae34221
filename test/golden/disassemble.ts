import {
  laneOpcodes,
  memoryLaneOpcodes,
  memoryOpcodes,
  plainOpcodes,
} from "../../src/exec/render/wasm/encoder-opcodes.ts";

type Format = "plain" | "memory" | "memoryLane" | "lane";

const instructions = new Map<number, { readonly name: string; readonly format: Format }>();
const tables: readonly [Format, Readonly<Record<string, number>>][] = [
  ["plain", plainOpcodes],
  ["memory", memoryOpcodes],
  ["memoryLane", memoryLaneOpcodes],
  ["lane", laneOpcodes],
];
for (const [format, table] of tables) {
  for (const [name, code] of Object.entries(table)) instructions.set(code, { name, format });
}
const blocks: Readonly<Record<number, string>> = { 2: "block", 3: "loop", 4: "if" };
const indexed: Readonly<Record<number, string>> = {
  12: "br",
  13: "br_if",
  16: "call",
  32: "local.get",
  33: "local.set",
  34: "local.tee",
};
const types: Readonly<Record<number, string>> = {
  127: "i32",
  126: "i64",
  125: "f32",
  124: "f64",
  123: "v128",
};
const codeSection = 10;

/** The functions of a WebAssembly module as text, one instruction a line, blocks indented. */
export function disassemble(module: Uint8Array): string {
  const reader = new Reader(module, 8);
  const functions: string[] = [];
  while (reader.position < module.length) {
    const section = reader.byte();
    const end = reader.unsigned() + reader.position;
    if (section === codeSection) {
      for (let count = reader.unsigned(); count > 0; count--) functions.push(functionText(reader));
    }
    reader.position = end;
  }
  return functions.join("\n");
}

function functionText(reader: Reader): string {
  const end = reader.unsigned() + reader.position;
  const locals: string[] = [];
  for (let groups = reader.unsigned(); groups > 0; groups--) {
    const count = reader.unsigned();
    locals.push(`${count} × ${types[reader.byte()]}`);
  }
  const lines = [`function with locals ${locals.join(", ")}`];
  let depth = 1;
  while (reader.position < end) {
    const text = instruction(reader);
    if (text === "end" || text === "else") depth--;
    lines.push(`${"  ".repeat(depth)}${text}`);
    if (/^(block|loop|if|else)/.test(text)) depth++;
  }
  return lines.join("\n");
}

function instruction(reader: Reader): string {
  const first = reader.byte();
  const code = first < 0xfc ? first : first * 0x10000 + reader.unsigned();
  if (code in blocks) {
    const result = types[reader.byte()];
    return result === undefined ? blocks[code] : `${blocks[code]} ${result}`;
  }
  if (code in indexed) return `${indexed[code]} ${reader.unsigned()}`;
  switch (code) {
    case 5:
      return "else";
    case 11:
      return "end";
    case 0x41:
      return `i32.const ${reader.signed()}`;
    case 0x43:
      return `f32.const ${reader.float(4)}`;
    case 0x44:
      return `f64.const ${reader.float(8)}`;
    case 0xfd000c:
      return `v128.const ${reader.bytes(16)}`;
    case 0xfd000d:
      return `i8x16.shuffle ${reader.bytes(16)}`;
  }
  const known = instructions.get(code);
  if (known === undefined) throw new Error(`no instruction has the code 0x${code.toString(16)}`);
  return [known.name, ...immediates(known.format, reader)].join(" ");
}

function immediates(format: Format, reader: Reader): string[] {
  if (format === "plain") return [];
  if (format === "lane") return [String(reader.byte())];
  reader.unsigned(); // The alignment is a hint.
  const offset = `+${reader.unsigned()}`;
  return format === "memory" ? [offset] : [offset, String(reader.byte())];
}

class Reader {
  position: number;
  private readonly view: DataView;

  constructor(data: Uint8Array, position: number) {
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    this.position = position;
  }

  byte(): number {
    return this.view.getUint8(this.position++);
  }

  unsigned(): number {
    const byte = this.byte();
    return byte < 0x80 ? byte : byte - 0x80 + 0x80 * this.unsigned();
  }

  signed(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return shift < 25 && (byte & 0x40) !== 0 ? value | (-1 << (shift + 7)) : value;
    }
  }

  float(size: 4 | 8): number {
    const at = this.position;
    this.position += size;
    return size === 4 ? this.view.getFloat32(at, true) : this.view.getFloat64(at, true);
  }

  bytes(count: number): string {
    return Array.from({ length: count }, () => this.byte().toString(16).padStart(2, "0")).join(" ");
  }
}
