import { type Expression, type SqlBool, sql } from 'kysely';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Matches anything that contains `text`, whatever its case; `%`, `_` and `\` mean themselves. */
const containing = (text: string) => `%${text.replace(/[\\%_]/g, '\\$&')}%`;

/**
 * The condition of a `search` parameter: one of the texts contains what is searched for, or, when that is a whole
 * id, one of the ids is it. Columns are written as `alias.column`.
 */
export function searchCondition(search: string, texts: string[], ids: string[]): Expression<SqlBool> {
  const conditions = texts.map((column) => sql<SqlBool>`${sql.ref(column)} ilike ${containing(search)}`);
  if (UUID.test(search)) {
    conditions.push(...ids.map((column) => sql<SqlBool>`${sql.ref(column)} = ${search}::uuid`));
  }
  return sql<SqlBool>`(${sql.join(conditions, sql` or `)})`;
}
