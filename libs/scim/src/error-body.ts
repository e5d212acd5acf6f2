import { textCapChars } from './detail.ts';
import { isObject, keyOf, member, parseJson } from './json.ts';
import type { JsonObject, JsonValue } from './resource.ts';

/** What an answer's body turned out to be, whatever its content type says. */
export type BodyKind = 'empty' | 'json' | 'broken_json' | 'markup' | 'text';

/** An error answer, read from any envelope seen in the wild. Everything but `kind` and `text` may be missing. */
export interface ScimError {
  kind: BodyKind;
  /** The HTTP status that the body claims. */
  status?: number;
  scimType?: string;
  /** The service provider's message to people. It may contain secrets and addresses: see cutDetail. */
  detail?: string;
  /** Every word of the body that may say why, codes included; at most 65,536 characters. */
  text: string;
  /** The body names the Error schema of RFC 7644 §3.12. */
  isScimError: boolean;
  /** The parsed body, when it is JSON. */
  json?: JsonValue;
}

const statusKeys = ['status', 'statusCode', 'httpStatus', 'code', 'errorCode'];
const messageKeys =
  /^(?:detail|details|description|error_?description|message|error_?message|error_?summary|msg|title|summary|reason|error)$/i;
const codeKeys = /^(?:code|error_?code|type|name|error_?type|status_?text)$/i;
const wrapperKeys =
  /^(?:errors?|response|data|result|body|error_?details|error_?causes|invalid_?params|violations|\d+)$/i;
/** Say nothing about the cause, or would mislead: a help URL that mentions rate limits, a trace id. */
const ignoredKeys =
  /^(?:schemas?|status|scim_?type|meta|instance|links?|help|documentation|.*(?:url|uri|href)|.*(?:request|trace|correlation|exception|event|error|log)_?(?:request)?_?id|time_?stamp|path|trace|stack(?:_?trace)?)$/i;
const maxDepth = 6;
const maxNameChars = 100;

/**
 * Reads an error answer: SCIM, `{Errors:{description,code}}`, `{status,response:{…}}`, `{code,message,errors:[…]}`,
 * `[{errorCode,message}]`, `{error:{message}}`, `{errors:{email:["…"]}}`, RFC 9457 problems, plain text, HTML,
 * truncated JSON, nothing. Names are matched without regard to case. Never throws.
 *
 * @param known what parseJson made of it already
 */
export function parseErrorBody(
  bodyText: string | undefined,
  contentType = '',
  known?: { parsed: JsonValue | undefined },
): ScimError {
  const body = (bodyText ?? '').replace(/^\uFEFF/, '').trim();
  if (body === '') return { kind: 'empty', text: '', isScimError: false };
  if (body.startsWith('<')) return fromMarkup(body);
  const json = known ? known.parsed : parseJson(body);
  if (isObject(json) || Array.isArray(json)) return fromJson(json);
  if (/^[[{]/.test(body) || (/json/i.test(contentType) && body.includes('":'))) return fromBrokenJson(body);
  const text = typeof json === 'string' ? json : body;
  return { kind: 'text', detail: text, text: text.slice(0, textCapChars), isScimError: false };
}

function fromMarkup(body: string): ScimError {
  const head = body.slice(0, textCapChars);
  const title = /<title[^>]{0,200}>([^<]{1,500})/i.exec(head)?.[1]?.trim();
  return { kind: 'markup', ...(title ? { detail: title } : {}), text: title ?? '', isScimError: false };
}

/** JSON that was cut off still tells its first members. */
function fromBrokenJson(body: string): ScimError {
  const head = body.slice(0, textCapChars);
  const status = statusOf(/"status"\s*:\s*"?(\d{3})\b/i.exec(head)?.[1]);
  const scimType = /"scimType"\s*:\s*"(\w{1,60})"/i.exec(head)?.[1];
  const detail = /"(?:detail|message|description|error_description)"\s*:\s*"((?:[^"\\]|\\.)*)/i.exec(head)?.[1];
  return {
    kind: 'broken_json',
    ...(status === undefined ? {} : { status }),
    ...(scimType === undefined ? {} : { scimType }),
    ...(detail ? { detail } : {}),
    text: head.replace(/["{}[\]\\]+/g, ' '),
    isScimError: /"schemas?"[^\]]{0,200}:Error"/i.test(head),
  };
}

interface Words {
  messages: string[];
  codes: string[];
  length: number;
}

function fromJson(json: JsonValue): ScimError {
  const words: Words = { messages: [], codes: [], length: 0 };
  collectWords(json, '', words, 0);
  const objects = outerObjects(json);
  const status = objects
    .flatMap((object) => statusKeys.map((key) => statusOf(member(object, key))))
    .find((it) => it !== undefined);
  const scimType = objects
    .map((object) => member(object, 'scimType'))
    .find((it) => typeof it === 'string' && it !== '');
  const detail = [...new Set(words.messages.length > 0 ? words.messages : words.codes)].join('; ');
  return {
    kind: 'json',
    json,
    ...(status === undefined ? {} : { status }),
    ...(typeof scimType === 'string' ? { scimType } : {}),
    ...(detail === '' ? {} : { detail }),
    text: [...words.messages, ...words.codes].join('\n').slice(0, textCapChars),
    isScimError: objects.some(isScimErrorObject),
  };
}

/** The object itself and those in its wrappers, outermost first. */
function outerObjects(json: JsonValue, depth = 0): JsonObject[] {
  if (depth > 3) return [];
  if (Array.isArray(json)) return json.slice(0, 20).flatMap((item) => outerObjects(item, depth + 1));
  if (!isObject(json)) return [];
  const inner = Object.entries(json).filter(([key]) => key.length <= maxNameChars && wrapperKeys.test(key));
  return [json, ...inner.flatMap(([, value]) => outerObjects(value ?? null, depth + 1))];
}

function isScimErrorObject(object: JsonObject): boolean {
  const schemas = object[keyOf(object, 'schemas') ?? keyOf(object, 'schema') ?? ''];
  return [schemas].flat().some((urn) => typeof urn === 'string' && urn.toLowerCase().endsWith(':error'));
}

function collectWords(value: JsonValue | undefined, label: string, words: Words, depth: number): void {
  if (depth > maxDepth || words.length > textCapChars) return;
  if (typeof value === 'string') return addWord(value.trim(), label, words);
  if (Array.isArray(value)) return value.forEach((item) => collectWords(item, label, words, depth + 1));
  if (!isObject(value)) return;
  const field = ['field', 'attribute', 'property', 'param']
    .map((key) => member(value, key))
    .find((it) => typeof it === 'string');
  for (const [key, item] of Object.entries(value)) {
    if (key.length > maxNameChars || ignoredKeys.test(key) || item === field) continue;
    const known = messageKeys.test(key) || codeKeys.test(key) || wrapperKeys.test(key);
    const isCode = codeKeys.test(key) || (/^error$/i.test(key) && typeof item === 'string' && !item.includes(' '));
    collectWords(item, isCode ? 'code' : known ? (typeof field === 'string' ? field : label) : key, words, depth + 1);
  }
}

/** `label` is the attribute that a message is about, or "code" for a word made for machines. */
function addWord(word: string, label: string, words: Words): void {
  if (word === '' || word === 'null' || /^(?:https?:\/\/|urn:|about:)/i.test(word)) return;
  words.length += word.length;
  if (label === 'code') words.codes.push(word);
  else words.messages.push(label === '' ? word : `${label}: ${word}`);
}

function statusOf(value: JsonValue | undefined): number | undefined {
  const status = typeof value === 'string' && /^\d{3}$/.test(value) ? Number(value) : value;
  return typeof status === 'number' && status >= 400 && status <= 599 ? status : undefined;
}
