/**
 * A bare Fastify route with one insert: no authentication, no lookup of meeting and preset, no token. Called with
 * the database's URL.
 */
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import pg from 'pg';

const CONNECTIONS = 16;

const pool = new pg.Pool({ connectionString: process.argv[2], max: CONNECTIONS });
await pool.query(`
  create schema if not exists bench;
  create table if not exists bench.participants (
    id uuid primary key, meeting_id uuid not null, name text, custom_participant_id text not null,
    preset_name text not null, created_at timestamptz not null default now()
  )`);

interface NewParticipant {
  name: string;
  custom_participant_id: string;
  preset_name: string;
}

const app = fastify();
app.post<{ Params: { meetingId: string }; Body: NewParticipant }>(
  '/meetings/:meetingId/participants',
  async (request, reply) => {
    const { name, custom_participant_id, preset_name } = request.body;
    const { rows } = await pool.query(
      `insert into bench.participants (id, meeting_id, name, custom_participant_id, preset_name)
       values ($1, $2, $3, $4, $5) returning *`,
      [randomUUID(), request.params.meetingId, name, custom_participant_id, preset_name],
    );
    return reply.code(201).send({ success: true, data: rows[0] });
  },
);
await app.listen({ port: 0, host: '127.0.0.1' });
console.log(`ready ${(app.server.address() as AddressInfo).port}`);
