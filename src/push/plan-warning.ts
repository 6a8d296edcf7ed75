/** What may be wrong with the image, though the push goes on. */
export interface PlanWarning {
  /** Stable: docs/events.md and docs/selection.md explain each. */
  readonly code: string;
  readonly message: string;
}
