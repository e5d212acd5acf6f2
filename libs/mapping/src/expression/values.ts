import { celList, celMap, isCelList, isCelMap, type CelValue } from '@bufbuild/cel';
import type { JsonObject, JsonValue } from '@autoprov/scim';
import { charge } from './budget.ts';
import { limits } from './limits.ts';

/** A person's record, or what came out of an expression, is not what an expression may hold. */
export class ValueError extends Error {
  override name = 'ValueError';
}

/** What an expression sees of a person: the attributes that it reads. Throws ValueError where they are too large. */
export function toRecord(user: JsonObject, keys: Iterable<string>): CelValue {
  const record = new Map<string, CelValue>();
  for (const key of keys) {
    const value = Object.hasOwn(user, key) ? user[key] : undefined;
    if (value !== undefined) record.set(key, toCel(value, `user.${key}`, 1));
  }
  return celMap(record);
}

function toCel(value: JsonValue, path: string, depth: number): CelValue {
  charge(1);
  if (typeof value === 'string' && value.length > limits.textChars) {
    throw new ValueError(`${path} has more than ${limits.textChars} characters: use an attribute of usual size`);
  }
  if (typeof value !== 'object' || value === null) return value;
  if (depth > limits.recordDepth) throw new ValueError(`${path} is nested too deep: use another attribute`);
  if (Array.isArray(value)) {
    if (value.length > limits.listItems) {
      throw new ValueError(`${path} has more than ${limits.listItems} items: use another attribute`);
    }
    return celList(value.map((item) => toCel(item, path, depth + 1)));
  }
  const map = new Map<string, CelValue>();
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined) map.set(key, toCel(item, path, depth + 1));
  }
  return celMap(map);
}

/** What an expression gave, as JSON. Throws ValueError for what JSON or an attribute cannot hold. */
export function toJson(value: CelValue): JsonValue {
  let chars = 0;
  const convert = (item: CelValue, depth: number): JsonValue => {
    charge(1);
    if (depth > limits.recordDepth) throw new ValueError('gives lists or maps that are nested too deep');
    if (typeof item === 'string') chars += item.length;
    if (chars > limits.resultChars) {
      throw new ValueError(`gives more than ${limits.resultChars} characters in all: shorten what it gives`);
    }
    if (isCelList(item)) return [...item].map((element) => convert(element, depth + 1));
    if (isCelMap(item)) {
      const members = [...item].map(([key, member]) => [textKey(key), convert(member, depth + 1)]);
      return Object.fromEntries(members) as JsonObject;
    }
    return scalarToJson(item);
  };
  return convert(value, 0);
}

function scalarToJson(value: CelValue): JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number !== 'number')
    throw new ValueError('gives a value that JSON cannot hold: make it a text with string()');
  if (!Number.isFinite(number) || (typeof value === 'bigint' && !Number.isSafeInteger(number))) {
    throw new ValueError('gives a number that JSON cannot hold: make it a text with string()');
  }
  return number;
}

function textKey(key: unknown): string {
  if (typeof key !== 'string') throw new ValueError('gives a map with a key that is no text: write the keys in quotes');
  return key;
}
