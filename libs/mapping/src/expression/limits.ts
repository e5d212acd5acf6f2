/** What an expression may be, read and do; docs/mapping.md tells of each, docs/adr/0008-expressions.md what was measured. */
export const limits = {
  /** Characters of an expression. */
  sourceChars: 2_048,
  /** Nodes of its syntax tree, macros expanded. */
  nodes: 500,
  /** Brackets within brackets. */
  bracketDepth: 32,
  /** Members after one another, as in `user.name.givenName`. */
  pathSteps: 16,
  /** Characters of a text that is read or made. */
  textChars: 16_384,
  /** Items of a list that is read or made. */
  listItems: 100,
  /** Objects and lists within one another in what is read. */
  recordDepth: 16,
  /** Characters of what an expression gives, in all. */
  resultChars: 65_536,
  /** Characters of the regular expressions in one expression, in all. */
  patternChars: 500,
  /** What the repeat counts of one regular expression give multiplied, as in `(a{2}){3}`. */
  patternRepeats: 250,
  /** Instructions that a regular expression is compiled to. */
  patternInstructions: 1_000,
  /** What one evaluation may do: one unit a character that is read or made, and more for what takes longer. */
  units: 1_000_000,
  /** Units of a call beside what it reads, and of each node in each round of a macro. */
  callUnits: 50,
  /** Units of each step of a regular expression. */
  patternStepUnits: 8,
} as const;
