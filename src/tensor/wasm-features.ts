/** Why WebAssembly cannot run the library's code here; undefined when it can. */
export function wasmObstacle(): string | undefined {
  if (typeof WebAssembly === "undefined") return "WebAssembly is missing";
  return knows(popcount) ? undefined : "WebAssembly has no 128-bit SIMD";
}

/**
 * Why there is no relaxed SIMD here; undefined when there is. V8 has it since version 11.4; that of Node 20 has it behind a
 * flag, which is set for the process.
 */
export function relaxedObstacle(): string | undefined {
  const obstacle = wasmObstacle();
  if (obstacle !== undefined || knows(relaxedMultiplyAdd)) return obstacle;
  if (typeof process !== "undefined" && process.versions?.v8 !== undefined) {
    process.getBuiltinModule?.("node:v8").setFlagsFromString("--experimental-wasm-relaxed-simd");
    if (knows(relaxedMultiplyAdd)) return undefined;
  }
  return "WebAssembly has no relaxed SIMD";
}

// The body of a function () → v128, without local variables.
const zeros = [0x41, 0, 0xfd, 0x0f];
/** i8x16.popcnt, an instruction of the final SIMD proposal. */
const popcount = [...zeros, 0xfd, 0x62];
/** f32x4.relaxed_madd */
const relaxedMultiplyAdd = [...zeros, ...zeros, ...zeros, 0xfd, 0x85, 0x02];

function knows(instructions: readonly number[]): boolean {
  const body = [0, ...instructions, 0x0b];
  const header = [0, 97, 115, 109, 1, 0, 0, 0];
  const types = [1, 5, 1, 0x60, 0, 1, 0x7b];
  const functions = [3, 2, 1, 0];
  const code = [10, body.length + 2, 1, body.length, ...body];
  return WebAssembly.validate(Uint8Array.from([...header, ...types, ...functions, ...code]));
}
