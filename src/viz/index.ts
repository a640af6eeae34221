/**
 * Pictures of training, networks and computation graphs, as SVG and PNG.
 *
 * @module neurite/viz
 */

export { type Architecture, drawArchitecture } from "./architecture.ts";
export { type ConfusionMatrixOptions, drawConfusionMatrix } from "./confusion-matrix.ts";
export {
  type DecisionBoundaryOptions,
  drawDecisionBoundary,
  type Plane,
  planeAround,
  type Stage,
} from "./decision-boundary.ts";
export { drawFeatureMaps } from "./feature-maps.ts";
export { drawFilters, type FilterOptions } from "./filters.ts";
export { drawGradientNorms, type GradientNormOptions } from "./gradient-norms.ts";
export { drawLearningCurves, type Figures, type LearningCurveOptions } from "./learning-curves.ts";
export { drawMisclassified, findMistakes, type MisclassifiedOptions, type Mistake } from "./misclassified.ts";
export { type PngOptions, toPng } from "./png.ts";
export { drawProgram } from "./program.ts";
export { drawResiduals, type ResidualOptions } from "./residuals.ts";
export type { Theme } from "./svg.ts";
