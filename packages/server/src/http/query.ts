import { z } from '@hono/zod-openapi';
import { isStorableText } from './json-body.js';

/** Longest search text; the reference names it for apps (rest-api.md 1.1). */
const SEARCH_MAX_CHARS = 125;

const storable = (text: string) => isStorableText(text);

/** A whole number written in decimal digits. */
export const queryInteger = (min: number, max: number) =>
  z
    .string('must be a number')
    .regex(/^-?\d{1,15}$/, 'must be a number')
    .transform(Number)
    .pipe(z.int().min(min).max(max))
    .openapi({ type: 'integer', minimum: min, maximum: max });

export const queryBoolean = z
  .enum(['true', 'false'], 'must be a boolean')
  .transform((text) => text === 'true')
  .openapi({ type: 'boolean' });

/** What both JavaScript and Postgres can hold without surprises. */
const YEAR_MIN = 1970;
const YEAR_MAX = 9999;
const inRange = (date: Date) => date.getUTCFullYear() >= YEAR_MIN && date.getUTCFullYear() <= YEAR_MAX;
const RANGE = `must be between the years ${YEAR_MIN} and ${YEAR_MAX}`;

/** ISO 8601 date or date-time; one without an offset is read as UTC. */
export const queryTime = z
  .union([z.iso.datetime({ offset: true, local: true }), z.iso.date()], 'must be in ISO 8601 date format')
  .transform((text) => new Date(/T.*(?:Z|[+-]\d{2}:?\d{2})$|^[^T]*$/i.test(text) ? text : `${text}Z`))
  .refine(inRange, RANGE)
  .openapi({ type: 'string', format: 'date-time' });

export const querySearch = z
  .string()
  .max(SEARCH_MAX_CHARS)
  .refine(storable, 'must not contain NUL characters or lone surrogates');

export const sortOrder = z.enum(['ASC', 'DESC']);

/** A repeated key, one key with commas, or `key[]`: the forms in which clients send lists (rest-api.md 0.3). */
export const queryList = <Values extends readonly [string, ...string[]]>(values: Values) =>
  z
    .preprocess(
      (given) => (Array.isArray(given) ? given : [given]).flatMap((text) => String(text).split(',')),
      z.array(z.enum(values)),
    )
    .openapi({ type: 'array', items: { type: 'string', enum: [...values] } });

/** A UTC day, `YYYY-MM-DD`. */
export const queryDay = z.iso
  .date('must be in YYYY-MM-DD format')
  .refine((day) => inRange(new Date(day)), RANGE);

/** Seconds since the epoch in the newest reference, ISO 8601 in an older one (rest-api.md 1.10). */
export const queryTimeOrEpoch = z
  .union([queryInteger(0, 99_999_999_999), queryTime], 'must be seconds since the epoch or an ISO 8601 date')
  .openapi({ type: 'string' });
