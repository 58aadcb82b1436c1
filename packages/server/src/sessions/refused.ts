import { REFUSALS, type RefusalCode } from '@parley/core';

/** Refusals of the server around the rules, each with its sentence. */
const OWN_REFUSALS = {
  meeting_inactive: 'The meeting is inactive',
  meeting_locked: 'The meeting is locked',
  held_open: 'People are in the connected meetings',
  main_session_over: 'The session of the main meeting has ended',
  admission_outdated: 'Who may come in has changed meanwhile, try again',
  draining: 'The server is shutting down',
  gone: 'The meeting was let go of meanwhile, try again',
  not_saved: 'The change could not be saved; nothing has changed',
  media_unavailable: 'The media server is not available, try again',
  rate_limited: 'Too many requests',
  unknown_event: 'The server does not know this event',
  malformed: 'The message is malformed',
} as const;

export type RefusedCode = RefusalCode | keyof typeof OWN_REFUSALS;

export const REFUSAL_SENTENCES: Record<RefusedCode, string> = { ...REFUSALS, ...OWN_REFUSALS };

/** A command was turned down and nothing has changed. Every surface turns it into its own form of error. */
export class Refused extends Error {
  constructor(readonly code: RefusedCode) {
    super(REFUSAL_SENTENCES[code]);
    this.name = 'Refused';
  }
}

/** For what has to happen only if anybody is there: a meeting that was let go of has nobody. */
export async function ifAnybodyIsThere(execution: Promise<void>): Promise<void> {
  try {
    await execution;
  } catch (error) {
    if (!(error instanceof Refused) || (error.code !== 'no_session' && error.code !== 'gone')) throw error;
  }
}
