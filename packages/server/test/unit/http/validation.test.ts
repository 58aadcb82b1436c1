import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { validationError } from '../../../src/http/validation.js';

const messageOf = (schema: z.ZodType, value: unknown): string => {
  const result = schema.safeParse(value);
  if (result.success) throw new Error('The value was accepted.');
  return validationError(result.error.issues, value).message.replace('BAD_REQUEST: ', '');
};

describe('validationError', () => {
  it.each([
    [z.strictObject({ a: z.string() }), {}, '"a" is required'],
    [z.strictObject({ a: z.string() }), { a: null }, '"a" must be a string'],
    [z.strictObject({ a: z.string().min(1) }), { a: '' }, '"a" is not allowed to be empty'],
    [z.strictObject({ a: z.string().min(3) }), { a: 'x' }, '"a" length must be at least 3 characters long'],
    [
      z.strictObject({ a: z.string().max(1) }),
      { a: 'xx' },
      '"a" length must be less than or equal to 1 characters long',
    ],
    [z.strictObject({ a: z.int().min(0) }), { a: -1 }, '"a" must be greater than or equal to 0'],
    [z.strictObject({ a: z.int().max(600) }), { a: 601 }, '"a" must be less than or equal to 600'],
    [z.strictObject({ a: z.number().positive() }), { a: 0 }, '"a" must be greater than 0'],
    [z.strictObject({ a: z.int() }), { a: 1.5 }, '"a" must be an integer'],
    [z.strictObject({ a: z.boolean() }), { a: 'true' }, '"a" must be a boolean'],
    [z.strictObject({ a: z.enum(['x', 'y']) }), { a: 'z' }, '"a" must be one of [x, y]'],
    [z.strictObject({ a: z.literal('x') }), { a: 'z' }, '"a" must be [x]'],
    [z.strictObject({ a: z.array(z.int()) }), { a: [1, 'x'] }, '"a[1]" must be a number'],
    [z.strictObject({ a: z.array(z.int()).min(1) }), { a: [] }, '"a" must contain at least 1 items'],
    [z.strictObject({ a: z.guid() }), { a: '1' }, '"a" must be a valid GUID'],
    [z.strictObject({ a: z.url() }), { a: '1' }, '"a" must be a valid uri'],
    [z.strictObject({ a: z.string().regex(/x/) }), { a: '1' }, '"a" fails to match the required pattern'],
    [z.strictObject({ a: z.strictObject({}) }), { a: { b: 1 } }, '"a.b" is not allowed'],
    [z.strictObject({}), [], '"body" must be of type object'],
    [
      z.strictObject({ a: z.union([z.string(), z.int()]) }),
      { a: {} },
      '"a" does not match any of the allowed types',
    ],
    [
      z.strictObject({ a: z.record(z.string(), z.strictObject({ b: z.int() })) }),
      { a: { c: { b: 'x' } } },
      '"a.c.b" must be a number',
    ],
  ])('case %#', (schema, value, message) => {
    expect(messageOf(schema, value)).toBe(message);
  });

  it('names a field of any length in a bounded number of characters', () => {
    const message = messageOf(z.strictObject({}), { ['x'.repeat(100_000)]: 1 });
    expect(message).toBe(`"${'x'.repeat(200)}" is not allowed`);
  });

  it('gives the field to programs as well', () => {
    const result = z.strictObject({ a: z.string() }).safeParse({});
    expect(validationError(result.error!.issues, {})).toMatchObject({ status: 400, field: 'a' });
  });
});
