/**
 * A recorder that records nothing and obeys the contract of `packages/recorder/src/contract.ts`. What goes wrong is
 * named by the prefix of its file name, as `dies_recording` in `dies_recording_<meeting>_<time>`:
 * `refuses` says that it failed, `hangs_start` never begins, `dies_start` and `dies_recording` end without a word,
 * `silent` gives one sign of life and no more, `disk_full` fails at the end, `fills_disk` captures until the disk is full
 * and fails for as long as it is, `empty` finishes without frames and makes no playlist, `hangs_stop` does not end,
 * `stops` wants to stop by itself, `gap` tells of one, `lives_on` ignores a lost server. One that stands by is never ready
 * for a page of the name `never`, and takes its order all the same.
 */
import { appendFileSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const BYTES_PER_RECORDING = 4096;
let order;
let beganAt = 0;
let streaming;

const say = (event) => process.connected && process.send(event);
const has = (fault) => order.fileName.startsWith(`${fault}_`);
const last = (event) => process.send(event, () => process.exit(0));

function begin() {
  // What was asked of it, for the tests.
  writeFileSync(join(order.folder, 'order.json'), JSON.stringify(order));
  if (has('refuses')) return last({ kind: 'failed', code: 'page_failed', reason: 'The page did not load' });
  if (has('dies_start')) return process.exit(1);
  if (has('hangs_start')) return;
  beganAt = Date.now();
  writeFileSync(join(order.folder, 'raw'), Buffer.alloc(BYTES_PER_RECORDING, 1));
  say({ kind: 'recording', atMs: beganAt });
  if (order.hls && !has('empty')) stream();
  if (has('dies_recording')) setTimeout(() => process.kill(process.pid, 'SIGKILL'), 50);
  if (has('silent')) say({ kind: 'alive', atMs: Date.now() });
  if (has('fills_disk')) setTimeout(fillDisk, 50);
  if (has('gap'))
    say({ kind: 'gap', fromMs: beganAt, toMs: beganAt + 1500, reason: 'The page was without its session' });
  if (has('stops')) say({ kind: 'stopping', atMs: Date.now(), reason: 'stopRecording() of the app' });
}

/** A playlist with one segment more in each tenth of a second, as ffmpeg keeps one and goes on with one. */
function stream() {
  const { folder, windowSegments } = order.hls;
  const playlist = join(folder, 'index.m3u8');
  const segments = existsSync(playlist)
    ? (readFileSync(playlist, 'utf8').match(/(#EXT-X-DISCONTINUITY\n)?#EXTINF:.*\nsegment-.*/g) ?? [])
    : [];
  let discontinuity = segments.length > 0 ? '#EXT-X-DISCONTINUITY\n' : '';
  const add = () => {
    const name = `segment-${String(segments.length).padStart(6, '0')}.ts`;
    writeFileSync(join(folder, name), Buffer.alloc(BYTES_PER_RECORDING, 2));
    segments.push(`${discontinuity}#EXTINF:2.000000,\n${name}`);
    discontinuity = '';
    const first = Math.max(0, segments.length - windowSegments);
    const head = ['#EXTM3U', '#EXT-X-VERSION:3', '#EXT-X-TARGETDURATION:2', `#EXT-X-MEDIA-SEQUENCE:${first}`];
    const draft = join(folder, 'index.m3u8.tmp');
    writeFileSync(draft, `${[...head, ...segments.slice(first)].join('\n')}\n`);
    renameSync(draft, playlist);
  };
  add();
  streaming = setInterval(add, 100);
}

/** As ffmpeg does, whatever the reason to end. */
function endPlaylist() {
  const playlist = order?.hls && join(order.hls.folder, 'index.m3u8');
  if (playlist && existsSync(playlist)) appendFileSync(playlist, '#EXT-X-ENDLIST\n');
}

function fillDisk() {
  try {
    for (;;) appendFileSync(join(order.folder, 'capture-0000.mkv'), Buffer.alloc(BYTES_PER_RECORDING, 2));
  } catch (error) {
    last({ kind: 'failed', code: 'disk_full', reason: error.message });
  }
}

/** What it makes of an interactive recording is the timed metadata alone. */
function finish(cues = []) {
  clearInterval(streaming);
  const raw = join(order.folder, 'raw');
  if (!existsSync(raw)) return last({ kind: 'failed', code: 'empty', reason: 'Nothing was recorded' });
  if (has('disk_full')) return last({ kind: 'failed', code: 'disk_full', reason: 'The disk is full' });
  endPlaylist();
  const { video, audio } = order.output;
  const durationMs = Math.max(1, Date.now() - (beganAt || statSync(raw).mtimeMs));
  const files = [];
  const add = (kind, ending) => {
    const path = join(order.folder, `${order.fileName}.${ending}`);
    writeFileSync(path, ending === 'tar' ? JSON.stringify(cues) : readFileSync(raw));
    const frames = kind === 'video' && !has('empty') ? 30 : 0;
    files.push({ kind, path, bytes: statSync(path).size, durationMs, frames, peakDbfs: -12 });
  };
  try {
    if (video?.exportFile) add('video', video.interactive ? 'tar' : video.codec === 'VP8' ? 'webm' : 'mp4');
    if (audio.exportFile) add('audio', audio.codec === 'MP3' ? 'mp3' : 'm4a');
  } catch (error) {
    return last({ kind: 'failed', code: 'disk_full', reason: error.message });
  }
  last({ kind: 'finished', files, durationMs });
}

process.on('message', (message) => {
  switch (message.kind) {
    case 'standby':
      return message.pageUrl.endsWith('/never') ? undefined : say({ kind: 'ready' });
    case 'record':
      order = message;
      return begin();
    case 'finish':
      order = message;
      return finish(message.cues);
    case 'stop':
      return has('hangs_stop') ? undefined : finish(message.cues);
    default:
      appendFileSync(join(order.folder, 'commands'), `${message.kind}\n`);
      return say({ kind: message.kind === 'pause' ? 'paused' : 'resumed', atMs: Date.now() });
  }
});
process.on('disconnect', () => {
  if (order && has('lives_on')) return;
  endPlaylist();
  process.exit(0);
});
// Something has to keep it alive when its server is gone.
setInterval(() => {}, 1000);
