import type { Context } from 'hono';
import type { z } from 'zod';
import { ApiError } from '../http/errors.js';
import { validationError } from '../http/validation.js';

/** The body of a call as its schema has it; throws ApiError 400 naming the field that does not fit. */
export async function readBody<Schema extends z.ZodType>(
  c: Context,
  schema: Schema,
): Promise<z.output<Schema>> {
  const json: unknown = await c.req.json().catch(() => {
    throw ApiError.badRequest('body', 'must be valid JSON');
  });
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw validationError(parsed.error.issues, json);
  return parsed.data;
}
