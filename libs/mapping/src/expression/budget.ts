/** An expression did more than it may. Thrown through the evaluator, so that no `||` or coalesce can absorb it. */
export class BudgetError extends Error {
  override name = 'BudgetError';
  /** The node of the syntax tree that was being evaluated. */
  readonly exprId: number | undefined;

  constructor(exprId: number | undefined) {
    super('does too much');
    this.exprId = exprId;
  }
}

// An evaluation is synchronous and starts no other, so one budget is enough.
let unitsLeft = 0;

/** Begins an evaluation that may use so many units. */
export function startBudget(units: number): void {
  unitsLeft = units;
}

/** Takes units before they are spent; throws BudgetError when there are not as many left. */
export function charge(units: number, exprId?: number): void {
  unitsLeft -= units;
  if (unitsLeft < 0) throw new BudgetError(exprId);
}
