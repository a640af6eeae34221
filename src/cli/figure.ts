/** How well a model does on examples that it did not learn from. */
export interface Figure {
  readonly name: "accuracy" | "meanAbsoluteError";
  readonly value: number;
}

const words = { accuracy: "accuracy", meanAbsoluteError: "mean absolute error" } as const;

/** `test accuracy 0.9833`: four significant figures. */
export function formatFigure(where: string, { name, value }: Figure): string {
  return `${where} ${words[name]} ${value.toPrecision(4)}`.trimStart();
}
