/** A possible problem of the image that does not stop the push. */
export interface PlanWarning {
  /** Stable: docs/events.md and docs/selection.md explain each. */
  readonly code: string;
  readonly message: string;
}
