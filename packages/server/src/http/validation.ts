import type { z } from 'zod';
import { ApiError } from './errors.js';

type Issue = z.core.$ZodIssue;

const FIELD_MAX_CHARS = 200;

/**
 * Turns the first thing that a schema found wrong into the sentence that the live service would send: the field's
 * path in quotes and a reason in the words of Joi (rest-api.md 0.5).
 */
export function validationError(issues: readonly Issue[], input: unknown): ApiError {
  const issue = innermost(issues[0]!);
  if (issue.code === 'unrecognized_keys') {
    return ApiError.badRequest(fieldOf([...issue.path, issue.keys[0] ?? '']), 'is not allowed');
  }
  return ApiError.badRequest(fieldOf(issue.path), reasonOf(issue, valueAt(input, issue.path)));
}

/** `config.media.video` and `events[0]`; the body as a whole is called `body`. */
function fieldOf(path: readonly PropertyKey[]): string {
  const field = path.reduce<string>((parent, key) => {
    if (typeof key === 'number') return `${parent}[${key}]`;
    return parent === '' ? String(key) : `${parent}.${String(key)}`;
  }, '');
  return field.slice(0, FIELD_MAX_CHARS) || 'body';
}

/** A key of a record and a union's one fitting member hide the issue that tells the caller something. */
function innermost(issue: Issue): Issue {
  const inner =
    issue.code === 'invalid_key'
      ? issue.issues[0]
      : issue.code === 'invalid_union' && issue.errors.length === 1
        ? issue.errors[0]?.[0]
        : undefined;
  return inner ? innermost({ ...inner, path: [...issue.path, ...inner.path] }) : issue;
}

const valueAt = (input: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (node, key) =>
      typeof node === 'object' && node !== null && Object.hasOwn(node, key)
        ? Reflect.get(node, key)
        : undefined,
    input,
  );

const TYPE_NAMES: Record<string, string> = {
  string: 'must be a string',
  number: 'must be a number',
  int: 'must be an integer',
  boolean: 'must be a boolean',
  array: 'must be an array',
  object: 'must be of type object',
  record: 'must be of type object',
};

const FORMAT_NAMES: Record<string, string> = {
  guid: 'must be a valid GUID',
  url: 'must be a valid uri',
  datetime: 'must be in ISO 8601 date format',
  date: 'must be in YYYY-MM-DD format',
};

function reasonOf(issue: Issue, value: unknown): string {
  if (issue.code === 'custom') return issue.message;
  if (value === undefined) return 'is required';
  // Zod's own messages begin with a capital; those that a schema of ours carries are reasons already.
  if (/^[a-z]/.test(issue.message)) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return TYPE_NAMES[issue.expected] ?? `must be of type ${issue.expected}`;
    case 'invalid_value':
      return issue.values.length === 1
        ? `must be [${String(issue.values[0])}]`
        : `must be one of [${issue.values.map(String).join(', ')}]`;
    case 'invalid_format':
      return FORMAT_NAMES[issue.format] ?? 'fails to match the required pattern';
    case 'too_small':
      return tooSmall(issue.origin, issue.minimum, issue.inclusive ?? true);
    case 'too_big':
      return tooBig(issue.origin, issue.maximum);
    default:
      return 'does not match any of the allowed types';
  }
}

function tooSmall(origin: string, minimum: number | bigint, inclusive: boolean): string {
  if (origin === 'string') {
    return minimum <= 1 ? 'is not allowed to be empty' : `length must be at least ${minimum} characters long`;
  }
  if (origin === 'array') return `must contain at least ${minimum} items`;
  return `must be ${inclusive ? 'greater than or equal to' : 'greater than'} ${minimum}`;
}

function tooBig(origin: string, maximum: number | bigint): string {
  if (origin === 'string') return `length must be less than or equal to ${maximum} characters long`;
  if (origin === 'array') return `must contain less than or equal to ${maximum} items`;
  return `must be less than or equal to ${maximum}`;
}
