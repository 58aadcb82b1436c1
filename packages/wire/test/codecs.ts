import type { BinaryWriter } from '@bufbuild/protobuf/wire';
import {
  ai,
  api,
  chat,
  common,
  edge,
  livestreaming,
  media,
  plugin,
  polls,
  preset,
  recording,
  room,
} from '@parley/wire';
import * as message from '../src/generated/message/v1.js';

export interface AnyCodec {
  encode(message: unknown): BinaryWriter;
  decode(bytes: Uint8Array): Record<string, unknown>;
  create(): Record<string, unknown>;
}

const PACKAGES: Record<string, object> = {
  common,
  media,
  'media.edge': edge,
  'message.v1': message,
  'socket.ai': ai,
  'socket.api': api,
  'socket.chat': chat,
  'socket.livestreaming': livestreaming,
  'socket.plugin': plugin,
  'socket.polls': polls,
  'socket.preset': preset,
  'socket.recording': recording,
  'socket.room': room,
};

/** The generated codec of a message, by its proto name. */
export function codecOf(name: string): AnyCodec {
  const dot = name.lastIndexOf('.');
  const codec = (PACKAGES[name.slice(0, dot)] as Record<string, AnyCodec> | undefined)?.[name.slice(dot + 1)];
  if (codec === undefined) throw new Error(`There is no codec for ${name}.`);
  return codec;
}
