/**
 * What keeps a google.protobuf.Value from being stored as JSON; empty when nothing does.
 *
 * @param value as ts-proto gives it: plain JSON, undefined when nothing was set
 */
export function checkJson(field: string, value: unknown): { field: string; description: string }[] {
  if (value === undefined) return [];
  let description: string | undefined;
  JSON.stringify(value, (key, part: unknown) => {
    if (typeof part === 'number' && !Number.isFinite(part)) description = 'holds a number that JSON does not have';
    if (key.includes('\0') || (typeof part === 'string' && part.includes('\0'))) {
      description = 'holds the character NUL: remove it';
    }
    return part;
  });
  return description === undefined ? [] : [{ field, description }];
}
