/** What is known of one step on one device. */
export interface StepResult {
  readonly step: string;
  readonly device: string;
  readonly threads: number;
  /** The minimum over the rounds of the mean time of a step. */
  readonly ms: number;
  /** From the making of the model in a fresh process to the loss of its first step. */
  readonly compileMs: number;
  /** The losses of the first and of the fiftieth step. */
  readonly loss0: number;
  readonly loss50: number;
}

/** Why there is no result. */
export interface StepFailure {
  readonly step: string;
  readonly device: string;
  readonly threads: number;
  readonly error: string;
}
