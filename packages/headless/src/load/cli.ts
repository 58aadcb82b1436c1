#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { parseArgs } from 'node:util';
import { SOCKET_PATH } from '@parley/wire';
import { formatLoadReport } from './report.js';
import { type LoadOptions, runLoad } from './run-load.js';

const USAGE = `parley-load: joins many headless participants, holds them, and ends their meetings.

  --participants <n>      in all meetings together (100)
  --meetings <n>          (1)
  --hold <seconds>        how long everybody stays (1)
  --chats-per-second <n>  in all meetings together (0)
  --concurrency <n>       requests and joins under way at the same time (50)
  --preset <name>         (group_call_participant)
  --url <url>             the server's plain port (http://127.0.0.1:8080)
  --socket <url>          the signalling socket (--url as ws, with /ws)
  --ca <file>             certificate authority for a wss socket
  --account <id>          or PARLEY_ACCOUNT_ID
  --app <id>              the account's first app if absent
  --token <token>         or PARLEY_API_TOKEN
`;

function readOptions(args: string[]): LoadOptions | undefined {
  const { values } = parseArgs({
    args,
    options: {
      participants: { type: 'string', default: '100' },
      meetings: { type: 'string', default: '1' },
      hold: { type: 'string', default: '1' },
      'chats-per-second': { type: 'string', default: '0' },
      concurrency: { type: 'string', default: '50' },
      preset: { type: 'string', default: 'group_call_participant' },
      url: { type: 'string', default: 'http://127.0.0.1:8080' },
      socket: { type: 'string' },
      ca: { type: 'string' },
      account: { type: 'string', default: process.env.PARLEY_ACCOUNT_ID },
      app: { type: 'string' },
      token: { type: 'string', default: process.env.PARLEY_API_TOKEN },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const url = values.url.replace(/\/$/, '');
  return {
    apiUrl: `${url}/client/v4`,
    accountId: required('account', values.account),
    apiToken: required('token', values.token),
    appId: values.app,
    socketUrl: values.socket ?? `${url.replace(/^http/, 'ws')}${SOCKET_PATH}`,
    secureContext: values.ca === undefined ? undefined : createSecureContext({ ca: readFileSync(values.ca) }),
    participants: whole('participants', values.participants),
    meetings: whole('meetings', values.meetings),
    presetName: values.preset,
    concurrency: whole('concurrency', values.concurrency),
    holdMs: number('hold', values.hold, 0) * 1000,
    chatsPerSecond: number('chats-per-second', values['chats-per-second'], 0),
    onProgress: (line) => console.error(line),
  };
}

function required(name: string, value: string | undefined): string {
  if (value === undefined) throw new TypeError(`--${name} is missing.`);
  return value;
}

function number(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!(value >= least)) throw new TypeError(`--${name} must be a number from ${least} on, not "${text}".`);
  return value;
}

function whole(name: string, text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text))
    throw new TypeError(`--${name} must be a whole number from 1 on, not "${text}".`);
  return Number(text);
}

/** Exit code 0 when nothing failed, 1 when something did, 2 when the command line is wrong. */
async function main(): Promise<number> {
  let options: LoadOptions | undefined;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (!options) {
    console.log(USAGE);
    return 0;
  }
  const report = await runLoad(options);
  console.log(formatLoadReport(report));
  return report.errors.size === 0 ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error((error as Error).message);
    process.exit(1);
  },
);
