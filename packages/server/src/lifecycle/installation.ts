import { randomBytes } from 'node:crypto';
import type { Kysely } from 'kysely';
import { insertApp } from '../api/rows/apps.js';
import { insertMeeting, type MeetingStore } from '../api/rows/meetings.js';
import { insertParticipant } from '../api/rows/participants.js';
import { newMeeting } from '../api/schemas/meetings.js';
import { newParticipant } from '../api/schemas/participants.js';
import type { Clock } from '../clock.js';
import type { Settings } from '../config/settings.js';
import type { Database } from '../database/tables.js';
import type { AppId, MeetingId, ParticipantId, PresetId } from '../ids.js';
import { createApiToken, ensureApiToken } from '../tokens/api-tokens.js';

/** What every start finds or makes. */
export interface Installation {
  accountId: string;
  /** The account's first app. */
  appId: AppId;
  /** Only when it was made just now: it cannot be shown again. */
  newApiToken: string | null;
}

const ACCOUNT_ID_BYTES = 16;
const PERMISSIONS = ['Realtime Admin'] as const;

/** Who the meeting links of the start let in; one participant each (also what `/meet/<id>/demo` uses). */
const DEMO_PARTICIPANTS = [
  { custom_participant_id: 'demo-host', name: 'Demo host', preset_name: 'group_call_host' },
  { custom_participant_id: 'demo-guest', name: 'Demo guest', preset_name: 'group_call_participant' },
];

/**
 * Makes what is missing: at the first start an account, an app with the default presets, a demo meeting and an API
 * token; at any start the fixed account and token of the settings. A start that was cut off is completed by the next.
 */
export async function ensureInstallation(
  store: MeetingStore,
  settings: Pick<Settings, 'accountId' | 'apiToken'>,
  clock: Clock,
): Promise<Installation> {
  const { db } = store;
  const known = await findAccount(db, settings.accountId);
  const accountId = known ?? settings.accountId ?? randomBytes(ACCOUNT_ID_BYTES).toString('hex');
  if (known === null) await db.insertInto('accounts').values({ id: accountId, name: 'Parley' }).execute();

  const appId = (await findFirstApp(db, accountId)) ?? (await createDemoApp(store, accountId, clock.now()));
  let newApiToken: string | null = null;
  if (settings.apiToken) {
    const token = { accountId, name: 'PARLEY_API_TOKEN', permissions: PERMISSIONS };
    await ensureApiToken(db, token, settings.apiToken);
  } else if (known === null) {
    newApiToken = (await createApiToken(db, { accountId, name: 'first start', permissions: PERMISSIONS }))
      .token;
  }
  return { accountId, appId, newApiToken };
}

/** The account of that id, or the oldest when none is asked for. */
export async function findAccount(db: Kysely<Database>, wanted: string | null): Promise<string | null> {
  const account = await db
    .selectFrom('accounts')
    .select('id')
    .$if(wanted !== null, (query) => query.where('id', '=', wanted!))
    .orderBy('created_at')
    .limit(1)
    .executeTakeFirst();
  return account?.id ?? null;
}

async function findFirstApp(db: Kysely<Database>, accountId: string): Promise<AppId | null> {
  const app = await db
    .selectFrom('apps')
    .select('id')
    .where('account_id', '=', accountId)
    .orderBy('created_at')
    .limit(1)
    .executeTakeFirst();
  return app?.id ?? null;
}

async function createDemoApp(store: MeetingStore, accountId: string, now: Date): Promise<AppId> {
  const { db } = store;
  const app = await insertApp(db, { accountId, name: 'Demo app' }, now);
  const meeting = await insertMeeting(store, app.id, newMeeting.parse({ title: 'Demo meeting' }), now);
  for (const participant of DEMO_PARTICIPANTS) {
    const scope = { appId: app.id, meetingId: meeting.id };
    await insertParticipant(db, scope, newParticipant.parse(participant), now);
  }
  return app.id;
}

/** Everything that a meeting link needs of a demo participant. */
export interface DemoParticipant {
  role: 'host' | 'guest';
  orgId: AppId;
  meetingId: MeetingId;
  participantId: ParticipantId;
  presetId: PresetId;
}

/** The participants of the account's oldest demo meeting that still lets people in; host first, may be empty. */
export async function findDemoParticipants(
  db: Kysely<Database>,
  accountId: string,
): Promise<DemoParticipant[]> {
  const rows = await db
    .selectFrom('participants')
    .innerJoin('meetings', 'meetings.id', 'participants.meeting_id')
    .innerJoin('apps', 'apps.id', 'meetings.app_id')
    .select([
      'participants.custom_participant_id as customId',
      'apps.id as orgId',
      'meetings.id as meetingId',
      'participants.id as participantId',
      'participants.preset_id as presetId',
    ])
    .where('apps.account_id', '=', accountId)
    .where('meetings.status', '=', 'ACTIVE')
    .where('participants.deleted_at', 'is', null)
    .where(
      'participants.custom_participant_id',
      'in',
      DEMO_PARTICIPANTS.map((participant) => participant.custom_participant_id),
    )
    .orderBy('meetings.created_at')
    .orderBy('participants.custom_participant_id', 'desc')
    .execute();
  return rows
    .filter((row) => row.meetingId === rows[0]?.meetingId)
    .map(({ customId, ...who }) => ({
      role: customId === 'demo-host' ? ('host' as const) : ('guest' as const),
      ...who,
    }));
}
