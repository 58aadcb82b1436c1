import type { ColumnType, Generated } from 'kysely';
import type { AppId, SessionId, WebhookId } from '../../ids.js';
import type { NullableTimestamp, Timestamp } from './columns.js';

export interface WebhooksTable {
  id: WebhookId;
  app_id: AppId;
  name: string;
  url: string;
  events: string[];
  enabled: boolean;
  created_at: Timestamp;
  updated_at: Timestamp;
}

export interface WebhookDeliveriesTable {
  /** Sent as `rtk-uuid`; the same for every attempt, so that receivers can drop repeats (features.md WB07). */
  id: string;
  position: ColumnType<string, never, never>;
  webhook_id: WebhookId;
  session_id: SessionId | null;
  event: string;
  body: string;
  status: 'PENDING' | 'DELIVERED' | 'FAILED';
  /** All attempts ever made, those before a redelivery by hand included. */
  attempts: Generated<number>;
  /** Attempts since the delivery was last queued; they pick the next wait. */
  round_attempts: Generated<number>;
  /** Of a leased delivery the time at which the lease ends. */
  next_attempt_at: Timestamp;
  /** A runner has taken it; also true when that runner has died since. */
  leased: Generated<boolean>;
  retry_until: Timestamp;
  created_at: Timestamp;
  finished_at: NullableTimestamp;
}

export interface WebhookAttemptsTable {
  delivery_id: string;
  attempt: number;
  at: Timestamp;
  duration_ms: number;
  http_status: number | null;
  error: string | null;
}
