import fc from 'fast-check';
import { defaultPresets } from '../../../src/presets/defaults.js';

/** A request that may be right, nearly right or nonsense. */
export interface HostileRequest {
  method: string;
  /** Below the app. */
  path: string;
  headers: Record<string, string>;
  body: string | undefined;
}

export interface KnownIds {
  meeting: string;
  participant: string;
  preset: string;
  webhook: string;
}

/** A body that each route with one accepts, by method and path without ids. */
const BODIES: Record<string, object> = {
  'POST /meetings': {
    title: 'x',
    record_on_start: false,
    session_keep_alive_time_in_secs: 60,
    recording_config: {
      max_seconds: 60,
      video_config: { codec: 'H264', watermark: { size: { width: 1, height: 1 } } },
      storage_config: { type: 'aws', access_key: 'a', secret: 's', region: 'r', bucket: 'b' },
    },
    ai_config: { summarization: { word_limit: 200 }, transcription: { keywords: ['a'], language: 'de' } },
  },
  'PUT /meetings/*': { title: 'x' },
  'PATCH /meetings/*': { title: 'y', status: 'ACTIVE', recording_config: { max_seconds: 70 } },
  'POST /meetings/*/participants': {
    custom_participant_id: 'c',
    preset_name: 'group_call_host',
    name: 'n',
    picture: 'https://example.com/p.png',
  },
  'PATCH /meetings/*/participants/*': { name: 'm', preset_name: 'group_call_participant' },
  'POST /presets': { ...defaultPresets[0], name: 'hostile' },
  'PUT /presets/*': { ...defaultPresets[0], name: 'hostile-put' },
  'PATCH /presets/*': {
    permissions: { polls: { can_vote: false } },
    ui: { design_tokens: { theme: 'light' } },
  },
  'POST /meetings/*/active-session/kick': { participant_ids: ['a'], custom_participant_ids: ['b'] },
  'POST /meetings/*/active-session/mute-all': { allow_unmute: true },
  'POST /meetings/*/active-session/poll': { question: 'q', options: ['a', 'b'], anonymous: true },
  'POST /meetings/*/active-session/transcript': {
    participant_id: '00000000-0000-4000-8000-000000000000',
    text: 't',
    is_partial: true,
  },
  'POST /recordings': { meeting_id: 'x', allow_multiple_recordings: true },
  'PUT /recordings/*': { action: 'stop' },
  'POST /webhooks': { name: 'w', url: 'https://example.com', events: ['meeting.ended'], enabled: true },
  'PUT /webhooks/*': { name: 'w', url: 'https://example.com', events: ['meeting.ended'] },
  'PATCH /webhooks/*': { events: ['meeting.started'] },
};

const QUERY_KEYS = [
  'page_no',
  'per_page',
  'search',
  'sort_by',
  'sort_order',
  'start_time',
  'end_time',
  'start_date',
  'end_date',
  'status',
  'participants',
  'associated_id',
  'include_peer_events',
  'include_breakout_rooms',
  'view',
  'filters',
  'format',
  'meeting_id',
  'expired',
  'status[]',
  '__proto__',
];

const QUERY_VALUES = [
  '0',
  '1',
  '-1',
  '1e9',
  '999999999999999999999',
  'true',
  'ASC',
  'LIVE',
  'createdAt',
  'minutesConsumed',
  'duration',
  'consolidated',
  '1:10',
  '10:1',
  '2026-07-01',
  '2026-07-01T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
  '0000-01-01',
  '%',
  '\\',
  "'",
  '\u0000',
];

const scalar = fc.oneof(
  fc.constantFrom(null, true, '', 0, -1, 1.5, 1e308, '\u0000', '\ud800', '__proto__', 'x'.repeat(3000)),
  fc.string({ maxLength: 20, unit: 'binary' }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const junk = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);

type Json = Record<string, unknown> | unknown[];

/** The places of a value, each as the object that holds it and the key there. */
function placesOf(value: unknown, found: [Json, string][] = []): [Json, string][] {
  if (typeof value !== 'object' || value === null) return found;
  for (const [key, child] of Object.entries(value)) {
    found.push([value as Json, key]);
    placesOf(child, found);
  }
  return found;
}

const mutation = fc.record({
  kind: fc.constantFrom('replace', 'delete', 'add', 'nest'),
  place: fc.nat(),
  value: junk,
});
type Mutation = { kind: string; place: number; value: unknown };

function mutate(body: object, mutations: Mutation[]): unknown {
  const root = { body: structuredClone(body) as unknown };
  for (const { kind, place, value } of mutations) {
    const places = placesOf(root);
    const [holder, key] = places[place % places.length]!;
    const target = holder as Record<string, unknown>;
    if (kind === 'replace') target[key] = value;
    else if (kind === 'delete' && holder !== (root as object)) delete target[key];
    else if (kind === 'add') target[`extra${place % 7}`] = value;
    else target[key] = { [key]: target[key] };
  }
  return root.body;
}

/** Text with some characters cut out or put in. */
const garbled = (text: string) =>
  fc
    .tuple(fc.nat({ max: text.length }), fc.nat({ max: 8 }), fc.string({ maxLength: 8, unit: 'binary' }))
    .map(([at, cut, put]) => text.slice(0, at) + put + text.slice(at + cut));

const segment = fc.oneof(
  fc.uuid(),
  fc.constantFrom('1', 'null', '%00', '%zz', '%2e%2e', '%F0%9F', 'a'.repeat(2000), '-', 'all', 'peer-report'),
  fc.string({ minLength: 1, maxLength: 12 }).map(encodeURIComponent),
);

/** Requests for the routes `METHOD /path/{id}` given, with ids that exist, do not exist, or are none. */
export function hostileRequests(routes: string[], ids: KnownIds): fc.Arbitrary<HostileRequest> {
  const route = fc.constantFrom(...routes).chain((text) => {
    const [method, template] = text.split(' ') as [string, string];
    const known = Object.values(ids);
    const names = [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
    const values = fc.tuple(
      ...names.map((name) => {
        const fitting = ids[name.replace('_id', '') as keyof KnownIds] ?? known[0]!;
        return fc.oneof(
          { weight: 6, arbitrary: fc.constant(name === 'id' ? ids.webhook : fitting) },
          { weight: 1, arbitrary: fc.constantFrom(...known) },
          { weight: 2, arbitrary: segment },
        );
      }),
    );
    const example = BODIES[`${method} ${template.replaceAll(/\{\w+\}/g, '*')}`] ?? { x: 1 };
    return fc.record({
      method: fc.constant(method),
      path: values.map((filled) => {
        const rest = [...filled];
        return template.replaceAll(/\{\w+\}/g, () => rest.shift() ?? '');
      }),
      body: bodyLike(example),
    });
  });
  const query = fc.array(
    fc.tuple(
      fc.constantFrom(...QUERY_KEYS),
      fc.oneof(fc.constantFrom(...QUERY_VALUES), fc.string({ maxLength: 12, unit: 'binary' })),
    ),
    { maxLength: 3 },
  );
  const type = fc.oneof(
    { weight: 12, arbitrary: fc.constant('application/json') },
    {
      weight: 1,
      arbitrary: fc.constantFrom('text/plain', 'application/x-www-form-urlencoded', 'application/json;x'),
    },
  );
  return fc.tuple(route, query, type).map(([{ method, path, body }, pairs, contentType]) => ({
    method,
    path:
      path + (pairs.length > 0 ? `?${pairs.map((pair) => pair.map(wellFormed).join('=')).join('&')}` : ''),
    headers: (method === 'GET' ? {} : { 'content-type': contentType }) as Record<string, string>,
    body: method === 'GET' || method === 'DELETE' ? undefined : body,
  }));
}

const wellFormed = (text: string) => encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, '?'));

const bodyLike = (example: object): fc.Arbitrary<string> =>
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .array(mutation, { minLength: 0, maxLength: 3 })
        .map((mutations) => JSON.stringify(mutate(example, mutations)) ?? ''),
    },
    { weight: 2, arbitrary: garbled(JSON.stringify(example)) },
    { weight: 1, arbitrary: fc.json() },
  );
