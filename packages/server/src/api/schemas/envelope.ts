import { z } from '@hono/zod-openapi';
import { type Page, paging, pagingOf } from '../../http/pagination.js';

/** Success answers (features.md RE01) and the refusals that every route may give (K23, RE02). */

const json = <Schema extends z.ZodType>(schema: Schema) => ({ 'application/json': { schema } });

export const success = <Data extends z.ZodType>(data: Data) => z.object({ success: z.literal(true), data });

/** An answer that holds `data`. */
export const answer = <Data extends z.ZodType>(description: string, data: Data) => ({
  description,
  content: json(success(data)),
});

/** An answer that holds one page of a list. */
export const pageAnswer = <Item extends z.ZodType>(description: string, item: Item) => ({
  description,
  content: json(success(z.array(item)).extend({ paging })),
});

export const ok = <Data>(data: Data) => ({ success: true as const, data });

/** One page of a list whose rows are shown by `view`. */
export const okPage = <Row, View>(
  page: Page,
  { rows, total }: { rows: Row[]; total: number },
  view: (row: Row) => View,
) => ({ ...ok(rows.map(view)), paging: pagingOf(page, rows.length, total) });

/** A body that must be there; calls with a body object but no fields send `{}` (rest-api.md 0.3). */
export const jsonBody = <Body extends z.ZodType>(schema: Body) => ({
  required: true as const,
  content: json(schema),
});

export const errorBody = z
  .object({
    success: z.literal(false),
    error: z.object({
      code: z.int().openapi({ description: 'The HTTP status.' }),
      message: z.string(),
      reason: z.string().optional().openapi({ description: 'A stable word for programs.' }),
    }),
    errors: z.array(
      z.object({
        code: z.int(),
        message: z.string(),
        source: z.object({ pointer: z.string() }).optional().openapi({ description: 'The field at fault.' }),
      }),
    ),
  })
  .openapi('Error');

export const isoTime = z.string().openapi({ format: 'date-time', example: '2026-07-01T10:00:00.000Z' });

export const uuid = z.string().openapi({ format: 'uuid' });
