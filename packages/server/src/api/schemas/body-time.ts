import { z } from '@hono/zod-openapi';

const YEAR_MAX = 9999;

/** A time with its offset; whether it lies ahead is for the handler, who has a clock. */
export const bodyTime = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .refine((date) => date.getUTCFullYear() <= YEAR_MAX, `must not be after the year ${YEAR_MAX}`)
  .openapi({ type: 'string', format: 'date-time' });
