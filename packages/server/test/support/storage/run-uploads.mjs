/**
 * An upload runner in a process of its own: run-uploads.mjs <file>. The file holds the key of the secrets and one row,
 * which stands for a row of the database: it is replaced at each change and never half written. Prints the bytes that
 * are acknowledged, and ends when the upload is settled.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { pino } from 'pino';
import { SecretBox } from '../../../dist/storage/sealing.js';
import { UploadRunner } from '../../../dist/storage/upload-runner.js';

const [, , file] = process.argv;
const state = JSON.parse(readFileSync(file, 'utf8'));

function change(fields) {
  Object.assign(state.row, fields);
  writeFileSync(`${file}.new`, JSON.stringify(state));
  renameSync(`${file}.new`, file);
}

const queue = {
  async due() {
    return state.row.outcome ? [] : [{ ...state.row, retryUntil: new Date(state.row.retryUntil) }];
  },
  async advance(_id, resume, sentBytes) {
    change({ resume, sentBytes });
    console.log(sentBytes);
  },
  async postpone(_id, { reason }) {
    change({ reason });
  },
  async settle(_id, outcome) {
    change({ outcome });
    process.exit(0);
  },
};

new UploadRunner({
  queue,
  secrets: new SecretBox(Buffer.from(state.key, 'hex')),
  clock: { now: () => new Date() },
  log: pino({ level: 'silent' }),
  allowPrivate: true,
  random: Math.random,
}).start();
