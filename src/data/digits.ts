import { type Tensor, tensor } from "../tensor/index.ts";

/** Images and what they show. */
export interface Digits {
  /** f32 [1797, 8, 8, 1]: ink from 0 to 1 in steps of 1/16. */
  readonly images: Tensor;
  /** i32 [1797]: the digits 0 to 9. */
  readonly labels: Tensor;
}

const imageSize = 64;

/**
 * 1,797 real handwritten digits of 8 × 8 pixels, about 180 of each. The data (115 kB) are loaded at the first call.
 *
 * Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits (UCI, 1998), CC BY 4.0; the pixels,
 * 0 to 16 there, are divided by 16.
 *
 * @example
 * ```ts
 * import { digits } from "neurite/data";
 *
 * const { images, labels } = await digits();
 * console.log(images.shape, labels.shape); // [1797, 8, 8, 1] [1797]
 * ```
 */
export async function digits(): Promise<Digits> {
  const { encodedDigits } = await import("./digits-images.ts");
  const text = encodedDigits.replaceAll("\n", "");
  const count = text.length / (imageSize + 1);
  const images = new Float32Array(count * imageSize);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const start = i * (imageSize + 1);
    for (let pixel = 0; pixel < imageSize; pixel++) {
      images[i * imageSize + pixel] = Number.parseInt(text[start + pixel], 17) / 16;
    }
    labels[i] = Number(text[start + imageSize]);
  }
  return { images: tensor(images, { shape: [count, 8, 8, 1] }), labels: tensor(labels) };
}
