/** The data types of RFC 7643 §2.3. */
export type AttributeType = (typeof attributeTypes)[number];

export const attributeTypes = [
  'string',
  'boolean',
  'decimal',
  'integer',
  'dateTime',
  'binary',
  'reference',
  'complex',
] as const;

export const mutabilities = ['readWrite', 'readOnly', 'immutable', 'writeOnly'] as const;
export const uniquenesses = ['none', 'server', 'global'] as const;

/** One attribute or sub-attribute with its characteristics (RFC 7643 §2.2 and §7). */
export interface SchemaAttribute {
  /** The path without a filter, such as `emails.value`; those of an extension begin with its URN and a colon. */
  path: string;
  type: AttributeType;
  multiValued: boolean;
  required: boolean;
  mutability: (typeof mutabilities)[number];
  uniqueness: (typeof uniquenesses)[number];
  /** The values that it takes; empty: any. */
  canonicalValues: string[];
  /** For people. */
  description: string;
}

/** An attribute with the defaults of RFC 7643 §2.2. */
export function schemaAttribute(path: string, differing: Partial<Omit<SchemaAttribute, 'path'>>): SchemaAttribute {
  return {
    path,
    type: 'string',
    multiValued: false,
    required: false,
    mutability: 'readWrite',
    uniqueness: 'none',
    canonicalValues: [],
    description: '',
    ...differing,
  };
}
