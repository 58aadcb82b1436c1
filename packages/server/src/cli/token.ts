import type { Kysely } from 'kysely';
import { systemClock } from '../clock.js';
import { loadSettings } from '../config/load.js';
import { nearest } from '../config/nearest.js';
import type { Settings } from '../config/settings.js';
import type { Database } from '../database/tables.js';
import { findAccount } from '../lifecycle/installation.js';
import {
  API_TOKEN_PERMISSIONS,
  createApiToken,
  listApiTokens,
  revokeApiToken,
} from '../tokens/api-tokens.js';
import { takeFlags } from './own-flags.js';
import { UsageError } from './usage-error.js';
import { withDatabase } from './with-database.js';

type Action = (args: string[]) => Promise<number>;

const ACTIONS: Record<string, Action> = { create, list, revoke };

/** `parley token create|list|revoke`; works beside a running server and without one. */
export async function token([name = '', ...args]: string[]): Promise<number> {
  const action = ACTIONS[name];
  if (!action)
    throw new UsageError(
      `Unknown command "token ${name}"; did you mean "${nearest(name, Object.keys(ACTIONS))}"?`,
    );
  return action(args);
}

async function create(args: string[]): Promise<number> {
  const { flags, rest } = takeFlags(args, ['permission', 'name', 'account']);
  const permission = API_TOKEN_PERMISSIONS.find((known) => known === flags.permission);
  if (!permission) {
    throw new UsageError(
      `--permission must be one of ${API_TOKEN_PERMISSIONS.map((known) => `"${known}"`).join(', ')}`,
    );
  }
  const settings = loadSettings(process.env, rest);
  return withDatabase(settings, async (db) => {
    const accountId = await requireAccount(db, flags.account ?? settings.accountId);
    const name = flags.name ?? 'command line';
    const created = await createApiToken(db, { accountId, name, permissions: [permission] });
    process.stdout.write(`${created.token}\n`);
    process.stderr.write(
      `Token ${created.id} of account ${accountId}: ${permission}; it is not shown again\n`,
    );
    return 0;
  });
}

async function requireAccount(db: Kysely<Database>, wanted: Settings['accountId']): Promise<string> {
  const accountId = await findAccount(db, wanted);
  if (accountId !== null) return accountId;
  throw new UsageError(
    wanted === null ? 'There is no account yet; start the server once' : `There is no account ${wanted}`,
  );
}

async function list(args: string[]): Promise<number> {
  return withDatabase(loadSettings(process.env, args), async (db) => {
    const rows = (await listApiTokens(db)).map((row) => [
      row.id,
      row.revokedAt ? `revoked ${row.revokedAt.toISOString()}` : 'valid',
      row.createdAt.toISOString(),
      row.permissions.join(', '),
      row.accountId,
      row.name,
    ]);
    const table = [['ID', 'STATE', 'CREATED', 'PERMISSIONS', 'ACCOUNT', 'NAME'], ...rows];
    process.stdout.write(`${table.map((cells) => cells.join('\t')).join('\n')}\n`);
    return 0;
  });
}

async function revoke([id, ...args]: string[]): Promise<number> {
  if (!id || id.startsWith('-')) throw new UsageError('Usage: parley token revoke <id>');
  return withDatabase(loadSettings(process.env, args), async (db) => {
    if (!(await revokeApiToken(db, id, systemClock.now())))
      throw new UsageError(`There is no valid token ${id}`);
    process.stdout.write(`Token ${id} is revoked\n`);
    return 0;
  });
}
