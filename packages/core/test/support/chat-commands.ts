import type { Command } from '@parley/core';

/** Payload types of the wire (features.md H02). */
export const TEXT = 0;
export const IMAGE = 1;
export const FILE = 2;
export const CUSTOM = 3;

export const send = (by: string, options: Partial<Command & { type: 'SendChat' }> = {}) => ({
  type: 'SendChat' as const,
  by,
  messageId: 'm1',
  payloadType: TEXT,
  payload: 'hello',
  toPeerIds: null,
  ...options,
});

export const edit = (by: string, payload: string, messageId = 'm1') => ({
  type: 'EditChat' as const,
  by,
  messageId,
  payload,
});
