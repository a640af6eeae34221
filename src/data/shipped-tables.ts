import { type Tensor, tensor } from "../tensor/index.ts";

/** Examples of which each has the same measurements. */
export interface ShippedTable {
  /** f32 [examples, features], in the units of the source. */
  readonly x: Tensor;
  /** i32 [examples] for classes, counted from 0; f32 [examples] for a quantity. */
  readonly y: Tensor;
  readonly featureNames: readonly string[];
  /** What y says. */
  readonly targetName: string;
}

/** Examples of classes. */
export interface ShippedClasses extends ShippedTable {
  readonly classNames: readonly string[];
}

/**
 * 150 irises of three species, 50 of each: length and width of sepal and petal. The numbers are loaded at the first call.
 *
 * Source: R. A. Fisher, Iris (UCI, 1936), CC BY 4.0.
 *
 * @example
 * ```ts
 * import { iris } from "neurite/data";
 *
 * const { x, y, classNames } = await iris();
 * console.log(x.shape, classNames); // [150, 4] and ["setosa", "versicolor", "virginica"]
 * ```
 */
export async function iris(): Promise<ShippedClasses> {
  const { irisRows } = await import("./iris-rows.ts");
  const names = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"];
  return {
    ...readRows(irisRows, names, "species", "i32"),
    classNames: ["setosa", "versicolor", "virginica"],
  };
}

/**
 * 178 wines of three cultivars of one region, 59, 71 and 48: thirteen chemical measurements. The numbers are loaded at the
 * first call.
 *
 * Source: S. Aeberhard and M. Forina, Wine (UCI, 1991), CC BY 4.0.
 *
 * @example
 * ```ts
 * import { wine } from "neurite/data";
 *
 * const { x, y } = await wine();
 * console.log(x.shape, y.shape); // [178, 13] and [178]
 * ```
 */
export async function wine(): Promise<ShippedClasses> {
  const { wineRows } = await import("./wine-rows.ts");
  const names = [
    "alcohol",
    "malic acid",
    "ash",
    "alcalinity of ash",
    "magnesium",
    "total phenols",
    "flavanoids",
    "nonflavanoid phenols",
    "proanthocyanins",
    "color intensity",
    "hue",
    "OD280/OD315 of diluted wines",
    "proline",
  ];
  const classNames = ["cultivar 0", "cultivar 1", "cultivar 2"];
  return { ...readRows(wineRows, names, "cultivar", "i32"), classNames };
}

/**
 * 569 tumours of the breast, 212 malignant and 357 benign: ten properties of the cell nuclei in an image, each as mean,
 * standard error and mean of the three worst. The numbers (120 kB) are loaded at the first call.
 *
 * Source: W. Wolberg, O. Mangasarian, N. Street and W. Street, Breast Cancer Wisconsin, Diagnostic (UCI, 1995), CC BY 4.0.
 *
 * @example
 * ```ts
 * import { breastCancer } from "neurite/data";
 *
 * const { x, classNames } = await breastCancer();
 * console.log(x.shape, classNames); // [569, 30] and ["malignant", "benign"]
 * ```
 */
export async function breastCancer(): Promise<ShippedClasses> {
  const { breastCancerRows } = await import("./breast-cancer-rows.ts");
  const properties = [
    "radius",
    "texture",
    "perimeter",
    "area",
    "smoothness",
    "compactness",
    "concavity",
    "concave points",
    "symmetry",
    "fractal dimension",
  ];
  const names = [
    ...properties.map((name) => `mean ${name}`),
    ...properties.map((name) => `${name} error`),
    ...properties.map((name) => `worst ${name}`),
  ];
  return {
    ...readRows(breastCancerRows, names, "diagnosis", "i32"),
    classNames: ["malignant", "benign"],
  };
}

/**
 * 442 patients with diabetes: ten measurements, and a measure of how far the disease had gone a year later, from 25 to 346.
 * The numbers are loaded at the first call.
 *
 * Source: B. Efron, T. Hastie, I. Johnstone and R. Tibshirani, Least Angle Regression (Annals of Statistics 32, 2004); the
 * source names no licence.
 *
 * @example
 * ```ts
 * import { diabetes } from "neurite/data";
 *
 * const { x, y } = await diabetes();
 * console.log(x.shape, y.shape); // [442, 10] and [442]
 * ```
 */
export async function diabetes(): Promise<ShippedTable> {
  const { diabetesRows } = await import("./diabetes-rows.ts");
  const names = [
    "age (years)",
    "sex",
    "body mass index (kg/m²)",
    "mean blood pressure (mm Hg)",
    "total cholesterol (mg/dl)",
    "LDL (mg/dl)",
    "HDL (mg/dl)",
    "total cholesterol / HDL",
    "log of triglycerides",
    "blood sugar (mg/dl)",
  ];
  return readRows(diabetesRows, names, "progression", "f32");
}

function readRows(
  text: string,
  featureNames: readonly string[],
  targetName: string,
  dtype: "i32" | "f32",
): ShippedTable {
  const rows = text
    .trim()
    .split(/[;\n]/)
    .map((row) => row.split(",").map(Number));
  const width = featureNames.length;
  return {
    x: tensor(Float32Array.from(rows.flatMap((row) => row.slice(0, width))), { shape: [rows.length, width] }),
    y: tensor(
      rows.map((row) => row[width]),
      { dtype },
    ),
    featureNames,
    targetName,
  };
}
