import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { fileRoutes } from '../files/file-routes.js';
import { ApiError } from '../http/errors.js';
import { renderClientError } from '../http/render-error.js';
import { downloadRoutes } from '../recordings/download-routes.js';
import { assertOpen, isComingBack, meetingLocked } from '../sessions/meeting-info.js';
import { type ChatUploadOptions, chatUpload } from './chat-upload.js';
import { iceServers } from './ice-servers.js';
import { livestreams } from './livestreams.js';
import { participantDetails } from './participant-details.js';
import { type AsParticipant, participantOnly } from './participant-only.js';
import { recordings } from './recordings.js';

/** Headers that the SDK sends with every call, which makes browsers ask first (protocol.md 2.3). */
const SDK_HEADERS = [
  'authorization',
  'content-type',
  'content-encoding',
  'x-realtimekit-version',
  'tracing-id',
  'traceparent',
  'range',
];
const PREFLIGHT_MAX_AGE_SECONDS = 86_400;

/** Any page may call: the participant's token is the protection, and no cookie is ever read (features.md Q31). */
export const sdkCors = () =>
  cors({
    origin: '*',
    allowMethods: ['GET', 'POST', 'PUT', 'OPTIONS'],
    allowHeaders: SDK_HEADERS,
    maxAge: PREFLIGHT_MAX_AGE_SECONDS,
  });

/** What the SDK calls with a participant's token (features.md S22, S23; rest-api.md part 3). */
export function clientApi(services: ChatUploadOptions): Hono {
  const app = new Hono();
  app.use(sdkCors());
  app.onError((error, c) => renderClientError(error, c, services.log));
  app.notFound((c) =>
    renderClientError(new ApiError(404, 'Nothing is served at this path'), c, services.log),
  );

  const participant = new Hono<AsParticipant>();
  participant.use(participantOnly(services));
  participant.get('/v2/internals/participant-details', async (c) => {
    const { admission } = c.var;
    const { meeting, movedIn, participant: who } = admission;
    // The SDK asks this before a join; a 403 becomes its error 0004 (features.md E23, SE05).
    if (!isComingBack(admission)) assertOpen(admission, services.clock.now());
    if (
      meeting.locked &&
      movedIn === null &&
      !(await services.sessions.isInSession(meeting.meetingId, who.id))
    ) {
      throw meetingLocked();
    }
    return c.json(participantDetails(admission, services.settings));
  });
  participant.get('/iceservers', (c) =>
    c.json(iceServers(services.settings, c.var.admission.participant.id, services.clock.now())),
  );
  // Asked by every client; without an answer of 404 the SDK would take what it gets for a transcript.
  participant.get('/v2/meetings/:meetingId/active-transcript', () => {
    throw new ApiError(404, 'No active transcript: this server has no engine that makes one');
  });
  // SDKs of the 1.x line, on which recording apps are built, do not start without this list (features.md L17).
  participant.get('/v2/plugins/user', (c) => c.json({ success: true, data: { plugins: [] } }));
  participant.route('/', chatUpload(services));
  participant.route('/', recordings(services));
  participant.route('/', livestreams(services));

  // The links of files and of livestreams are before the token's door: they carry their own permission.
  app.route('/', fileRoutes({ ...services.files, clock: services.clock, db: services.db }));
  app.route(
    '/',
    downloadRoutes({ ...services, links: services.files.links, disk: services.recordings.disk }),
  );
  app.route('/', services.livestreams.routes());
  app.route('/', participant);
  return app;
}
