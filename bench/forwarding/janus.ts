import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import nodeDataChannel, { type PeerConnection, type Track } from 'node-datachannel';
import { startChild } from '../support/child.js';
import { hasCommand } from '../support/command.js';
import { freePort } from '../support/free-port.js';
import { JanusApi } from './janus-api.js';
import { gathered, isRtp, newConnection, opened } from './rtc.js';
import { OPUS_PAYLOAD_TYPE, type Sfu, VP8_PAYLOAD_TYPE } from './sfu.js';

const ROOM = 1;
const PUBLISHER = 1;
const AUDIO = { ssrc: 1111, payloadType: OPUS_PAYLOAD_TYPE };
const VIDEO = { ssrc: 2222, payloadType: VP8_PAYLOAD_TYPE };

/** Janus does not use the loopback interface; packets to an address of one's own machine do not leave it either. */
function ownAddress(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
}

/** Why it cannot be measured, or undefined when it can. */
export function missingJanus(): string | undefined {
  if (!hasCommand('janus')) return 'there is no `janus`';
  return ownAddress() === undefined ? 'there is no network address for `janus`' : undefined;
}

/** Debian's Janus with its videoroom plugin. */
export async function startJanus(): Promise<Sfu> {
  const address = ownAddress()!;
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), 'parley-bench-janus-'));
  writeConfiguration(dir, port, address);
  const child = await startChild({
    command: 'janus',
    args: ['--configs-folder', dir, '--disable-colors'],
    readyLine: /WebSockets server started/i,
  });
  const api = await JanusApi.connect(port);
  const connections: PeerConnection[] = [];
  const connect = () => {
    const connection = newConnection(address);
    connections.push(connection);
    return connection;
  };

  return {
    pid: child.pid,
    async publish() {
      const connection = connect();
      const audioMedia = new nodeDataChannel.Audio('0', 'SendOnly');
      audioMedia.addOpusCodec(OPUS_PAYLOAD_TYPE);
      audioMedia.addSSRC(AUDIO.ssrc, 'bench', 'bench', 'audio');
      const videoMedia = new nodeDataChannel.Video('1', 'SendOnly');
      videoMedia.addVP8Codec(VP8_PAYLOAD_TYPE);
      videoMedia.addSSRC(VIDEO.ssrc, 'bench', 'bench', 'video');
      const audio = connection.addTrack(audioMedia);
      const video = connection.addTrack(videoMedia);
      connection.setLocalDescription('offer');
      const offer = await gathered(connection);

      const handle = await api.attach();
      await api.message(handle, { request: 'create', room: ROOM, publishers: 1, videocodec: 'vp8' });
      await api.message(handle, { request: 'join', ptype: 'publisher', room: ROOM, id: PUBLISHER });
      const up = api.up(handle);
      const { jsep } = await api.message(handle, { request: 'publish' }, { type: 'offer', sdp: offer });
      connection.setRemoteDescription(jsep!.sdp, 'answer');
      await Promise.all([up, opened(connection, audio), opened(connection, video)]);
      return {
        audio: AUDIO,
        video: VIDEO,
        send: (packet) => {
          const isAudio = (packet[1]! & 0x7f) === OPUS_PAYLOAD_TYPE;
          (isAudio ? audio : video).sendMessageBinary(packet);
        },
      };
    },
    async subscribe(onPacket) {
      const connection = connect();
      const tracks: Track[] = [];
      connection.onTrack((track) => {
        tracks.push(track);
        track.onMessage((packet) => {
          if (isRtp(packet)) onPacket();
        });
      });
      const handle = await api.attach();
      const streams = [{ feed: PUBLISHER }];
      const { jsep } = await api.message(handle, {
        request: 'join',
        ptype: 'subscriber',
        room: ROOM,
        streams,
      });
      connection.setRemoteDescription(jsep!.sdp, 'offer');
      const answer = await gathered(connection);
      await api.message(handle, { request: 'start' }, { type: 'answer', sdp: answer });
      await Promise.all(tracks.map((track) => opened(connection, track)));
    },
    async stop() {
      for (const connection of connections) connection.close();
      api.close();
      await child.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Everything that is not needed is off: other plugins and transports, IPv6, and waiting for candidates. */
function writeConfiguration(dir: string, port: number, address: string): void {
  writeFileSync(
    join(dir, 'janus.jcfg'),
    `general: { debug_level = 4 }
media: { ipv6 = false }
nat: { ice_lite = true, ice_enforce_list = "${address}" }
plugins: { disable = "libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_voicemail.so" }
transports: { disable = "libjanus_http.so,libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so" }
`,
  );
  writeFileSync(
    join(dir, 'janus.transport.websockets.jcfg'),
    `general: { json = "compact", ws = true, ws_port = ${port}, ws_ip = "127.0.0.1", wss = false }\n`,
  );
  writeFileSync(join(dir, 'janus.plugin.videoroom.jcfg'), 'general: { }\n');
}
