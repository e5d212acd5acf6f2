/** Why an expression can't be used; thrown while it is compiled, and answered as data by `compileExpression`. */
export class ExpressionError extends Error {
  override name = 'ExpressionError';
  /** The place in the source, counted from 0. */
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

/** A place in a source as `line:column`, both counted from 1. */
export function placeOf(source: string, offset: number): string {
  const lines = source.slice(0, offset).split('\n');
  return `${lines.length}:${lines.at(-1)!.length + 1}`;
}
