import { type Expression, type SqlBool, sql } from 'kysely';
import { isUuid } from '../schemas/ids.js';

/** Matches anything that contains `text`, whatever its case; `%`, `_` and `\` mean themselves. */
const containing = (text: string) => `%${text.replace(/[\\%_]/g, '\\$&')}%`;

/**
 * The condition of a `search` parameter: one of the texts contains what is searched for, or, when that is a whole
 * id, one of the ids is it. Columns are written as `alias.column`.
 */
export function searchCondition(search: string, texts: string[], ids: string[]): Expression<SqlBool> {
  const conditions = texts.map((column) => sql<SqlBool>`${sql.ref(column)} ilike ${containing(search)}`);
  if (isUuid(search)) {
    conditions.push(...ids.map((column) => sql<SqlBool>`${sql.ref(column)} = ${search}::uuid`));
  }
  return sql<SqlBool>`(${sql.join(conditions, sql` or `)})`;
}
